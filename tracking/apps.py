"""The application, with what Django checks before it starts."""

from django.apps import AppConfig
from django.core import checks


class TrackingConfig(AppConfig):
    """Clicks, customers, orders, conversions."""

    name = "tracking"

    def ready(self) -> None:
        """Let `manage.py check` look at the files of countries and networks."""
        from tracking.checks import check_countries, check_networks  # needs the app registry

        checks.register(check_countries)
        checks.register(check_networks)

"""The managers' place stands in for Django's default admin site."""

from django.contrib.admin import apps


class ConsoleConfig(apps.AdminConfig):
    """Registers every app's admin.py on our own site."""

    default = False
    default_site = "portal.console.Console"

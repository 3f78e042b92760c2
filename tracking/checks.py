"""What is wrong with the machine's files, told before anybody wonders why a country is missing."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning as Caution

from tracking.visits.countries import opened


def check_countries(**_kwargs: Any) -> list[CheckMessage]:
    """Warn of a COUNTRY_DATABASE that cannot be read; it stops nothing."""
    path = settings.COUNTRY_DATABASE
    if not path:
        return []
    try:
        opened(Path(path)).close()
    except Exception as failure:
        sentence = f"COUNTRY_DATABASE names {path}, which cannot be read ({type(failure).__name__})."
        hint = "Name a readable file in MaxMind's format (.mmdb), or leave the setting empty."
        return [Caution(sentence, hint=f"{hint} Until then no country is known.", id="tracking.W001")]
    return []

"""What is wrong with the machine's files, told before anybody wonders why a country or a network is missing."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning as Caution

from tracking.visits.countries import opened
from tracking.visits.network_file import MOST_WRONG, read_networks


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


def check_networks(**_kwargs: Any) -> list[CheckMessage]:
    """Warn of a NETWORK_FILE that cannot be read, or of its lines that name no network; it stops nothing."""
    path = settings.NETWORK_FILE
    if not path:
        return []
    try:
        _networks, wrong = read_networks(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as failure:
        sentence = f"NETWORK_FILE names {path}, which cannot be read ({type(failure).__name__})."
        hint = "Name a readable text file, or leave the setting empty. Until then no network is known."
        return [Caution(sentence, hint=hint, id="tracking.W002")]
    if not wrong:
        return []
    lines = ", ".join(map(str, wrong[:MOST_WRONG]))
    sentence = f"NETWORK_FILE has lines that name no network: {len(wrong)}, the first of them {lines}."
    return [Caution(sentence, hint="Write one network a line, like 192.0.2.0/24.", id="tracking.W003")]

"""Rules and rotation as lines of text: "DE, AT | mobile | https://…" and "3 | https://…"."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def rules_as_text(rules: list[dict[str, Any]]) -> str:
    """Write each rule as a line."""
    return "\n".join(
        f"{', '.join(rule['countries'])} | {', '.join(rule['devices'])} | {rule['destination']}"
        for rule in rules
    )


def rotation_as_text(rotation: list[dict[str, Any]]) -> str:
    """Write each page as a line."""
    return "\n".join(f"{part['weight']} | {part['destination']}" for part in rotation)


def read_rules(text: str) -> list[dict[str, Any]]:
    """Read the lines; ValidationError names one that is none."""
    words = _("Line %(number)s: write countries | devices | page, like: DE, AT | mobile | https://…")
    return [
        {"countries": _several(countries), "devices": _several(devices), "destination": destination}
        for countries, devices, destination in _parts(text, 3, words)
    ]


def read_rotation(text: str) -> list[dict[str, Any]]:
    """Read the lines; ValidationError names one that is none."""
    words = _("Line %(number)s: write weight | page, like: 3 | https://…")
    found = []
    for number, (weight, destination) in enumerate(_parts(text, 2, words), 1):
        if not (weight.isascii() and weight.isdigit() and len(weight) < 6):
            raise ValidationError(words % {"number": number})
        found.append({"weight": int(weight), "destination": destination})
    return found


def _parts(text: str, count: int, words: str) -> list[list[str]]:
    found = []
    for number, line in enumerate((line for line in text.splitlines() if line.strip()), 1):
        parts = [part.strip() for part in line.split("|", count - 1)]
        if len(parts) != count:
            raise ValidationError(words % {"number": number})
        found.append(parts)
    return found


def _several(text: str) -> list[str]:
    return text.replace(",", " ").split()

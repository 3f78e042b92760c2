"""How long a far side asks us to wait."""

from core.http import Answer

LONGEST = 3600.0


def asked_wait(answer: Answer) -> float | None:
    """Return the seconds that Retry-After names, at most an hour; None for none, and for a date, which is not read."""
    text = answer.headers.get("retry-after", "")
    return min(float(text), LONGEST) if text.isascii() and text.isdigit() else None

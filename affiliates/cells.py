"""What stands in the cells of the managers' lists: money, states and times, as safe HTML."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from core.money import Money

TONES: dict[str, str] = {
    **dict.fromkeys(("active", "paid", "done", "counted", "sale", "published", "taken"), "ok"),
    **dict.fromkeys(
        ("applied", "pending", "draft", "half", "parked", "paused", "held", "waiting", "due"), "wait"
    ),
    **dict.fromkeys(("approved", "sent", "received", "open"), "info"),
    **dict.fromkeys(
        ("banned", "declined", "failed", "quarantined", "void", "gone", "refunded", "revoked", "refused"),
        "bad",
    ),
}


NONE = SafeString('<span class="none">–</span>')  # a narrow screen leaves it out


def money_text(value: Money) -> str:
    """An amount as its reader writes it, with a true minus."""
    return value.display(get_language() or "en").replace("-", "\N{MINUS SIGN}")


def money_cell(value: Money | None) -> SafeString | str:
    """An amount that keeps its direction in any script; a dash for none."""
    return format_html('<bdi class="money">{}</bdi>', money_text(value)) if value is not None else "–"


def chip(state: str, label: Any) -> SafeString:
    """A state: its word with the hue of what it means."""
    tone = TONES.get(state, "")
    return format_html('<span class="chip{}">{}</span>', f" chip-{tone}" if tone else "", label)


def when(at: datetime | None, *, is_short: bool = False) -> SafeString | str:
    """A time in the reader's format; a dash for none. A short one leaves out the year that it is now."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    is_now = is_short and local.year == timezone.localtime().year
    day, clock = date_format(local, "j M" if is_now else "j M Y"), date_format(local, "H:i")
    return format_html(
        '<time datetime="{}">{}<span class="clock">, {}</span></time>', local.isoformat(), day, clock
    )


def link(address: str, words: Any) -> SafeString:
    """A link to a page of the house."""
    return format_html('<a href="{}">{}</a>', address, words)

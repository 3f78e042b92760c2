"""The small parts of every page: icons, money, status pills, initials, addresses that keep their query."""

import re
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol
from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext as _

from affiliates.link_choices import DEVICES
from core.money import Money
from portal.icons import ICONS

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An inline outline icon; size is "", "s" or "l". Decoration only: the words stand beside it."""
    classes = f"icon icon--{size}" if size else "icon"
    svg = (
        '<svg class="{}" viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor"'
        ' stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="{}"/></svg>'
    )
    return format_html(svg, classes, ICONS[name])


@register.simple_tag
def money(value: Money, signed: bool = False) -> SafeString:
    """An amount as its reader writes it, the decimals small; signed puts a plus before what is added."""
    text = value.display(get_language() or "en").replace("-", "\N{MINUS SIGN}")
    sign = "+" if signed and value.amount > 0 else ""
    before, decimals, after = _split(text)
    return format_html('<bdi class="money">{}{}<small>{}</small>{}</bdi>', sign, before, decimals, after)


@register.simple_tag
def taken(value: Money) -> SafeString:
    """An amount that was taken back, with its sign turned: 5.00 reads −5.00."""
    return money(-value, signed=True)


@register.simple_tag
def plain_money(value: Money) -> str:
    """An amount as text, for labels and titles."""
    return value.display(get_language() or "en").replace("-", "\N{MINUS SIGN}")


@register.simple_tag
def round_money(value: Money) -> str:
    """An amount for a scale: as text, without decimals that are all zero."""
    before, decimals, after = _split(plain_money(value))
    return before + (decimals if decimals.strip("0.,\N{ARABIC DECIMAL SEPARATOR}") else "") + after


@register.simple_tag
def pill(tone: str, word: object, title: object = "") -> SafeString:
    """A status: a word with a fixed hue (ok, wait, info, bad or none)."""
    about = format_html(' title="{}"', title) if title else ""
    return format_html('<span class="pill pill--{}"{}>{}</span>', tone or "none", about, word)


@register.simple_tag
def device_word(device: str) -> object:
    """What a kind of device is called."""
    return DEVICES.get(device, device)


@register.filter
def initials(name: str) -> str:
    """The first letters of the first and the last word of a name."""
    words: list[str] = re.findall(r"\w+", name.partition("@")[0]) or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """This page's query with some values replaced; empty values leave it."""
    values = context["request"].GET.copy()
    for name, value in changes.items():
        values.pop(name, None)
        if value not in (None, ""):
            values[name] = str(value)
    return f"?{values.urlencode()}"


@register.inclusion_tag("components/empty.html")
def empty(name: str, title: str, text: str = "", href: str = "", action: str = "") -> dict[str, str]:
    """What stands where nothing is yet: an icon, a sentence and one thing to do."""
    return {"icon": name, "title": title, "text": text, "href": href, "action": action}


@register.inclusion_tag("components/copy.html")
def copy_button(text: str, label: str = "", style: str = "btn--s", said: str = "") -> dict[str, str]:
    """A button that copies a text and says so."""
    return {"text": text, "label": label, "style": style, "said": said or _("Copied")}


def _split(text: str) -> tuple[str, str, str]:
    symbol = re.escape(_decimal_symbol(get_language() or "en"))
    found = re.fullmatch(rf"(.*?)({symbol}\d+)(\D*)", text, re.DOTALL)
    return (found[1], found[2], found[3]) if found else (text, "", "")


def _decimal_symbol(language: str) -> str:
    try:
        return str(get_decimal_symbol(Locale.parse(language.replace("-", "_"))))
    except (UnknownLocaleError, ValueError):
        return str(get_decimal_symbol(Locale.parse(language[:2])))

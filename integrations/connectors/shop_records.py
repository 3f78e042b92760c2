"""What shops keep of our customers: the same fields everywhere, under the names that a shop has for such things."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from integrations.connectors.records import Outcome, RemoteField
from integrations.mapping import OURS
from integrations.mapping.plain import storable_text

RECORDS = ("customer", "order")
TAGS = "tags"
PREFIX = "affiliate:"  # of tags that are ours; all others are the merchant's
# name -> its label, its kind, and what of a customer's record fills it
FIELDS = (
    ("source", gettext_lazy("Affiliate"), "text", "affiliate.first.name"),
    ("code", gettext_lazy("Affiliate’s code"), "text", "affiliate.first.code"),
    ("segment", gettext_lazy("Segment"), "text", "pattern.segment"),
    ("crm_status", gettext_lazy("CRM: lead status"), "text", "crm.lead_status"),
    ("crm_lifecycle", gettext_lazy("CRM: lifecycle stage"), "text", "crm.lifecycle"),
    ("recency_days", gettext_lazy("Days since the last order"), "number", "pattern.recency_days"),
    ("orders", gettext_lazy("Orders"), "number", "orders.count"),
    ("lifetime_value", gettext_lazy("Lifetime value"), "money", "value.lifetime"),
    ("categories", gettext_lazy("Favourite categories"), "choices", "pattern.favourite_categories"),
)
WHOLE = ("recency_days", "orders")  # numbers without decimals
OF_TAGS = (
    '("affiliate:" & {affiliate.first.code} & ";" if {affiliate.first.code} else "")'
    ' & ("affiliate:crm:" & {crm.lead_status} & ";" if {crm.lead_status} else "")'
    ' & "affiliate:segment:" & {pattern.segment}'
)


def told_rows(prefix: str = "", tags: str = TAGS) -> tuple[Mapping[str, Any], ...]:
    """Return the mapping that works at once; `prefix` stands before each name, `tags` is what tags are called."""
    rows: list[dict[str, Any]] = [
        {"target": prefix + name, "source": source, "conflict": OURS}
        for name, _label, _kind, source in FIELDS
    ]
    split = [{"do": "split", "with": [";"]}]
    return (*rows, {"target": tags, "expression": OF_TAGS, "steps": split, "conflict": OURS})


def wanted_fields(prefix: str = "") -> tuple[RemoteField, ...]:
    """Return the fields that the mapping needs, besides tags."""
    return tuple(RemoteField(prefix + name, str(label), kind) for name, label, kind, _source in FIELDS)


def tags_of(value: Any) -> list[str]:
    """Return tags, each once, sorted: of a list, or of a text with commas or semicolons; "," in a tag is a space."""
    found = value if isinstance(value, list | tuple) else str(value or "").replace(";", ",").split(",")
    texts = (" ".join(str(one).replace(",", " ").split()) for one in found if one is not None)
    return sorted({text.casefold(): text for text in texts if text}.values())


def is_ours(tag: str) -> bool:
    """Say whether a tag is one of those that we put there."""
    return tag.casefold().startswith(PREFIX)


def our_tags(value: Any) -> tuple[list[str], list[str]]:
    """Return the tags of a value that are ours to set, and those that are not."""
    found = tags_of(value)
    return [tag for tag in found if is_ours(tag)], [tag for tag in found if not is_ours(tag)]


def text_of(value: Any) -> str:
    """Return a value as a shop's plain field keeps it: lists with commas, nothing as ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(text for one in value if (text := text_of(one)))
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return storable_text(text).strip()


def number_of(text: str) -> Decimal | None:
    """Return a text as a number; None for what is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 20 else None


def said_alike(ours: Any, theirs: str) -> Any:
    """Return what stands there in our own words where it says the same: a list where the shop has a text."""
    return ours if text_of(ours) == theirs else theirs


def number_missing(key: str) -> Outcome:
    """Return what becomes of a customer whose number in the shop is not known."""
    return Outcome(key, refusal=_("The shop’s own number of this customer is not known."))


def gone(key: str, number: str) -> Outcome:
    """Return what becomes of a customer whom the shop has deleted or merged into another one."""
    return Outcome(key, refusal=_("The shop has no customer %(number)s any more.") % {"number": number})


def is_number(text: str) -> bool:
    """Say whether a text is a shop's number of a customer or an order."""
    return text.isascii() and text.isdigit() and 0 < len(text) < 20 and int(text) > 0


def names_of(rows: Sequence[Any]) -> list[str]:
    """Return the names of all fields that rows fill, each once."""
    return list(dict.fromkeys(name for row in rows for name in row.values))

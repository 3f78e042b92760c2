"""Fields that the shop keeps of its customers: metafields of one namespace, which merchants, segments and flows see."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Misconfigured, Permanent
from integrations.connectors.base import Store
from integrations.connectors.body import Fields
from integrations.connectors.records import RemoteField
from integrations.connectors.shop_records import TAGS, WHOLE, number_of, text_of
from integrations.connectors.shopify import documents
from integrations.connectors.shopify.api import plain_answers, wrongs_of
from integrations.connectors.shopify.graph import nodes_of
from integrations.connectors.shopify.talk import Talk

NAMESPACE = "affiliate"
PAGES = 10
LIST, TEXT, LONG_TEXT = "list.single_line_text_field", "single_line_text_field", "multi_line_text_field"
# Shopify's type -> kind; of any other type nothing is written
KINDS = {
    TEXT: "text",
    LONG_TEXT: "text",
    "number_integer": "number",
    "number_decimal": "number",
    "boolean": "yes_no",
    "date": "date",
    "date_time": "time",
    LIST: "choices",
}
TYPES = {kind: name for name, kind in reversed(KINDS.items())}
TYPES |= {"choice": TEXT, "number": "number_decimal", "money": "number_decimal"}
# what a definition can do without, by the code of Shopify's objection to it
LUXURIES = {
    "PINNED_LIMIT_REACHED": "pin",
    "UNSUPPORTED_PINNING": "pin",
    "INVALID_CAPABILITY": "capabilities",
    "OWNER_TYPE_LIMIT_EXCEEDED_FOR_USE_AS_ADMIN_FILTERS": "capabilities",
}


class Unwritable(ValueError):
    """A value does not fit its metafield; the text is a sentence for people."""


@plain_answers()
def list_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return the metafields of our namespace that are defined, and tags."""
    tags = RemoteField(TAGS, _("Tags of ours"), "choices")
    fields = (
        RemoteField(
            row.text("key", 64),
            row.text("name") or row.text("key", 64),
            KINDS.get(what, "text"),
            is_writable=what in KINDS,
        )
        for row in _definitions(Talk(store))
        if (what := row.part("type").text("name", 80))
    )
    return (*fields, tags)


@plain_answers()
def make_fields(store: Store, kind: str, wanted: Sequence[RemoteField]) -> tuple[str, ...]:
    """Define the metafields that are missing, pinned, and usable in segments where Shopify lets them."""
    talk = Talk(store)
    known = types_of(talk)
    missing = [field for field in wanted if field.name not in known and field.name != TAGS]
    return tuple(field.name for field in missing if _define(talk, field))


def missing_fields(store: Store, wanted: Sequence[RemoteField]) -> list[str]:
    """Return the names of the metafields that are not defined."""
    known = types_of(Talk(store))
    return [field.name for field in wanted if field.name not in known]


def types_of(talk: Talk) -> dict[str, str]:
    """Return key -> Shopify's type, of the metafields that are defined in our namespace."""
    return {row.text("key", 64): row.part("type").text("name", 80) for row in _definitions(talk)}


def _definitions(talk: Talk) -> list[Fields]:
    found: list[Fields] = []
    after = None
    for _page in range(PAGES):
        told = talk.ask(documents.DEFINITIONS, namespace=NAMESPACE, after=after)
        found += nodes_of(told, "metafieldDefinitions")
        page = told.part("metafieldDefinitions").part("pageInfo")
        if page.values.get("hasNextPage") is not True:
            return found
        after = page.text("endCursor", 2000)
    raise Permanent(_("The shop repeats its list of metafields without end."))


def _define(talk: Talk, field: RemoteField) -> bool:
    """Define one; False if somebody has done so meanwhile. What Shopify does not let it be is left out."""
    wanted: dict[str, Any] = {
        "name": field.label,
        "namespace": NAMESPACE,
        "key": field.name,
        "type": "number_integer" if field.name in WHOLE else TYPES[field.kind],
        "ownerType": "CUSTOMER",
        "pin": True,
        "capabilities": {"adminFilterable": {"enabled": True}},
    }
    while True:
        made = talk.ask(documents.DEFINE, definition=wanted).part("metafieldDefinitionCreate")
        codes = {row.text("code", 80) for row in made.rows("userErrors")}
        if not codes:
            return True
        if codes == {"TAKEN"}:
            return False
        luxuries = {LUXURIES[code] for code in codes if code in LUXURIES} & wanted.keys()
        if not luxuries:
            raise Misconfigured(wrongs_of(made))
        wanted = {name: value for name, value in wanted.items() if name not in luxuries}


def written_as(value: Any, what: str) -> str:
    """Return a value as a metafield of this type is written, "" for nothing; raises Unwritable."""
    if what == LIST:
        parts = value if isinstance(value, list | tuple) else [value]
        texts = [text for one in parts if (text := " ".join(text_of(one).split()))]
        return json.dumps(texts, ensure_ascii=False) if texts else ""
    if isinstance(value, bool) or what == "boolean":
        return _yes_no(value) if what == "boolean" else text_of(value)
    text = _moment(value, what) if isinstance(value, date) else text_of(value)
    if what == TEXT:
        return " ".join(text.split())
    if what in ("number_integer", "number_decimal") and text:
        return _number(text, what)
    if what not in KINDS:
        raise Unwritable(_("its type %(type)s is none that we write") % {"type": what})
    return text


def read_as(text: str, what: str) -> Any:
    """Return what a metafield of this type says, as mappings take it."""
    if what == LIST:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return [str(one) for one in found] if isinstance(found, list) else text
    if what == "number_integer" and (number := number_of(text)) is not None:
        return int(number)
    return text == "true" if what == "boolean" else text


def is_same(text: str, present: str, what: str) -> bool:
    """Say whether a metafield of this type has this value already, however Shopify writes it: 129.90 as 129.9."""
    if text == present:
        return True
    if what not in ("number_integer", "number_decimal"):
        return False
    one, other = number_of(text), number_of(present)
    return one is not None and one == other


def _yes_no(value: Any) -> str:
    word = text_of(value).lower()
    if word in ("yes", "true", "1"):
        return "true"
    if word in ("no", "false", "0"):
        return "false"
    if not word:
        return ""
    raise Unwritable(_("“%(text)s” is neither yes nor no") % {"text": word[:40]})


def _number(text: str, what: str) -> str:
    number = number_of(text)
    if number is None or (what == "number_integer" and number != int(number)):
        raise Unwritable(_("“%(text)s” is no such number") % {"text": text[:40]})
    return str(int(number)) if what == "number_integer" else format(number, "f")


def _moment(value: date, what: str) -> str:
    if isinstance(value, datetime) and what != "date":
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    return f"{value:%Y-%m-%d}"

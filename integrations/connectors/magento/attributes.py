"""Customer attributes that the store's own people made, and values as they keep them; Magento's are never written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from core.jobs import Misconfigured
from integrations.connectors.base import Store
from integrations.connectors.magento.api import get_list
from integrations.connectors.records import RemoteField
from integrations.connectors.shop_records import text_of

# how an attribute is entered in Magento -> kind; of any other nothing is written
KINDS = {
    "text": "text",
    "textarea": "text",
    "boolean": "yes_no",
    "date": "date",
    "select": "choice",
    "multiselect": "choices",
}


class Unwritable(ValueError):
    """A value does not fit its attribute; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: its code, what people call it, how it is entered, and label -> value of its options."""

    code: str
    label: str
    form: str
    options: Mapping[str, str]

    def written(self, value: Any) -> str:
        """Return a value as the store keeps it, "" for nothing; raises Unwritable."""
        if self.form == "multiselect":
            parts = value if isinstance(value, list | tuple) else text_of(value).split(",")
            return ",".join(self._option(text) for one in parts if (text := text_of(one).strip()))
        text = text_of(value)
        if self.form == "boolean":
            return _yes_no(text)
        if self.form == "select":
            return self._option(text) if text else ""
        return text[:10] if self.form == "date" else text

    def is_same(self, text: str, kept: str) -> bool:
        """Say whether the store keeps this; to a day it adds a time."""
        return text == kept or (self.form == "date" and text != "" and text == kept[:10])

    def _option(self, text: str) -> str:
        for label, value in self.options.items():
            if text.casefold() in (label.casefold(), value.casefold()):
                return value
        words = {"text": text[:40], "name": self.code}
        raise Unwritable(_("“%(text)s” is none of the options of the attribute %(name)s.") % words)

    def read(self, kept: str) -> Any:
        """Return what is kept as mappings take it: options by their labels."""
        labels = {value: label for label, value in self.options.items()}
        if self.form == "multiselect":
            return [labels.get(one, one) for one in kept.split(",") if one]
        return labels.get(kept, kept) if self.form == "select" else kept


def attributes_of(store: Store) -> dict[str, Attribute]:
    """Return code -> attribute, of those that people made; raises a Failure."""
    found = {}
    for row in get_list(store, "attributeMetadata/customer"):
        code = row.get("attribute_code")
        if isinstance(code, str) and code and _is_own(row):
            found[code] = Attribute(
                code,
                str(row.get("frontend_label") or row.get("store_label") or code),
                str(row.get("frontend_input") or ""),
                _options(row.get("options")),
            )
    return found


def _is_own(row: Mapping[str, Any]) -> bool:
    """Whether people made it; Magento tells that as true, as 1 or as "1"."""
    return row.get("user_defined") in (True, 1, "1") and row.get("system") not in (True, 1, "1")


def _options(rows: Any) -> dict[str, str]:
    return {
        str(row.get("label")): str(row.get("value"))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and row.get("value") not in (None, "")
    }


def list_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return the customer attributes that people made in the store."""
    return tuple(
        RemoteField(
            one.code,
            one.label,
            KINDS.get(one.form, "text"),
            tuple((label, label) for label in one.options),
            is_writable=one.form in KINDS,
        )
        for one in attributes_of(store).values()
    )


def make_fields(store: Store, kind: str, wanted: Sequence[RemoteField]) -> tuple[str, ...]:
    """Return nothing where all are there; raises Misconfigured for others, since the REST API cannot make any."""
    known = attributes_of(store)
    if missing := [field.name for field in wanted if field.name not in known]:
        raise Misconfigured(to_be_made(missing))
    return ()


def to_be_made(names: Sequence[str]) -> str:
    """Return what somebody must do in the store."""
    return _(
        "Magento’s API cannot make customer attributes: have whoever looks after the store make these, as text, and "
        "shown in the admin’s customer form: %(names)s."
    ) % {"names": ", ".join(names)}


def _yes_no(text: str) -> str:
    word = text.lower()
    if word in ("yes", "true", "1"):
        return "1"
    if word in ("no", "false", "0"):
        return "0"
    if not word:
        return ""
    raise Unwritable(_("“%(text)s” is neither yes nor no.") % {"text": word[:40]})

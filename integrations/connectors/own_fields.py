"""The fields of ours that a CRM keeps beside its own: from one table come both what is made there and what fills it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Words
from integrations.connectors.records import RemoteField
from integrations.mapping import OURS
from integrations.records.profiles import Segment

Rows = Sequence[Mapping[str, Any]]

SEGMENTS: dict[Segment, Words] = {
    Segment.LEAD: _("Lead"),
    Segment.NEW: _("New"),
    Segment.REPEAT: _("Repeat"),
    Segment.LOYAL: _("Loyal"),
    Segment.LAPSED: _("Lapsed"),
}


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field: its name there, its name for people, its kind, and what of a customer's record fills it.

    `conflict` is the rule that holds where nobody has chosen another one, `steps` are the conversions on the way.
    """

    name: str
    label: Words
    kind: str
    source: str
    conflict: str = OURS
    steps: tuple[Mapping[str, Any], ...] = ()

    def row(self) -> dict[str, Any]:
        """Return the row of a mapping that fills it."""
        said = {"target": self.name, "source": self.source, "conflict": self.conflict}
        return said | ({"steps": [dict(step) for step in self.steps]} if self.steps else {})


def segments() -> tuple[tuple[str, str], ...]:
    """Return the segments as choices of a field, in the language at hand."""
    return tuple((str(name), str(label)) for name, label in SEGMENTS.items())


def made(
    key: RemoteField, fields: Iterable[OwnField], choices: tuple[tuple[str, str], ...]
) -> tuple[RemoteField, ...]:
    """Return the fields as the far side makes them, our key first; `choices` are those of every one that has some."""
    return key, *(
        RemoteField(one.name, str(one.label), one.kind, choices if one.kind == "choice" else ())
        for one in fields
    )

"""What a plan says beside its rules, as cards: sponsors, parts for others, bonuses, limits, waiting, exclusions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from commissions.admin.plan_editor import section_fields as fields
from commissions.admin.plan_editor.entries import Entry
from commissions.admin.plan_editor.known import Known

Words = str | Promise
Body = dict[str, Any]
Row = dict[str, Any]
Read = Callable[[QueryDict], Body]


@dataclass(frozen=True, slots=True)
class Section:
    """A card beside the rules: `keys` of the body belong to it; `row` begins a further row, where it has rows."""

    key: str
    title: Words
    lead: Words
    none: Words
    keys: tuple[str, ...]
    entries: Callable[[Body, Known], list[Entry]]
    rows: Callable[[Body, Known], list[list[Entry]]]
    read: Read
    row: Callable[[], Row] | None = None
    add: Words = ""
    row_name: Words = ""

    def reshape(self, parts: Body, do: str, what: str) -> Body:
        """Its parts of the body with a row more or less."""
        key = self.keys[0]
        rows = list(parts.get(key, [])) if self.row else []
        if do == "row" and self.row:
            return parts | {key: renumbered(key, [*rows, self.row()])}
        if do == "unrow" and what.isdecimal():
            return parts | {key: renumbered(key, [row for at, row in enumerate(rows) if at != int(what)])}
        return parts


def renumbered(key: str, rows: list[Row]) -> list[Row]:
    """Levels stand in order from 2 on, whichever was taken out."""
    return [row | {"level": place + 2} for place, row in enumerate(rows)] if key == "levels" else rows


def put(body: Body, section: Section, parts: Body) -> Body:
    """The body with a section's parts; what says nothing is left out."""
    kept = {key: value for key, value in body.items() if key not in section.keys}
    return kept | {key: value for key, value in parts.items() if value is not False and value not in ([], {})}


SECTIONS: Mapping[str, Section] = {
    section.key: section
    for section in (
        Section(
            "levels",
            gettext_lazy("Sponsors"),
            gettext_lazy("What the partner who recruited the seller gets, and whoever recruited that one."),
            gettext_lazy("Nobody earns on the sales of those they recruited."),
            ("levels", "compression"),
            fields.compression,
            fields.levels,
            fields.read_levels,
            lambda: {"rate": "", "basis": "base"},
            gettext_lazy("Add a level"),
            gettext_lazy("Level"),
        ),
        Section(
            "split",
            gettext_lazy("Parts for others"),
            gettext_lazy(
                "A part of every commission that goes to another affiliate, such as the studio behind the videos."
            ),
            gettext_lazy("Whoever made the sale keeps all of it."),
            ("split",),
            fields.nothing,
            fields.split,
            fields.read_split,
            lambda: {"affiliate": "", "share": ""},
            gettext_lazy("Add an affiliate"),
            gettext_lazy("Part"),
        ),
        Section(
            "bonuses",
            gettext_lazy("Bonuses"),
            gettext_lazy("An amount once: as a welcome, or when a target is reached in a period."),
            gettext_lazy("None."),
            ("bonuses",),
            fields.nothing,
            fields.bonuses,
            fields.read_bonuses,
            lambda: {"id": "", "name": "", "amount": "", "metric": "base", "period": "month", "target": ""},
            gettext_lazy("Add a bonus"),
            gettext_lazy("Bonus"),
        ),
        Section(
            "caps",
            gettext_lazy("Limits"),
            gettext_lazy(
                "The most that is paid: for one order, to one affiliate in a period, or by the program."
            ),
            gettext_lazy("No limit but the ceiling."),
            ("caps",),
            fields.nothing,
            fields.caps,
            fields.read_caps,
            lambda: {"of": "affiliate", "amount": "", "period": "month"},
            gettext_lazy("Add a limit"),
            gettext_lazy("Limit"),
        ),
        Section(
            "ceiling",
            gettext_lazy("Ceiling"),
            gettext_lazy(
                "All commissions of one order together, over all levels, in per cent of what was sold."
            ),
            "",
            ("max_total_rate",),
            fields.ceiling,
            fields.none,
            fields.read_ceiling,
        ),
        Section(
            "maturity",
            gettext_lazy("Waiting time"),
            gettext_lazy("How long a commission waits for returns before it may be approved."),
            "",
            ("maturity_days",),
            fields.maturity,
            fields.none,
            fields.read_maturity,
        ),
        Section(
            "exclude",
            gettext_lazy("What never earns"),
            gettext_lazy("Lines that no rule pays for, such as vouchers or goods at cost."),
            gettext_lazy("Nothing is excluded."),
            ("exclude",),
            fields.exclude,
            fields.none,
            fields.read_exclude,
        ),
    )
}

"""What the page of a model comparison shows: who would gain and lose by another model, and all models side by side."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.formats import number_format
from django.utils.translation import gettext as _, ngettext

from affiliates.cells import money_text
from affiliates.models import AttributionTerms, Enrollment
from core.money import Money
from tracking.attribution.bootstrap import LEAST_JOURNEYS
from tracking.attribution.paths import OTHERS
from tracking.attribution.sharing import LAST_CLICK, LEARNED, LINEAR, MARKOV
from tracking.models import Study

PAGE = 50
DRAWN = 8  # affiliates on either side of the chart
WIDTH = 1000.0
VALUE, ORDERS = "value", "orders"
ORDER: dict[str, Callable[["Row"], Any]] = {
    "gain": lambda row: (-row.difference, row.name.casefold(), row.enrollment),
    "loss": lambda row: (row.difference, row.name.casefold(), row.enrollment),
    "now": lambda row: (-row.base, row.name.casefold(), row.enrollment),
    "name": lambda row: (row.name.casefold(), row.enrollment),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one model credits one affiliate with, in words; `sure` is the interval, or empty."""

    model: str
    words: str
    sure: str
    is_base: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One affiliate under all models; amounts are minor units, or hundredths of an order."""

    enrollment: int
    name: str
    code: str
    base: int
    difference: int
    change: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Swing:
    """A row in the drawing, its bar in thousandths of the width."""

    row: Row
    x: float
    width: float
    zero: float


class Comparison:
    """The result of a study, ready for people: `chosen` is the model looked at, `base` the one that credits now."""

    def __init__(self, study: Study, model: str = "", measure: str = "") -> None:
        self.study, self.result = study, dict(study.result)
        self.names = {key: str(label) for key, label in AttributionTerms.Model.choices}
        self.models: dict[str, dict[str, dict[str, float]]] = self.result["models"]
        self.base = self._base()
        others = [name for name in self.names if name != self.base]
        self.chosen = model if model in others else self._default(others)
        measures = (VALUE, ORDERS) if self.result["value"] else (ORDERS, VALUE)
        self.measure = measure if measure in measures else measures[0]
        self.people = people_of(study)
        self.rows = [self._row(number) for number in sorted(self._numbers())]

    def _base(self) -> str:
        in_force = str(self.result["in_force"])
        return str(self.result["fallback"]) if in_force in LEARNED and not self.result["enough"] else in_force

    def _default(self, others: Sequence[str]) -> str:
        wanted = (MARKOV, LINEAR, LAST_CLICK) if self.result["enough"] else (LINEAR, LAST_CLICK)
        return next(name for name in wanted if name in others)

    def _numbers(self) -> set[int]:
        return {int(number) for credited in self.models.values() for number in credited}

    def amount(self, model: str, number: int) -> int:
        """What a model credits an affiliate with: minor units, or hundredths of an order."""
        row = self.models[model].get(str(number))
        if row is None:
            return 0
        return round(row["value"]) if self.measure == VALUE else round(row["conversions"] * 100)

    def words(self, amount: int, *, signed: bool = False) -> str:
        """An amount for people: money, or orders with one decimal."""
        sign = "+" if signed and amount > 0 else ""
        if self.measure == VALUE:
            return sign + money_text(Money(amount, self.result["currency"]))
        return sign + _decimal(Decimal(amount) / 100)

    def _row(self, number: int) -> Row:
        name, code = self.people.get(number, ("–", ""))
        if number == OTHERS:
            name = _("all others")
        base, then = self.amount(self.base, number), self.amount(self.chosen, number)
        cells = tuple(self._cell(model, number) for model in self.names)
        return Row(number, name, code, base, then - base, self.words(then - base, signed=True), cells)

    def _cell(self, model: str, number: int) -> Cell:
        row = self.models[model].get(str(number), {})
        names = ("value_low", "value_high") if self.measure == VALUE else ("low", "high")
        scale = 1 if self.measure == VALUE else 100
        sure = ""
        if names[0] in row:
            sure = "{} – {}".format(*(self.words(round(row[name] * scale)) for name in names))
        words = self.words(self.amount(model, number))
        return Cell(model, words, sure, model == self.base, model == self.chosen)

    @property
    def columns(self) -> list[tuple[str, bool, bool]]:
        """The name of each model, whether it credits now, and whether it is looked at."""
        return [(label, name == self.base, name == self.chosen) for name, label in self.names.items()]

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """Key and name of each model to look at, and whether it is."""
        return [(name, self.names[name], name == self.chosen) for name in self.names if name != self.base]

    @property
    def headline(self) -> str:
        """How much would move."""
        values = {"model": self.names[self.chosen], "base": self.names[self.base]}
        moved = sum(row.difference for row in self.rows if row.difference > 0)
        whole = sum(row.base for row in self.rows)
        if not self.result["conversions"]:
            return _("No order of this period has a journey yet.")
        if not moved:
            return _("By “%(model)s” everybody would be credited as by “%(base)s”.") % values
        values["share"] = _decimal(Decimal(moved) * 100 / whole) if whole else "100"
        if self.measure == VALUE:
            return (
                _("By “%(model)s”, %(share)s %% of revenue would be credited to others than by “%(base)s”.")
                % values
            )
        return (
            _("By “%(model)s”, %(share)s %% of orders would be credited to others than by “%(base)s”.")
            % values
        )

    @property
    def figures(self) -> list[tuple[str, str, str]]:
        """Title, figure and what stands under it."""
        result = self.result
        orders, journeys = result["conversions"], result["journeys"]
        rate = _decimal(Decimal(orders) * 100 / journeys) if journeys else "0"
        length = _decimal(Decimal(result["touches"]) / journeys) if journeys else "–"
        value = money_text(Money(result["value"], result["currency"]))
        return [
            (_("Orders with a journey"), _count(orders), _("%(value)s in all") % {"value": value}),
            (_("Journeys"), _count(journeys), _("%(rate)s %% led to an order") % {"rate": rate}),
            (_("Touches per journey"), length, _("clicks, and views where they count")),
            (
                _("Affiliates"),
                _count(result["players"]),
                _("%(count)s in at least %(least)s journeys")
                % {"count": _count(result["known"]), "least": LEAST_JOURNEYS},
            ),
        ]

    @property
    def swings(self) -> list[Swing]:
        """Those who gain most, then those who lose most, with their bars."""
        rows = sorted((row for row in self.rows if row.difference), key=ORDER["gain"])
        gains = [row for row in rows if row.difference > 0][:DRAWN]
        losses = [row for row in rows if row.difference < 0][-DRAWN:]
        return bars([*gains, *losses])

    def table(self, order: str, number: str) -> Page[Row]:
        """One page of the affiliates in the order asked for."""
        return Paginator(sorted(self.rows, key=ORDER.get(order, ORDER["gain"])), PAGE).get_page(number)

    @property
    def notes(self) -> list[str]:
        """What else is worth knowing, one sentence each."""
        return [*self._rules(), *self._data_driven(), *self._left_out()]

    def _rules(self) -> Iterator[str]:
        yield _(
            "Only touches are compared: a personal coupon and a customer who is bound come before any model, "
            "so what is really paid may differ."
        )
        if self.result["view_hours"]:
            yield _("Rules share among clicks, and credit the last view where there was no click.")

    def _data_driven(self) -> Iterator[str]:
        yield _(
            "Below a data-driven figure stands the range that it would lie in, in 95 of 100 such periods."
        )
        unknown = self.result["players"] - self.result["known"]
        if unknown:
            words = ngettext(
                "%(count)s affiliate is in fewer than %(least)s journeys; Markov leaves its orders to the rule.",
                "%(count)s affiliates are in fewer than %(least)s journeys; Markov leaves their orders to the rule.",
                unknown,
            )
            yield words % {"count": unknown, "least": LEAST_JOURNEYS}

    def _left_out(self) -> Iterator[str]:
        if foreign := self.result["foreign"]:
            words = ngettext(
                "%(count)s order in another currency counts without its value.",
                "%(count)s orders in another currency count without their value.",
                foreign,
            )
            yield words % {"count": foreign}


def bars(rows: Sequence[Row]) -> list[Swing]:
    """Draw one bar for each difference on one scale; one that is not 0 is still seen."""
    least, most = (pick([0, *(row.difference for row in rows)]) for pick in (min, max))
    span = (most - least) or 1
    zero = -least / span * WIDTH
    drawn = []
    for row in rows:
        width = max(abs(row.difference) / span * WIDTH, 3.0)
        x = zero - width if row.difference < 0 else zero
        drawn.append(Swing(row, round(min(max(x, 0.0), WIDTH - width), 1), round(width, 1), round(zero, 1)))
    return drawn


def people_of(study: Study) -> dict[int, tuple[str, str]]:
    """Enrollment -> name and code, of the program's own; with one question."""
    rows = Enrollment.objects.filter(program=study.program_id)
    return {pk: (name, code) for pk, name, code in rows.values_list("pk", "affiliate__name", "code")}


def _count(number: int) -> str:
    return number_format(number, force_grouping=True)


def _decimal(value: Decimal) -> str:
    return number_format(round(value, 1), 1, force_grouping=True).replace("-", "\N{MINUS SIGN}")

"""What the page of a simulation shows: the headline, the figures, the drawings, and who would gain or lose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _, ngettext

from affiliates.cells import money_text
from affiliates.models import Enrollment
from commissions.actions.case_rows import NO_RATE, TOO_LARGE
from commissions.models import Simulation
from commissions.rehearsal.charts import Bar, Lines, bars, lines
from core.money import Money

PAGE = 50
DRAWN = 8  # affiliates on either side of the chart
CROSSED = 20
ORDERS = {
    "gain": lambda row: -row["difference"],
    "loss": lambda row: row["difference"],
    "revenue": lambda row: -row["revenue"],
}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Swing:
    """One affiliate in the drawing of gains and losses."""

    row: Row
    bar: Bar


class Answer:
    """The result of a simulation, ready for people: amounts as money, enrollments with their names."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.result: Row = simulation.result or {}
        self.currency: str = self.result["currency"]
        self.people = people_of(simulation, self.result)

    def money(self, amount: int) -> Money:
        """An amount of the result."""
        return Money(amount, self.currency)

    @property
    def headline(self) -> str:
        """What it would have cost, beside what was earned."""
        now, then = self.result["now"]["total"], self.result["then"]["total"]
        cost = money_text(self.money(then))
        if not now and not then:
            return _("This plan would have cost nothing, and nothing was earned.")
        if now == then:
            return _("This plan would have cost %(cost)s, exactly what was earned.") % {"cost": cost}
        values = {"cost": cost, "by": money_text(self.money(abs(then - now)))}
        if then > now:
            sentence = _("This plan would have cost %(cost)s, %(by)s more than was earned") % values
        else:
            sentence = _("This plan would have cost %(cost)s, %(by)s less than was earned") % values
        share = per_cent(then - now, now, signed=True)
        sentence += f" ({share})" if share else ""
        of_revenue = per_cent(then, self.result["revenue"])
        if of_revenue:
            return _("%(sentence)s, %(share)s of revenue.") % {"sentence": sentence, "share": of_revenue}
        return f"{sentence}."

    @property
    def figures(self) -> list[tuple[str, Any, str]]:
        """Title, figure and what stands under it."""
        now, then, revenue = self.result["now"], self.result["then"], self.result["revenue"]
        count = self.result["conversions"]
        counted = ngettext("%(count)s conversion", "%(count)s conversions", count) % {"count": count}
        moved = _("%(gain)s gain, %(lose)s lose") % {"gain": self.result["gain"], "lose": self.result["lose"]}
        shares = [per_cent(sums["total"], revenue) for sums in (now, then)]
        share, was = shares[1] or "–", _("really %(share)s") % {"share": shares[0] or "–"}
        return [
            (_("By this plan"), self.money(then["total"]), self._parts(then)),
            (_("Really earned"), self.money(now["total"]), self._parts(now)),
            (_("Difference"), self.money(then["total"] - now["total"]), moved),
            (_("Share of revenue"), share, was),
            (_("Revenue"), self.money(revenue), counted),
        ]

    def _parts(self, sums: Mapping[str, int]) -> str:
        said = {"true_ups": _("true-ups %(sum)s"), "bonuses": _("bonuses %(sum)s")}
        parts = [
            words % {"sum": money_text(self.money(sums[key]))} for key, words in said.items() if sums[key]
        ]
        return _("of it %(parts)s") % {"parts": ", ".join(parts)} if parts else _("after refunds")

    @property
    def chart(self) -> Lines:
        """Both costs over time."""
        return lines([(day, row["now"], row["then"]) for day, row in self.points])

    @property
    def has_extras(self) -> bool:
        """Whether true-ups or bonuses come on top of what conversions earn."""
        sums = (self.result["now"], self.result["then"])
        return any(one["true_ups"] or one["bonuses"] for one in sums)

    @property
    def points(self) -> list[tuple[date, Row]]:
        """Each step of the stretch with its sums."""
        return [(date.fromisoformat(row["from"]), self._amounts(row)) for row in self.result["points"]]

    def _amounts(self, row: Row) -> Row:
        pairs = {f"{name}_money": self.money(row[name]) for name in ("revenue", "now", "then")}
        return row | pairs

    @property
    def ticks(self) -> list[tuple[Money, float]]:
        """The amounts on the scale of the chart."""
        return [(self.money(amount), height) for amount, height in self.chart.ticks]

    @property
    def swings(self) -> list[Swing]:
        """Those who gain most, then those who lose most, with their bars."""
        rows = [row for row in self.result["affiliates"] if row["difference"]]
        gains = [row for row in rows if row["difference"] > 0][:DRAWN]
        losses = [row for row in rows if row["difference"] < 0][-DRAWN:]
        chosen = [*gains, *losses]
        drawn = bars([row["difference"] for row in chosen])
        return [Swing(self.row(row), bar) for row, bar in zip(chosen, drawn, strict=True)]

    def table(self, order: str, number: str) -> Page[Row]:
        """One page of the affiliates in the order asked for."""
        rows = self.result["affiliates"]
        if order == "name":
            rows = sorted(rows, key=lambda row: self.people.get(row["enrollment"], ("", ""))[0].casefold())
        elif order in ORDERS:
            rows = sorted(rows, key=ORDERS[order])
        page = Paginator(rows, PAGE).get_page(number)
        page.object_list = [self.row(row) for row in page.object_list]
        return page

    def row(self, row: Row) -> Row:
        """An affiliate's sums as money, with its name and its brackets in words."""
        names = ("revenue", "now", "then", "extras_now", "extras_then", "difference")
        name, code = self.people.get(row["enrollment"], ("–", ""))
        steps = {key: self.step(row[key]) for key in ("step_now", "step_then") if key in row}
        return row | {key: self.money(row[key]) for key in names} | steps | {"name": name, "code": code}

    def step(self, step: Row | None) -> str:
        """What a bracket pays, and from where on."""
        if step is None:
            return ""
        words = {"pays": self._pays(step), "from": self._measure(step, step["from"])}
        return _("%(pays)s from %(from)s") % words

    def _pays(self, step: Row) -> str:
        if step["rate"] is not None:
            return f"{step['rate']} %"
        return _("%(amount)s per order") % {"amount": money_text(self.money(step["amount"]))}

    def _measure(self, step: Row, value: int) -> str:
        return str(value) if step["metric"] == "conversions" else money_text(self.money(value))

    @property
    def crossings(self) -> list[Row]:
        """Who ended a period on another bracket than it began, as far as there is room."""
        return [
            {
                "enrollment": row["enrollment"],
                "name": self.people.get(row["enrollment"], ("–", ""))[0],
                "period": _("all time") if row["to"]["period"] == "all" else row["to"]["period"],
                "rule": row["to"]["rule"],
                "from": self._pays(row["from"]),
                "to": self._pays(row["to"]),
                "reached": self._measure(row["to"], row["to"]["reached"]),
            }
            for row in self.result["crossings"][:CROSSED]
        ]

    @property
    def levels(self) -> list[Row]:
        """The sums by level, where there is more than one."""
        rows = self.result["levels"] if len(self.result["levels"]) > 1 else []
        return [
            row
            | {"now": self.money(row["now"]), "then": self.money(row["then"])}
            | {"difference": self.money(row["then"] - row["now"])}
            for row in rows
        ]

    @property
    def notes(self) -> list[str]:
        """What else is worth knowing, one sentence each."""
        return [*self._scope(), *self._changes(), *self._limits(), *self._missed()]

    def _scope(self) -> Iterable[str]:
        if self.result["everybody"]:
            yield _("Nobody earns by this plan yet, so it was tried on everybody of the program.")
        else:
            count = self.result["scope"]
            yield ngettext(
                "It was tried on the one affiliate that it holds for.",
                "It was tried on the %(count)s affiliates that it holds for.",
                count,
            ) % {"count": count}
        yield _("Bonuses for targets and true-ups count for periods that lie between the dates as a whole.")

    def _changes(self) -> Iterable[str]:
        if count := self.result["earns_no_more"]:
            yield ngettext(
                "%(count)s conversion that earned something would earn nothing.",
                "%(count)s conversions that earned something would earn nothing.",
                count,
            ) % {"count": count}
        if count := self.result["earns_newly"]:
            yield ngettext(
                "%(count)s conversion that earned nothing would earn something.",
                "%(count)s conversions that earned nothing would earn something.",
                count,
            ) % {"count": count}

    def _limits(self) -> Iterable[str]:
        ceiling = self.result["ceiling"]
        if ceiling["conversions"]:
            yield self._cut(_("The ceiling over all levels"), ceiling)
        else:
            yield _("The ceiling over all levels cut nothing.")
        names = {
            "conversion": _("The limit per conversion"),
            "affiliate": _("The limit per affiliate"),
            "program": _("The program’s budget"),
        }
        for cap in self.result["caps"]:
            yield self._cut(names[cap["of"]], cap)

    def _cut(self, name: str, cuts: Row) -> str:
        values = {"name": name, "count": cuts["conversions"], "sum": money_text(self.money(cuts["amount"]))}
        return (
            ngettext(
                "%(name)s cut %(count)s conversion, by %(sum)s.",
                "%(name)s cut %(count)s conversions, by %(sum)s in all.",
                cuts["conversions"],
            )
            % values
        )

    def _missed(self) -> Iterable[str]:
        for row in self.result["unvalued"]:
            code, _colon, currency = row["reason"].partition(":")
            into = {"currency": currency, "into": self.currency}
            why = {
                NO_RATE: _("no exchange rate from %(currency)s to %(into)s is stored") % into,
                TOO_LARGE: _("the amount is too large in %(into)s") % into,
            }[code]
            yield ngettext(
                "%(count)s conversion could not be valued: %(why)s.",
                "%(count)s conversions could not be valued: %(why)s.",
                row["conversions"],
            ) % {"count": row["conversions"], "why": why}


def people_of(simulation: Simulation, result: Row) -> dict[int, tuple[str, str]]:
    """Enrollment -> name and code, of the program's own; with one question."""
    ids = {row["enrollment"] for row in (*result["affiliates"], *result["crossings"])}
    rows = Enrollment.objects.filter(program=simulation.plan.program_id, pk__in=ids)
    return {pk: (name, code) for pk, name, code in rows.values_list("pk", "affiliate__name", "code")}


def per_cent(part: int, whole: int, *, signed: bool = False) -> str:
    """A part as per cent with one decimal, "8.2 %"; an empty text where the whole is not above 0."""
    if whole <= 0:
        return ""
    value = Decimal(part) * 100 / whole
    sign = "+" if signed and value > 0 else ""
    return f"{sign}{value:.1f} %".replace("-", "\N{MINUS SIGN}")

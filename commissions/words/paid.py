"""What the rules of a plan pay on the lines of a sale, for one affiliate it is credited to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from django.utils.translation import gettext as _

from commissions.sale import EXTRA
from commissions.words.figures import conversions_in_words, money_in_words, rate_in_words
from commissions.words.lines import Trace, called_in_words, line_in_words, why_nothing


@dataclass(slots=True)
class Own:
    """A sale as it is for one affiliate; `total` is what the sentences so far come to, in minor units.

    `row` is the affiliate's own part of the trace; `orders` are the rules that pay an amount for the whole order.
    """

    trace: Trace
    row: Trace
    share: Fraction
    total: Fraction = Fraction(0)
    orders: dict[str, int] = field(default_factory=dict)

    def money(self, minor: int | str | Fraction) -> str:
        """An amount in words."""
        return money_in_words(self.trace, minor)

    def add(self, value: Fraction) -> str:
        """Count a value of the affiliate's own and return it in words."""
        self.total += value
        return self.money(value)

    def rule(self, number: str) -> Trace:
        """A rule by its id."""
        rule: Trace = self.trace["rules"][number]
        return rule

    def step(self, number: str) -> Trace | None:
        """The bracket that pays for the whole sale by a rule; None where the sale is split at brackets."""
        return next((step for step in self.row["steps"] if step["rule"] == number), None)

    def is_final(self, number: str) -> bool:
        """Whether a rule paid by the last bracket of a period that is over, not by the one before the sale."""
        rule, step = self.rule(number), self.step(number)
        if not self.trace.get("final") or rule["mode"] != "retroactive" or step is None:
            return False
        if rule["metric"] == "base" and step["amount"] is None:
            return True  # while the period is open, such a sale is split at the brackets
        window = rule["metric"], rule["period"]
        before = next(
            row["before"] for row in self.row["counters"] if (row["metric"], row["period"]) == window
        )
        reached = max((one["from"] for one in rule["steps"] if one["from"] <= before), default=0)
        return bool(step["from"] != reached)


def lines_in_words(own: Own) -> Iterator[str]:
    """Say what every line earns, then what is paid for the whole order."""
    for line in own.row.get("lines", own.trace["lines"]):
        said = [why_nothing(line)] if line["why"] else [*_rewards(own, line)]
        text = " ".join([line_in_words(own.trace, line, own.share), *called_in_words(line), *said]).strip()
        if text:
            yield text
    for number, amount in own.orders.items():
        yield _order(own, number, amount)


def _rewards(own: Own, line: Trace) -> Iterator[str]:
    for number in filter(None, (line["rule"], *line["bonuses"])):
        rule = own.rule(number)
        if rule["type"] == "percent":
            yield _rate(own, line, rule)
        elif rule["type"] == "fixed_per_item" and line["quantity"]:
            yield _items(own, line, rule)
        elif rule["type"] == "fixed_per_order" and line["key"] != EXTRA:
            own.orders[number] = rule["amount"]
        elif rule["type"] == "brackets":
            step = own.step(number)
            if step is None:
                yield from _slices(own, line, number)
            elif step["amount"] is None:
                yield _bracket(own, line, number, step)
            elif line["key"] != EXTRA:
                own.orders[number] = step["amount"]


def _rate(own: Own, line: Trace, rule: Trace) -> str:
    values = {"rule": rule["name"], "rate": rate_in_words(rule["rate"])}
    values["sum"] = own.add(line["base"] * own.share * Fraction(rule["rate"]) / 100)
    if rule["stackable"]:
        return _("Rule “%(rule)s” adds %(rate)s %%: %(sum)s.") % values
    return _("Rule “%(rule)s” pays %(rate)s %%: %(sum)s.") % values


def _items(own: Own, line: Trace, rule: Trace) -> str:
    values = {"rule": rule["name"], "amount": own.money(rule["amount"])}
    values["sum"] = own.add(line["quantity"] * rule["amount"] * own.share)
    if own.share != 1:
        return _("Rule “%(rule)s” pays %(amount)s per item; your share is %(sum)s.") % values
    if rule["stackable"]:
        return _("Rule “%(rule)s” adds %(amount)s per item: %(sum)s.") % values
    return _("Rule “%(rule)s” pays %(amount)s per item: %(sum)s.") % values


def _order(own: Own, number: str, amount: int) -> str:
    rule, step = own.rule(number), own.step(number)
    values = {"rule": rule["name"], "amount": own.money(amount), "sum": own.add(amount * own.share)}
    if rule["stackable"]:
        text = _("Rule “%(rule)s” adds %(amount)s for the whole order.")
    elif own.trace["goal"] == "sale":
        text = _("Rule “%(rule)s” pays %(amount)s for the whole order.")
    else:
        text = _("Rule “%(rule)s” pays %(amount)s.")
    parts = [text % values]
    if step is not None:
        parts.append(_("That is %(bracket)s.") % {"bracket": _which(own, number, step)})
    if own.share != 1:
        parts.append(_("Your share is %(sum)s.") % values)
    return " ".join(parts)


def _slices(own: Own, line: Trace, number: str) -> Iterator[str]:
    """A line that is split at the brackets: one sentence for each part."""
    rule = own.rule(number)
    slices = [row for row in own.row["slices"] if row["rule"] == number and row["line"] == line["key"]]
    if rule["stackable"]:
        yield _("Rule “%(rule)s” adds by volume.") % {"rule": rule["name"]}
    else:
        yield _("Rule “%(rule)s” pays by volume.") % {"rule": rule["name"]}
    for row in slices:
        values = {"part": own.money(row["base"]), "rate": rate_in_words(row["rate"])}
        values["from"] = own.money(row["from"])
        values["sum"] = own.add(Fraction(row["base"]) * Fraction(row["rate"]) / 100)
        if row["from"]:
            text = _("%(part)s of it, from a volume of %(from)s on, at %(rate)s %%: %(sum)s.")
        else:
            text = _("%(part)s of it at %(rate)s %%: %(sum)s.")
        yield text % values


def _bracket(own: Own, line: Trace, number: str, step: Trace) -> str:
    """A line that one bracket pays for."""
    values = {"rule": own.rule(number)["name"], "rate": rate_in_words(step["rate"])}
    values["sum"] = own.add(line["base"] * own.share * Fraction(step["rate"]) / 100)
    values["which"] = _which(own, number, step)
    if own.rule(number)["stackable"]:
        return _("Rule “%(rule)s” adds %(rate)s %%, %(which)s: %(sum)s.") % values
    return _("Rule “%(rule)s” pays %(rate)s %%, %(which)s: %(sum)s.") % values


def _which(own: Own, number: str, step: Trace) -> str:
    """Which bracket it is: where it begins, and whether the end of the period decided."""
    rule = own.rule(number)
    is_count = rule["metric"] == "conversions"
    reach = conversions_in_words(step["from"]) if is_count else own.money(step["from"])
    if own.is_final(number):
        return _("the bracket from %(reach)s on, reached by the end of the period") % {"reach": reach}
    if not step["from"]:
        return _("the first bracket")
    return _("the bracket from %(reach)s on") % {"reach": reach}

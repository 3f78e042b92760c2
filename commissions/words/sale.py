"""Level 1 in words: the affiliate's own lines, brackets and shares, one sentence after the other."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from django.utils.translation import gettext as _, ngettext

from commissions.words.figures import conversions_in_words, money_in_words, share_in_words
from commissions.words.limits import limits_in_words
from commissions.words.lines import Trace, own_part, rounding
from commissions.words.paid import Own, lines_in_words
from commissions.words.periods import during, each

_SAME = Fraction(1, 10**9)  # of a minor unit: traces keep values that have no end to 12 decimals


def sale_in_words(trace: Trace, party: Trace) -> list[str]:
    """Say what a sale earned at level 1 for one enrollment: whom it is credited to, or a partner of the plan."""
    row = next((row for row in trace["credited"] if row["enrollment"] == party["enrollment"]), None)
    if row is None:
        return [*_given(trace, party), *limits_in_words(trace, party)]
    own = Own(trace, row, Fraction(row["share"]))
    lines = [*lines_in_words(own)]
    if abs(own.total - Fraction(row["unrounded"])) > _SAME:  # the lines are those of another one's group
        values = {"sum": own.money(row["unrounded"])}
        lines = [_("By the rules that hold for you, your part of this sale earns %(sum)s.") % values]
    return [
        *_shared(own),
        *_counters(own),
        *lines,
        *_together(own, party),
        *limits_in_words(trace, party),
    ]


def _shared(own: Own) -> Iterator[str]:
    if own.share == 1:
        return
    values = {"count": len(own.trace["credited"]), "share": share_in_words(own.share)}
    yield (
        _("You were one of %(count)s partners who contributed to this sale. Your share is %(share)s.")
        % values
    )


def _counters(own: Own) -> Iterator[str]:
    """How far the affiliate had come, for every counter that decided about a bracket."""
    read = {row["rule"] for row in (*own.row["slices"], *own.row["steps"])}
    rules = [own.rule(number) for number in read if not own.is_final(number)]
    asked = {(rule["metric"], rule["period"]) for rule in rules}
    for counter in own.row["counters"]:
        if (counter["metric"], counter["period"]) in asked:
            yield _counter(own, counter)


def _counter(own: Own, counter: Trace) -> str:
    metric, before = counter["metric"], counter["before"]
    values = {"during": during(counter["name"]) if counter["name"] else each(counter["period"])}
    if metric == "conversions":
        values["count"] = conversions_in_words(before)
        return _("Before this sale you had %(count)s %(during)s.") % values
    values["amount"] = own.money(before)
    if metric == "commission":
        return _("Your commission %(during)s before this sale was %(amount)s.") % values
    return _("Your volume %(during)s before this sale was %(amount)s.") % values


def _together(own: Own, party: Trace) -> Iterator[str]:
    """The sum, what a plan that splits leaves of it, and the rounding."""
    exact = Fraction(own.row["unrounded"])
    given = [row for row in _splits(own.trace) if row["enrollment"] != party["enrollment"]]
    if not given and abs(Fraction(party["unrounded"]) - exact) <= _SAME:
        yield from own_part(own.trace, party)
        return
    yield _("Together %(sum)s.") % {"sum": own.money(exact)}
    left = 1 - sum((Fraction(row["share"]) for row in given), Fraction(0)) / 100
    if given:
        text = ngettext(
            "You share this sale with a partner: %(share)s is yours, %(sum)s.",
            "You share this sale with %(count)s partners: %(share)s is yours, %(sum)s.",
            len(given),
        )
        values = {"share": share_in_words(left), "count": len(given), "sum": own.money(exact * left)}
        yield text % values
    more = Fraction(party["unrounded"]) - exact * left
    if more > _SAME:
        yield _("As a partner in the rest of this sale you also get %(sum)s.") % {"sum": own.money(more)}
    yield from rounding(own.trace, party)


def _splits(trace: Trace) -> list[Trace]:
    """The partners that the plan splits with and that were active."""
    return [row for row in trace.get("split", []) if row["enrollment"] is not None]


def _given(trace: Trace, party: Trace) -> Iterator[str]:
    """What a partner hears of a sale that is credited to others."""
    mine = [row for row in _splits(trace) if row["enrollment"] == party["enrollment"]]
    share = sum((Fraction(row["share"]) for row in mine), Fraction(0)) / 100
    whole = sum((Fraction(row["unrounded"]) for row in trace["credited"]), Fraction(0))
    values = {
        "whole": money_in_words(trace, whole),
        "share": share_in_words(share),
        "sum": money_in_words(trace, party["unrounded"]),
    }
    yield _("A partner’s sale earned %(whole)s and is shared with you: %(share)s is yours, %(sum)s.") % values
    yield from rounding(trace, party)

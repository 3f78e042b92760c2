"""What is paid once for a whole period, in words: the true-up of retroactive brackets, and bonuses."""

from __future__ import annotations

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from commissions.words.figures import conversions_in_words, money_in_words
from commissions.words.lines import Trace
from commissions.words.periods import during, period_in_words


def true_up_in_words(trace: Trace) -> list[str]:
    """Say what the last bracket of a period that is over added to what was paid meanwhile."""
    values = {
        "period": capfirst(period_in_words(trace["period"])),
        "count": conversions_in_words(trace["conversions"]),
        "base": money_in_words(trace, trace["base"]),
        "at_close": money_in_words(trace, trace["at_close"]),
        "meanwhile": money_in_words(trace, trace["meanwhile"]),
        "amount": money_in_words(trace, trace["amount"]),
    }
    return [
        _("%(period)s is over, with %(count)s worth %(base)s.") % values,
        _("By the bracket that was reached in the end they earn you %(at_close)s, refunds taken off.")
        % values,
        _("You were credited %(meanwhile)s for them before, so the difference is %(amount)s.") % values,
    ]


def bonus_in_words(trace: Trace) -> list[str]:
    """Say what a bonus is for, and how its target was reached."""
    values = {"name": trace["name"], "amount": money_in_words(trace, trace["amount"])}
    if trace["metric"] == "joining":
        return [_("You joined the program: the bonus “%(name)s” of %(amount)s is paid once.") % values]
    values["target"] = _figure(trace, trace["target"])
    text = _("That is the target of %(target)s or more: the bonus “%(name)s” pays %(amount)s.")
    return [_reached(trace), text % values]


def _reached(trace: Trace) -> str:
    texts = {
        "base": _("Your volume %(during)s reached %(reached)s."),
        "conversions": _("You reached %(reached)s %(during)s."),
        "commission": _("Your commission %(during)s reached %(reached)s."),
    }
    values = {"during": during(trace["period"]), "reached": _figure(trace, trace["reached"])}
    return texts[trace["metric"]] % values


def _figure(trace: Trace, value: int) -> str:
    return conversions_in_words(value) if trace["metric"] == "conversions" else money_in_words(trace, value)

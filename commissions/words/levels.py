"""The levels above the sale in words: what a sponsor gets for a sale of a partner."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from commissions.words.figures import money_in_words, rate_in_words, share_in_words
from commissions.words.limits import limits_in_words
from commissions.words.lines import Trace, own_part, rounding

_SAME = Fraction(1, 10**9)  # of a minor unit


def level_in_words(trace: Trace, party: Trace) -> list[str]:
    """Say what a sale earned at a level above 1 for one enrollment."""
    step = trace["levels"][party["level"] - 1]
    share, exact = Fraction(party["share"]), Fraction(party["unrounded"])
    whole = Fraction(party["of"]) * Fraction(party["rate"]) / 100
    texts = [whose_sale(party["level"])]
    if (
        abs(whole * share - exact) > _SAME
    ):  # several partners below it, for each of whom the sale is worth another sum
        values = {"level": party["level"], "sum": money_in_words(trace, exact)}
        texts.append(_("Level %(level)s pays on the parts of several partners, together %(sum)s.") % values)
        return [*texts, *rounding(trace, party), *limits_in_words(trace, party)]
    texts.append(level_pays_in_words(trace, step, party, whole))
    if share == 1:
        texts += own_part(trace, party)
    else:
        values = {"share": share_in_words(share), "amount": money_in_words(trace, exact)}
        text = _("The sale is shared. The share of partners below you is %(share)s: %(amount)s.")
        texts += [text % values, *rounding(trace, party)]
    return [*texts, *limits_in_words(trace, party)]


def whose_sale(level: int) -> str:
    """Who made the sale, without a name."""
    if level == 2:
        return _("A partner you recruited made this sale.")
    return _("A partner %(steps)s steps below you made this sale.") % {"steps": level - 1}


def level_pays_in_words(trace: Trace, step: Trace, party: Trace, whole: Fraction) -> str:
    """What a level pays, of what, and by whose rate; `whole` is the result for the whole sale."""
    values = {
        "level": party["level"],
        "rate": rate_in_words(party["rate"]),
        "of": money_in_words(trace, party["of"]),
        "sum": money_in_words(trace, whole),
    }
    texts = {
        "base": _("Level %(level)s pays %(rate)s %% of the commissionable base of %(of)s: %(sum)s."),
        "level_1": _("Level %(level)s pays %(rate)s %% of level 1, %(of)s before rounding: %(sum)s."),
        "below": _("Level %(level)s pays %(rate)s %% of the level below, %(of)s before rounding: %(sum)s."),
    }
    text = texts[step["basis"]] % values
    if not party.get("group") or Decimal(party["rate"]) == Decimal(step["rate"]):
        return text
    values = {"text": text, "rate": rate_in_words(party["rate"]), "group": party["group"]}
    return _("%(text)s %(rate)s %% is the rate of your group “%(group)s”.") % values

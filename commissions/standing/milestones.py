"""One counter on its way to the next bracket, bonus or limit, and what is missing in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _, ngettext

from commissions.words import amount_in_words
from core.money import exponent


@dataclass(frozen=True, slots=True)
class Progress:
    """One counter and its next milestone; `kind` is brackets, bonus or cap, `name` that of the rule or bonus.

    `value`, `step_now`, `step_next` and `missing` are minor units of `currency`, or a number where `metric` is
    conversions; the last two are None at the top. `pays_now` and `pays_next` say what is paid below and above.
    """

    kind: str
    name: str
    metric: str
    period: str
    period_words: str
    currency: str
    value: int
    step_now: int
    step_next: int | None
    missing: int | None
    pays_now: str = ""
    pays_next: str = ""
    is_retroactive: bool = False
    ends: date | None = None

    @property
    def filled(self) -> int:
        """How much of the way from the step reached to the next milestone is done, in per cent: 0 to 100."""
        if self.step_next is None:
            return 100
        way = self.step_next - self.step_now
        return max(0, min(100, (self.value - self.step_now) * 100 // way)) if way else 100

    @property
    def stand(self) -> str:
        """The counter beside its next milestone, in words."""
        if self.step_next is None:
            return self.in_words(self.value)
        values = {"value": self.in_words(self.value), "next": self.in_words(self.step_next)}
        if self.metric == "conversions":
            return (
                ngettext(
                    "%(value)s of %(next)s conversion", "%(value)s of %(next)s conversions", self.step_next
                )
                % values
            )
        return _("%(value)s of %(next)s") % values

    @property
    def is_reached(self) -> bool:
        """Is there nothing left to reach?"""
        return self.missing is None

    def in_words(self, amount: int) -> str:
        """An amount of the counter: money, or a number of sales."""
        if self.metric == "conversions":
            return str(amount)
        return amount_in_words(Decimal(amount), self.currency, exponent(self.currency))

    @property
    def sentence(self) -> str:
        """What is missing and what it brings."""
        return {"brackets": _to_next_bracket, "bonus": _to_bonus, "cap": _to_cap}[self.kind](self)


def _more(row: Progress) -> str:
    """What is missing, in words: an amount of sales, a number of sales, or an amount of commission."""
    missing = row.missing or 0
    values = {"missing": row.in_words(missing), "period": row.period_words}
    if row.metric == "conversions":
        more = ngettext(
            "%(missing)s more conversion %(period)s", "%(missing)s more conversions %(period)s", missing
        )
        return more % values
    if row.metric == "commission":
        return _("%(missing)s more commission %(period)s") % values
    return _("%(missing)s more in sales %(period)s") % values


def _to_next_bracket(row: Progress) -> str:
    values = {"pays": row.pays_next or row.pays_now, "period": row.period_words}
    if row.is_reached:
        if row.is_retroactive:
            return _("You are at the highest step: all sales %(period)s pay %(pays)s.") % values
        return _("You are at the highest step: every further sale pays %(pays)s.") % values
    values["more"] = _more(row)
    if row.is_retroactive:
        return _("%(more)s, and all your sales of the period pay %(pays)s, the earlier ones too.") % values
    return _("%(more)s, and every further sale pays %(pays)s.") % values


def _to_bonus(row: Progress) -> str:
    if row.is_reached:
        return _("Reached: the bonus of %(pays)s is yours as long as refunds do not undo it.") % {
            "pays": row.pays_next
        }
    return _("%(more)s, and you get the bonus of %(pays)s.") % {"more": _more(row), "pays": row.pays_next}


def _to_cap(row: Progress) -> str:
    values = {"period": row.period_words, "limit": row.in_words(row.step_next or 0)}
    if row.is_reached:
        return (
            _("You have reached the limit of %(limit)s %(period)s: nothing more is paid above it.") % values
        )
    values["missing"] = row.in_words(row.missing or 0)
    return (
        _("The plan pays at most %(limit)s %(period)s; up to %(missing)s of it can still be earned.") % values
    )

"""What shop, payment system and CRM say of an order and its buyer, in their words."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from fraud.checks.base import YES_OR_NO, Check, Limits, Measure
from fraud.checks.facts import SaleFacts
from fraud.states import Action, Cause, Subject

LOW, MEDIUM, HIGH = 0, 1, 2
# Shopify's RiskAssessmentResult (low, medium, high), Stripe Radar's outcome.risk_level (normal, elevated, highest),
# and what shops' plug-ins write. Words that are not here are no assessment: none, pending, not_assessed, unknown.
RISKS: dict[str, int] = {
    "low": LOW,
    "normal": LOW,
    "medium": MEDIUM,
    "elevated": MEDIUM,
    "high": HIGH,
    "highest": HIGH,
    "critical": HIGH,
}
DISPUTED = {"won": 0, "opened": 1, "lost": 2}  # "" is none
# Who says it where a person of the company does. No system has such a name: sources of connections are slugs, and
# fraud.actions.testimonies takes it from nobody else.
COLLEAGUE = "@colleague"


def high_risk(facts: SaleFacts) -> Measure | None:
    """Return the shop's own assessment: 0 low, 1 medium, 2 high."""
    level = risk_of(facts.told.risk)
    return None if level is None else Measure(level, figures=_by(facts.told.risk_by), rows=facts.rows())


def medium_risk(facts: SaleFacts) -> Measure | None:
    """Say whether the shop's own assessment is the middle one."""
    level = risk_of(facts.told.risk)
    if level is None:
        return None
    return Measure(float(level == MEDIUM), figures=_by(facts.told.risk_by), rows=facts.rows())


def dispute_opened(facts: SaleFacts) -> Measure | None:
    """Say whether the buyer disputes the payment, and nobody has decided yet."""
    return _dispute(facts, "opened")


def dispute_lost(facts: SaleFacts) -> Measure | None:
    """Say whether the shop has lost a dispute about the payment."""
    return _dispute(facts, "lost")


def blocked_customer(facts: SaleFacts) -> Measure | None:
    """Return whether the buyer is blocked: 1 by a system, 2 by a colleague, who may know of what was cleared before."""
    told = facts.told
    if told.is_blocked is None:
        return None
    value = float(told.is_blocked) * (2 if told.blocked_by == COLLEAGUE else 1)
    return Measure(value, figures=_by(told.blocked_by), rows=facts.rows())


def bad_status(facts: SaleFacts) -> Measure | None:
    """Say whether the CRM gives the buyer a status that the policy lists as bad."""
    told = facts.told
    if not told.crm_status or not told.bad_statuses:
        return None
    bad = {status.strip().casefold() for status in told.bad_statuses}
    is_bad = told.crm_status.strip().casefold() in bad
    return Measure(float(is_bad), figures={"status": told.crm_status} | _by(told.crm), rows=facts.rows())


def risk_of(word: str) -> int | None:
    """Return LOW, MEDIUM or HIGH for a system's word, in any case; None for one that assesses nothing."""
    return RISKS.get(word.strip().casefold())


def _dispute(facts: SaleFacts, state: str) -> Measure | None:
    said = facts.told.dispute
    if said is None or (said and said not in DISPUTED):
        return None
    return Measure(float(said == state), figures=_by(facts.told.dispute_by), rows=facts.rows())


def _by(system: str) -> dict[str, Any]:
    return {"system": system}


PAYMENT = _("The shop is still checking the payment of this order.")
PAYMENT_PAST = _("The shop had doubts about the payment of this order.")

CHECKS: tuple[Check[SaleFacts], ...] = (
    Check(
        name="high_risk",
        cause=Cause.SYSTEMS,
        subject=Subject.CONVERSION,
        title=_("High risk, says the shop"),
        statistic=_("the shop’s own assessment: 0 low, 1 medium, 2 high"),
        sentence=_("%(system)s calls the risk of this order high."),
        plain=PAYMENT,
        past=PAYMENT_PAST,
        honest=_("Gifts, travelers and first orders from a new device."),
        measure=high_risk,
        limits=Limits(HIGH),
        between=(MEDIUM, HIGH),
        weight=2.0,
    ),
    Check(
        name="medium_risk",
        cause=Cause.SYSTEMS,
        subject=Subject.CONVERSION,
        title=_("Medium risk, says the shop"),
        statistic=_("medium: 1, otherwise 0"),
        sentence=_("%(system)s calls the risk of this order medium."),
        plain=PAYMENT,
        past=PAYMENT_PAST,
        honest=_("Most of these orders are good."),
        measure=medium_risk,
        limits=Limits(1),
        between=YES_OR_NO,
        weight=0.5,
        action=Action.NOTE,
    ),
    Check(
        name="dispute_opened",
        cause=Cause.SYSTEMS,
        subject=Subject.CONVERSION,
        title=_("The payment is disputed"),
        statistic=_("disputed and undecided: 1, otherwise 0"),
        sentence=_("The buyer disputes the payment, says %(system)s."),
        plain=_("The customer disputes the payment of this order."),
        past=_("The customer disputed the payment of this order."),
        honest=_("A parcel that was lost, or a name on the bill that the buyer does not know."),
        measure=dispute_opened,
        limits=Limits(1),
        between=YES_OR_NO,
        weight=1.5,
    ),
    Check(
        name="dispute_lost",
        cause=Cause.SYSTEMS,
        subject=Subject.CONVERSION,
        title=_("A dispute was lost"),
        statistic=_("lost: 1, otherwise 0"),
        sentence=_("The shop has lost a dispute about the payment, says %(system)s."),
        plain=_("The payment of this order went back to the customer."),
        honest=_("Disputes about late or broken goods, which are no fault of the affiliate’s."),
        measure=dispute_lost,
        limits=Limits(1),
        between=YES_OR_NO,
        weight=2.5,
    ),
    Check(
        name="blocked_customer",
        cause=Cause.SYSTEMS,
        subject=Subject.CONVERSION,
        title=_("The buyer is blocked"),
        statistic=_("blocked by a system: 1, by a colleague: 2, otherwise 0"),
        sentence=_("The buyer is blocked by %(system)s."),
        plain=_("We check the customer of this order."),
        past=_("We checked the customer of this order."),
        honest=_("Customers who were blocked for unpaid bills long ago."),
        measure=blocked_customer,
        limits=Limits(1),
        between=(1.0, 2.0),
        weight=1.5,
    ),
    Check(
        name="bad_status",
        cause=Cause.SYSTEMS,
        subject=Subject.CONVERSION,
        title=_("A bad status in the CRM"),
        statistic=_("status on the policy’s list: 1, otherwise 0"),
        sentence=_("%(system)s has the buyer as “%(status)s”."),
        plain=_("We check the customer of this order."),
        past=_("We checked the customer of this order."),
        honest=_("A status that nobody has brought up to date."),
        measure=bad_status,
        limits=Limits(1),
        between=YES_OR_NO,
        weight=1.0,
    ),
)

"""All that says what a conversion is worth, read in one place: newest revision, refunds, decision, version, rate."""

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import Sum

from affiliates.models import Enrollment
from commissions.actions.exchange import exchange_for
from commissions.actions.plans import plan_version_for
from commissions.counters import NONE, Counters
from commissions.earned import Earned
from commissions.exchange import is_by_hand, missing_rate_reason
from commissions.models import Commission, Exchange, PlanVersion, Reversal, Transfer
from commissions.plan import Plan, parse_plan
from commissions.rates import Credited, evaluate
from commissions.sale import Sale
from commissions.valuation import Known, Refunded, dues, extra_of, refunded_of, sale_of
from core.money import MoneyError
from tracking import actions as tracking
from tracking.hearsay import DOUBTS
from tracking.models import Conversion, Decision, Refund
from tracking.orders import OrderIn
from tracking.states import OrderState
from tracking.subscriptions import Standing, standing
from tracking.vocabulary import Words

Key = tuple[int, int]  # enrollment, level


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a conversion; while `reason` is not empty it cannot be valued."""

    conversion: Conversion
    value: OrderIn
    decision: Decision
    held: dict[Key, Commission]
    refunds: list[Refund]
    version: PlanVersion | None = None
    plan: Plan | None = None
    sale: Sale | None = None
    exchange: Exchange | None = None
    reason: str = ""

    @property
    def counts(self) -> bool:
        """Whether the order is a sale at present."""
        return self.value.state == OrderState.SALE

    @property
    def earners(self) -> list[int]:
        """The enrollments whose counters it reads: those credited, and those that the plan splits with."""
        if self.sale is None:
            return []
        credited = {credit.enrollment_id for credit in self.sale.credits}
        return sorted(credited | set(self.sale.partners.values()))

    @property
    def declined(self) -> set[Key]:
        """Commissions that were refused: they hold nothing, whatever the plan says."""
        return {key for key, row in self.held.items() if row.state == "declined"}

    @property
    def uncounted(self) -> set[Key]:
        """Commissions that count for nothing: declined ones, and those held because a browser alone says so."""
        doubtful = {key for key, row in self.held.items() if row.is_held and row.reason in DOUBTS}
        return self.declined | doubtful


@dataclass(frozen=True, slots=True)
class Due:
    """What a conversion is worth by all facts: the full amounts, what refunds leave of them, and why."""

    earned: dict[Key, Earned]
    left: dict[Key, int]
    trace: dict[str, object]
    refunded: Refunded
    credited: tuple[Credited, ...] = ()


NOTHING = Due({}, {}, {}, Refunded())


def facts_of(conversion: Conversion, *, to_settle: bool = False) -> Facts:
    """Read what is known; `to_settle` locks the commissions and freezes the exchange rate found."""
    decision = conversion.decisions.select_related("enrollment").get(is_current=True)
    value = conversion.order.as_value()
    held = held_by(conversion, lock=to_settle)
    refunds = list(conversion.order.refunds.in_force().order_by("external_id"))
    known = Facts(conversion, value, decision, held, refunds)
    if decision.enrollment is None:
        return known
    where = standing(conversion) if value.subscription else None
    exchange = exchange_for(conversion, value.currency, conversion.occurred_at, keep=to_settle)
    version = _version(conversion, decision.enrollment, held, where)
    if reason := _missing(conversion, value, exchange, version):
        return replace(known, version=version, reason=reason)
    assert version is not None  # noqa: S101 - _missing has said so otherwise
    plan = plan_of(version, conversion.program.currency)
    if where is None and plan.asks_payment:
        where = standing(conversion)
    words = tracking.words_of(conversion, value, keep=to_settle)
    try:
        sale = _sale(
            conversion,
            value,
            decision,
            plan,
            version,
            held,
            where,
            exchange.rate if exchange else None,
            words,
        )
    except MoneyError as too_large:
        return replace(known, version=version, reason=str(too_large))
    return replace(known, version=version, plan=plan, sale=sale, exchange=exchange)


def due_by(facts: Facts, counters: Counters = NONE) -> Due | None:
    """Return what the facts come to; nothing is posted. None for a commission too large to be kept."""
    if facts.plan is None or facts.sale is None:
        return NOTHING
    try:
        evaluation = evaluate(facts.plan, facts.sale, counters)
    except MoneyError:
        return None
    earned = {(one.enrollment_id, one.level): one for one in evaluation.commissions}
    extra = extra_of(facts.conversion.program, facts.value, facts.decision)
    refunded = refunded_of(facts.value, extra, facts.refunds)
    left = dues(evaluation.commissions, refunded) if facts.counts else {}
    trace = evaluation.trace | _exchanged(facts.exchange)
    return Due(earned, left, trace, refunded, evaluation.credited if facts.counts else ())


def _exchanged(exchange: Exchange | None) -> dict[str, Any]:
    """The rate, for the trace; who published it, without naming the colleague who typed it."""
    if exchange is None:
        return {}
    source = "" if is_by_hand(exchange.source) else exchange.source
    rate = {"currency": exchange.currency, "rate": f"{exchange.rate.normalize():f}", "source": source}
    return {"exchange": rate | {"as_of": exchange.as_of.date().isoformat()}}


def held_by(conversion: Conversion, *, lock: bool = False) -> dict[Key, Commission]:
    """Return (enrollment, level) -> commission, the lowest level first."""
    rows = conversion.commissions.select_related("plan_version__plan", "program").order_by("level", "pk")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    return {(row.enrollment_id, row.level): row for row in rows}


def taken_from(commissions: list[Commission]) -> dict[int, int]:
    """Return commission id -> minor units taken back so far; a new conversion has none to ask for."""
    if not commissions:
        return {}
    rows = Reversal.objects.filter(commission__in=commissions).order_by()
    return dict(rows.values_list("commission").annotate(Sum("amount")))


def plan_of(version: PlanVersion, currency: str) -> Plan:
    """Return the parsed plan of a version; what it says never changes, so it is parsed once."""
    return _parsed(json.dumps(version.body), currency)


@lru_cache(maxsize=256)
def _parsed(text: str, currency: str) -> Plan:
    return parse_plan(json.loads(text), currency)


def _missing(
    conversion: Conversion, value: OrderIn, exchange: Exchange | None, version: PlanVersion | None
) -> str:
    """Return the sentence that says what is missing, or an empty text."""
    currency = conversion.program.currency
    if exchange is None and value.currency != currency:
        return missing_rate_reason(value.currency, currency, conversion.occurred_at)
    if version is None:
        return "No plan was in force when the order was made: publish and assign one."
    return ""


def _version(
    conversion: Conversion, winner: Enrollment, held: dict[Key, Commission], where: Standing | None
) -> PlanVersion | None:
    """Return its subscription's version, else the one it was first valued by, else that in force when it occurred."""
    root = where.root if where else None
    if root is not None and root.pk != conversion.pk:
        rows = root.commissions.filter(enrollment=winner, level=1).select_related("plan_version__plan")
        if began := _own_version(rows.first(), winner):
            return _transferred(began, conversion)
    if first := _own_version(held.get((winner.pk, 1)), winner):
        return first
    return plan_version_for(winner, conversion.occurred_at)


def _own_version(row: Commission | None, winner: Enrollment) -> PlanVersion | None:
    """The version of a commission of level 1 by the affiliate's own plan.

    A split's is somebody else's, and so is that of a sale which was first shared with another one as its principal.
    """
    if row is None:
        return None
    credited = [own["enrollment"] for own in row.trace.get("credited", ())]
    return row.plan_version if row.trace.get("v") == 1 or credited[:1] == [winner.pk] else None


def _transferred(version: PlanVersion, conversion: Conversion) -> PlanVersion:
    """Follow the transfers of a subscription's version that were in force when the conversion occurred."""
    rows = Transfer.objects.filter(plan=version.plan_id, effective_at__lte=conversion.occurred_at)
    for row in rows.select_related("to_version__plan").order_by("effective_at", "pk"):
        if row.from_version_id == version.pk:
            version = row.to_version
    return version


def _sale(
    conversion: Conversion,
    value: OrderIn,
    decision: Decision,
    plan: Plan,
    version: PlanVersion,
    held: dict[Key, Commission],
    where: Standing | None,
    rate: Decimal | None,
    words: Words,
) -> Sale:
    known = Known(
        new_customer=conversion.is_new_customer,
        payment=where.payment if where else None,
        months=where.months if where else None,
        occurred_at=conversion.occurred_at,
        rate=rate,
        partners=_partners(conversion, plan, version, held) if plan.split else {},
        words=words,
    )
    return sale_of(conversion.program, value, decision, known)


def _partners(
    conversion: Conversion, plan: Plan, version: PlanVersion, held: dict[Key, Commission]
) -> dict[str, int]:
    """Return code -> enrollment of those the plan splits with: frozen with the first commission, else who is active."""
    rows = (row for row in held.values() if row.plan_version_id == version.pk)
    frozen = next((row.trace["split"] for row in rows if "split" in row.trace), None)
    if frozen is not None:
        return {row["affiliate"]: row["enrollment"] for row in frozen if row["enrollment"]}
    codes = [split.affiliate for split in plan.split]
    active = Enrollment.objects.active().filter(program=conversion.program_id, code__in=codes)
    return dict(active.values_list("code", "pk"))

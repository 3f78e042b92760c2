"""Reads what a simulation replays: real conversions in chunks, with a fixed number of questions for each chunk."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db.models import F, Sum
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce

from affiliates.models import Enrollment, Program
from commissions.counting import Counted, Key
from commissions.models import Commission, Volume
from commissions.plan import Plan
from commissions.rehearsal.cases import Case
from commissions.sale import Sale
from commissions.states import CommissionState
from commissions.valuation import Known, Refunded, extra_of, refunded_of, sale_of
from core.money import MoneyError, round_half_up
from tracking.models import Conversion, Decision, Refund
from tracking.orders import OrderIn
from tracking.states import OrderState
from tracking.subscriptions import Standing, standings

CHUNK = 2000
NO_RATE, TOO_LARGE = "no_rate", "too_large"  # why a conversion cannot be valued


@dataclass(slots=True)
class Held:
    """What the commissions of one conversion really hold: minor units after reversals, and which were declined."""

    now: dict[Key, int] = field(default_factory=dict)
    declined: set[Key] = field(default_factory=set)
    versions: dict[int, int | None] = field(default_factory=dict)  # of level 1, by enrollment

    @property
    def is_refused(self) -> bool:
        """Whether all of it was declined."""
        return bool(self.declined) and not self.now


@dataclass(frozen=True, slots=True)
class Beside:
    """What belongs to the conversions of a chunk, by the id of the conversion (refunds: of the order)."""

    held: Mapping[int, Held]
    refunds: Mapping[int, list[Refund]]
    counted: Mapping[int, list[Counted]]
    standings: Mapping[int, Standing]


class CaseRows:
    """The credited conversions of a stretch as cases, in the order (occurred_at, id); they are read on the way.

    `scope` are the enrollments that the plan is tried on, None for all: what others are credited with is only counted.
    `counts` says that the real counters are needed. `beat` hears after each chunk how many were read.
    """

    def __init__(
        self,
        program: Program,
        plan: Plan,
        between: tuple[datetime, datetime],
        *,
        scope: frozenset[int] | None = None,
        counts: bool = False,
        beat: Callable[[int], None] = lambda read: None,
    ) -> None:
        self.program, self.plan, self.scope = program, plan, scope
        self.counts, self.beat = counts, beat
        rows = Decision.objects.filter(
            program=program,
            is_current=True,
            enrollment__isnull=False,
            conversion__occurred_at__gte=between[0],
            conversion__occurred_at__lt=between[1],
        ).order_by("conversion__occurred_at", "conversion")
        self.ids = array("q", rows.values_list("conversion_id", flat=True).iterator())
        self.partners = self._partners()
        self._decision = Decision()

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Case]:
        for start in range(0, len(self.ids), CHUNK):
            chunk = self.ids[start : start + CHUNK].tolist()
            yield from self._cases(chunk)
            self.beat(len(chunk))

    def _partners(self) -> dict[str, int]:
        """Code -> enrollment of those the plan splits with, as far as they are active now."""
        if not self.plan.split:
            return {}
        codes = [split.affiliate for split in self.plan.split]
        active = Enrollment.objects.active().filter(program=self.program, code__in=codes)
        return dict(active.values_list("code", "pk"))

    def _cases(self, ids: list[int]) -> Iterator[Case]:
        rows = {row["conversion"]: row for row in self._rows(ids)}
        found = [rows[number] for number in ids if number in rows]
        beside = Beside(_held(ids), _refunds(found), self._counted(ids), self._standings(ids))
        for row in found:
            yield self._case(row, beside)

    def _rows(self, ids: list[int]) -> Iterable[dict[str, Any]]:
        """A conversion, its order and its decision in one row each; of the trace only what a sale is made of."""
        rows = Decision.objects.filter(conversion__in=ids, is_current=True, program=self.program)
        found: Iterable[dict[str, Any]] = rows.values(
            "conversion",
            "enrollment",
            "credits",
            includes=KeyTransform("includes", "trace"),
            sub_ids=KeyTransform("sub_ids", "trace"),
            at=F("conversion__occurred_at"),
            is_new=F("conversion__is_new_customer"),
            words=F("conversion__words"),
            order=F("conversion__order"),
            state=F("conversion__order__state"),
            snapshot=F("conversion__order__snapshot"),
            rate=F("conversion__exchange__rate"),
            rate_from=F("conversion__exchange__currency"),
            rate_into=F("conversion__exchange__into"),
        )
        return found

    def _counted(self, ids: list[int]) -> dict[int, list[Counted]]:
        found: dict[int, list[Counted]] = defaultdict(list)
        if self.counts:
            rows = Volume.objects.filter(conversion__in=ids)
            columns = ("conversion", "enrollment", "base", "conversions", "commission", "spent")
            for number, *values in rows.values_list(*columns):
                found[number].append(Counted(*values))
        return found

    def _standings(self, ids: list[int]) -> dict[int, Standing]:
        if not self.plan.asks_payment:
            return {}
        rows = Conversion.objects.filter(pk__in=ids, program=self.program)
        return standings(list(rows.select_related("program", "order")))

    def _case(self, row: dict[str, Any], beside: Beside) -> Case:
        number, winner = row["conversion"], row["enrollment"]
        held = beside.held.get(number) or Held()
        at = self.program.local(row["at"]).replace(tzinfo=None)
        counted = tuple(beside.counted.get(number, ()))
        version = held.versions.get(winner)
        if self.scope is not None and winner not in self.scope:
            return Case(at, None, counted=counted, version=version, is_elsewhere=True)
        if row["state"] != OrderState.SALE or held.is_refused:
            return Case(at, None, counted=counted, version=version, is_void=True)
        value = OrderIn.from_json(row["snapshot"])
        decision = self._decided(row)
        try:
            sale, why = self._sale(row, value, decision, beside.standings.get(number))
        except MoneyError:
            sale, why = None, TOO_LARGE
        if sale is None:
            return Case(at, None, why, now=held.now, counted=counted, version=version)
        refunded = refunded_of(
            value, extra_of(self.program, value, decision), beside.refunds.get(row["order"], [])
        )
        return Case(
            at=at,
            sale=sale,
            revenue=_revenue(sale, refunded),
            now=held.now,
            parts=refunded.parts,
            units=refunded.units,
            declined=frozenset(held.declined),
            counted=counted,
            version=version,
        )

    def _decided(self, row: dict[str, Any]) -> Decision:
        """The decision as far as a sale needs it: one row in memory, filled anew for each, and never stored."""
        self._decision.credits = row["credits"]
        self._decision.trace = {name: row[name] for name in ("includes", "sub_ids") if row[name] is not None}
        return self._decision

    def _sale(
        self, row: dict[str, Any], value: OrderIn, decision: Decision, standing: Standing | None
    ) -> tuple[Sale | None, str]:
        """The sale, or why it cannot be valued: its currency is not the program's and no rate was ever found for it."""
        if value.currency != self.program.currency and (row["rate_from"], row["rate_into"]) != (
            value.currency,
            self.program.currency,
        ):
            return None, f"{NO_RATE}:{value.currency}"
        known = Known(
            new_customer=row["is_new"],
            payment=standing.payment if standing else None,
            months=standing.months if standing else None,
            occurred_at=row["at"],
            rate=row["rate"],
            partners=self.partners,
            words=row["words"] or {},
        )
        return sale_of(self.program, value, decision, known), ""


def _held(ids: list[int]) -> dict[int, Held]:
    found: dict[int, Held] = defaultdict(Held)
    rows = Commission.objects.filter(conversion__in=ids).order_by()
    columns = ("conversion", "enrollment", "level", "amount", "state", "plan_version")
    taken = Coalesce(Sum("reversals__amount"), 0)
    for number, who, level, amount, state, version, back in rows.values_list(*columns).annotate(taken=taken):
        held = found[number]
        if level == 1:
            held.versions[who] = version
        if state == CommissionState.DECLINED:
            held.declined.add((who, level))
        else:
            held.now[who, level] = amount - back
    return found


def _refunds(rows: Sequence[dict[str, Any]]) -> dict[int, list[Refund]]:
    """Refunds in force by order, in the order in which the books take them."""
    found: dict[int, list[Refund]] = defaultdict(list)
    orders = [row["order"] for row in rows]
    for refund in Refund.objects.in_force().filter(order__in=orders).order_by("external_id"):
        found[refund.order_id].append(refund)
    return found


def _revenue(sale: Sale, refunded: Refunded) -> int:
    """What the sale brought, in minor units: goods that are not excluded, and what else earns, less refunds."""
    lines = [line for line in sale.all_lines if not line.excluded]
    if not refunded.parts:
        return sum(line.net for line in lines)
    kept = (line.net * (1 - refunded.parts.get(line.key, Fraction(0))) for line in lines)
    return round_half_up(sum(kept, Fraction(0)))

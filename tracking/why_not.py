"""“Why not me?” An affiliate names an order and reads why it was credited, or was not. Only reads.

An order with which nothing of the affiliate's has to do answers exactly as one that does not exist: nobody learns by
asking which orders the shop has.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _, ngettext

from affiliates.models import Enrollment, Program
from tracking.attribution.touches import CODE, REFERRER, SKEW
from tracking.attribution.why_not import Reason, concerns, percent, reasons, share_of
from tracking.evidence import weigh
from tracking.evidence.said import evidence_of
from tracking.evidence.visitors import visitors_of
from tracking.models import Click, Conversion, Impression, Order
from tracking.states import ConversionState, OrderState
from tracking.words import WHY

TOLERANCE = timedelta(days=3)  # a buyer's day is not always the shop's
BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OwnTouch:
    """A touch of the affiliate's own before (or after) the order, its share, and a sentence about it."""

    at: datetime
    kind: str
    share: Fraction
    words: str

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known; `found` says whether an order of that number and day has to do with the affiliate."""

    found: bool
    sentences: list[str]
    touches: list[OwnTouch] = field(default_factory=list)
    codes: tuple[str, ...] = ()


def why_not(program: Program, enrollment: Enrollment, order_number: str, day: date) -> Answer:
    """Say why the order of that number, made within three days of `day`, was credited to the enrollment or was not."""
    begins, ends = program.span_of(day)[0] - TOLERANCE, program.span_of(day)[1] + TOLERANCE
    orders = Order.objects.filter(
        program=program, external_id=order_number.strip(), occurred_at__gte=begins, occurred_at__lt=ends
    )
    if enrollment.program_id != program.pk:
        orders = orders.none()
    for order in orders.select_related("program", "customer").order_by("occurred_at", "pk"):
        answer = _answer(order, enrollment)
        if answer is not None:
            return answer
    return _nothing(enrollment, program.span_of(day)[1])


def _answer(order: Order, enrollment: Enrollment) -> Answer | None:
    """What is known of an order; None if nothing of the enrollment's has to do with it."""
    conversion = Conversion.objects.filter(order=order).prefetch_related("decisions").first()
    decision = conversion.decision if conversion else None
    trace = decision.trace if decision else weigh(order, hears_claims=False).trace
    later = _later(order, enrollment)
    if not concerns(trace, enrollment.pk) and not later:
        return None
    found = [*_state(order, conversion), *(reasons(trace, enrollment.pk) if decision else ())]
    if later and decision and not concerns(trace, enrollment.pk):
        found.append(Reason("after_order", _("Your click came after the order.")))
    touches = [*_touches(trace, order, enrollment), *later]
    return Answer(True, [one.text for one in found], touches, tuple(one.code for one in found))


def _nothing(enrollment: Enrollment, until: datetime) -> Answer:
    rows = Click.objects.filter(enrollment=enrollment, at__gte=until - BEFORE, at__lt=until, is_bot=False)
    clicks = sum(rows.filter(is_read=each).count() for each in (True, False))  # each has an index of its own
    first = _(
        "We know of no order of that number and day that has to do with you: either the shop has not told us of it, "
        "or no click, advertisement or code of yours was recorded before it."
    )
    second = ngettext(
        "In the 30 days until then your links were followed %(count)s time.",
        "In the 30 days until then your links were followed %(count)s times.",
        clicks,
    )
    return Answer(False, [first, second % {"count": clicks}], [], ("nothing",))


def _state(order: Order, conversion: Conversion | None) -> Iterator[Reason]:
    """Why an order earns nothing, or not yet, whoever is credited."""
    if order.state == OrderState.OPEN:
        yield Reason("open", _("The order is not paid yet; it is looked at again as soon as it is."))
    elif order.state in {OrderState.VOID, OrderState.GONE}:
        yield Reason("void", _("The order was canceled."))
    elif order.state == OrderState.REFUNDED:
        yield Reason("refunded", _("The buyer got all the money back."))
    if conversion is not None and conversion.state == ConversionState.PARKED:
        yield Reason(
            "parked", _("The order is set aside for now: the company has to mend something before it counts.")
        )
    lines = order.snapshot["lines"]
    if lines and all(line["excluded"] for line in lines):
        yield Reason(
            "excluded", _("Nothing in this order earns commission: the program leaves these goods out.")
        )


# --- the affiliate's own touches ---------------------------------------------------------------------------
def _touches(trace: dict[str, Any], order: Order, enrollment: Enrollment) -> list[OwnTouch]:
    rows = [row for row in trace.get("touches", ()) if row["enrollment"] == enrollment.pk]
    links = _links(rows, enrollment)
    return [_touch(row, order, links.get(row["click"], ""), share_of(trace, enrollment.pk)) for row in rows]


def _touch(row: dict[str, Any], order: Order, link: str, whole: Fraction) -> OwnTouch:
    at = datetime.fromisoformat(row["at"])
    share = Fraction(row.get("share", whole if row["won"] else 0))
    values = {"what": _what(row, link), "when": _moment(order.program, at), "fate": _fate(row, share)}
    return OwnTouch(at, row.get("kind", "c"), share, _("%(what)s, %(when)s: %(fate)s.") % values)


def _what(row: dict[str, Any], link: str) -> str:
    if row["via"] == CODE:
        return _("Your code, given with the order")
    if row["via"] == REFERRER:
        return _("Buyer sent by your page %(page)s") % {"page": row.get("page", "")}
    if row.get("kind") == "v":
        return _("Advertisement seen: %(link)s") % {"link": link} if link else _("Advertisement seen")
    return _("Link followed: %(link)s") % {"link": link} if link else _("Link followed")


def _fate(row: dict[str, Any], share: Fraction) -> str:
    if not row["won"]:
        return str(WHY.get(row["why"], row["why"]))
    return _("counted") if share == 1 else _("counted with %(share)s") % {"share": percent(share)}


def _links(rows: list[dict[str, Any]], enrollment: Enrollment) -> dict[str, str]:
    """Click or view id -> the name of the affiliate's own link."""
    ids = [UUID(row["click"]) for row in rows if row["click"]]
    found: dict[str, str] = {}
    for model in (Click, Impression) if ids else ():
        own = model.objects.filter(pk__in=ids, enrollment=enrollment).select_related("link")
        found |= {str(row.pk): row.link.name or row.link.code for row in own}
    return found


def _later(order: Order, enrollment: Enrollment) -> list[OwnTouch]:
    """Clicks of the same browsers on the affiliate's links after the order."""
    value = order.as_value()
    whose = visitors_of(order, value, evidence_of(value)).all
    if not whose:
        return []
    after = order.occurred_at + SKEW
    rows = Click.objects.filter(
        enrollment=enrollment, visitor__in=whose, at__gt=after, at__lte=after + TOLERANCE, is_bot=False
    )
    return [_late(click, order) for click in rows.select_related("link").order_by("at", "pk")[:10]]


def _late(click: Click, order: Order) -> OwnTouch:
    values = {
        "what": _("Link followed: %(link)s") % {"link": click.link.name or click.link.code},
        "when": _moment(order.program, click.at),
        "fate": WHY["after_order"],
    }
    return OwnTouch(click.at, "c", Fraction(0), _("%(what)s, %(when)s: %(fate)s.") % values)


def _moment(program: Program, at: datetime) -> str:
    return date_format(program.local(at), "j F Y, H:i")

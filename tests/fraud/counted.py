"""Clicks and orders by hand, and what stands counted of a day."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from affiliates.models import Enrollment
from commissions import actions as commissions
from commissions.models import Commission
from commissions.states import Screening
from fraud.actions.days import count_days, mark_stale
from fraud.models import DayCount
from fraud.partners import Tally
from tests import makers
from tests.makers import NOON
from tracking.models import Click, Conversion
from tracking.orders import Evidence
from tracking.states import RefundKind

TODAY = NOON.date()
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def click(enrollment: Enrollment, at: datetime = NOON, **fields: Any) -> Click:
    known = {"is_read": True, "ip": "192.0.2.0", "user_agent": "Firefox", **fields}
    return makers.make_click(enrollment, at, **known)[0]


def tally(enrollment: Enrollment, day: date = TODAY) -> Tally:
    """What stands counted of a day."""
    row = DayCount.objects.get(enrollment=enrollment, day=day)
    assert not row.is_stale
    return Tally.from_json(row.counts)


def counted(enrollment: Enrollment, at: datetime = NOON + 2 * HOUR, day: date = TODAY) -> Tally:
    """Count a day and return it."""
    mark_stale(enrollment.program, [(enrollment.pk, day)])
    count_days(enrollment.program, at=at)
    return tally(enrollment, day)


def order_after(enrollment: Enrollment, after: timedelta, country: str = "", **fields: Any) -> Conversion:
    """An order of a visitor, so long after the click."""
    row, tid = makers.make_click(enrollment, NOON, is_read=True, country=country, **fields)
    at = row.at + after
    order = makers.make_order(occurred_at=at, revision_at=at, captured_at=at)
    customer = replace(order.customer, country="DE")
    order = replace(order, evidence=Evidence(tid=tid), customer=customer)
    taken = commissions.take_orders(enrollment.program, [order], at=at)[0]
    assert taken.conversion
    return taken.conversion


def refund(conversion: Conversion, at: datetime, kind: str = RefundKind.REFUND) -> None:
    value = replace(makers.make_refund(kind=kind, gross=100), occurred_at=at)
    commissions.take_refunds(conversion.program, conversion.source, conversion.external_id, [value], at=at)


def approve(at: datetime) -> None:
    """Nobody doubts anything, and what has matured is approved."""
    Commission.objects.update(screening=Screening.SCREENED)
    commissions.approve_due(at=at)

"""Visitors who order something after touches, and visitors who do not: as rows."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from affiliates.models import Enrollment
from commissions import actions as commissions
from tests import makers
from tests.makers import NOON, make_click
from tracking.clickid import make, read
from tracking.models import Conversion, Impression, Journey


def bought(
    *touches: tuple[Enrollment, int],
    at: datetime = NOON,
    net: int = 10_000,
    visitor: UUID | None = None,
    **fields: Any,
) -> Conversion:
    """An order after clicks of one visitor, each so many seconds before it, in order; and its journey."""
    visitor = visitor or uuid4()
    clicks = [make_click(who, at - timedelta(seconds=age), visitor=visitor) for who, age in touches]
    said = {
        "occurred_at": at,
        "captured_at": at,
        "revision_at": at,
        "evidence": makers.Evidence(tid=clicks[-1][1]),
    }
    order = makers.make_order(net=net, **said, **fields)
    conversion = commissions.take_orders(touches[0][0].program, [order], at=at)[0].conversion
    assert conversion
    journey(conversion, [[who.pk, age, "c"] for who, age in touches], net, order.currency)
    return conversion


def journey(conversion: Conversion, path: list[Any], value: int = 10_000, currency: str = "EUR") -> None:
    values = {"program": conversion.program, "at": conversion.occurred_at, "path": path}
    values |= {"value": value, "currency": currency}
    Journey.objects.update_or_create(conversion=conversion, defaults=values)


def looked(*touches: tuple[Enrollment, datetime], **fields: Any) -> None:
    """Clicks of one visitor who orders nothing."""
    visitor = fields.pop("visitor", None) or uuid4()
    for who, at in touches:
        make_click(who, at, visitor=visitor, **fields)


def saw(who: Enrollment, at: datetime, visitor: UUID) -> None:
    link = who.links.get(is_default=True)
    named = read(make(link.pk, at))
    assert named
    Impression.objects.create(
        id=named.uuid, link=link, enrollment=who, program=who.program, at=at, visitor=visitor
    )

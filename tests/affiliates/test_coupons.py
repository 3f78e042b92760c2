"""Codes that name an affiliate: retired once, by those who may, and said."""

from datetime import timedelta

import pytest

from affiliates.actions import create_coupon, mark_offline, retire_coupon
from affiliates.models import Enrollment
from affiliates.roles import NotAllowed
from core.models import Event, User
from tests import makers
from tests.makers import NOON

pytestmark = pytest.mark.django_db


def test_retired_code_is_news_once(ann: Enrollment, mia: User) -> None:
    coupon = create_coupon(ann, "spring10", at=NOON)
    later = NOON + timedelta(hours=2)

    first, second = retire_coupon(coupon, actor=mia, at=later), retire_coupon(coupon, actor=mia)

    assert (first.is_active, first.retired_at, second.retired_at) == (False, later, later)
    (event,) = Event.objects.filter(kind="coupon.retired")
    assert (event.tenant_id, event.scope_id, event.at) == (ann.program.merchant_id, ann.program_id, later)


def test_nobody_of_another_company_retires_a_code(ann: Enrollment) -> None:
    eve = makers.make_member(makers.make_merchant("Other"), "owner", "eve@other.example")
    coupon = create_coupon(ann, "spring10", at=NOON)

    with pytest.raises(NotAllowed):
        retire_coupon(coupon, actor=eve)

    coupon.refresh_from_db()
    assert coupon.is_active is True


def test_code_is_marked_as_read_out_once_and_told(ann: Enrollment, mia: User) -> None:
    coupon = create_coupon(ann, "spring10", at=NOON)

    marked = [mark_offline(coupon, actor=mia, at=NOON).is_offline for _twice in range(2)]
    cleared = mark_offline(coupon, False, actor=mia, at=NOON)

    assert (marked, cleared.is_offline, cleared.is_active) == ([True, True], False, True)
    told = Event.objects.filter(kind="coupon.changed").order_by("pk").values_list("data", flat=True)
    assert list(told) == [{"is_offline": [False, True]}, {"is_offline": [True, False]}]


def test_nobody_of_another_company_marks_a_code(ann: Enrollment) -> None:
    eve = makers.make_member(makers.make_merchant("Other"), "owner", "eve@other.example")
    coupon = create_coupon(ann, "spring10", is_offline=True, at=NOON)

    with pytest.raises(NotAllowed):
        mark_offline(coupon, False, actor=eve)

    coupon.refresh_from_db()
    assert coupon.is_offline is True

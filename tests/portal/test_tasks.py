from datetime import timedelta

import pytest

from affiliates.models import Enrollment, Program
from portal.keys import create_key
from portal.models import Answer
from portal.tasks import forget_answers
from tests.makers import NOON, make_commission
from tracking.models import Order

pytestmark = pytest.mark.django_db


def test_answers_are_forgotten_after_thirty_days_and_nothing_else_is(
    program: Program, ann: Enrollment
) -> None:
    make_commission(ann)
    key, _text = create_key(program, "Shop", [])
    for days in (29, 30, 31, 400):
        Answer.objects.create(
            api_key=key, key=str(days), request_hash="", created_at=NOON - timedelta(days=days)
        )

    assert forget_answers(NOON) == 2
    assert forget_answers(NOON) == 0
    assert sorted(Answer.objects.values_list("key", flat=True)) == ["29", "30"]
    assert Order.objects.count() == 1

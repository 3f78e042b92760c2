from datetime import timedelta

import pytest

from affiliates.models import Enrollment, Program
from core.models import Round
from portal.keys import create_key
from portal.models import Answer
from portal.tasks import forget_answers, forget_rounds
from tests.makers import NOON, make_commission
from tracking.models import Order

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


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


def test_old_turns_are_forgotten_but_the_last_that_was_done() -> None:
    for task, days in (("fast", 0), ("fast", 3), ("slow", 3), ("slow", 40), ("broken", 5)):
        period = NOON - timedelta(days=days)
        Round.objects.create(task=task, period=period, done_at=None if task == "broken" else period)

    assert forget_rounds(NOON) == 2
    assert forget_rounds(NOON) == 0
    left = Round.objects.order_by("task").values_list("task", "period")
    assert list(left) == [("broken", NOON - 5 * DAY), ("fast", NOON), ("slow", NOON - 3 * DAY)]

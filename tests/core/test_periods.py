"""The schedule: each turn once, whatever the number of tickers; a missed one is caught up."""

from datetime import UTC, datetime, timedelta

import pytest

from core import periods
from core.models import Round

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ran: list[str] = []


def work() -> None:
    ran.append("work")


def fail() -> None:
    ran.append("fail")
    raise ValueError("broken")


@pytest.fixture(autouse=True)
def table(monkeypatch):
    ran.clear()
    monkeypatch.setattr(
        periods, "schedule", lambda: (periods.Every("tests.core.test_periods.work", timedelta(hours=1)),)
    )


def test_turn_runs_once_an_hour():
    assert [periods.tick(at=NOON + timedelta(minutes=m)) for m in (0, 1, 59, 60, 61)] == [1, 0, 0, 1, 0]
    assert len(ran) == 2


def test_turn_that_another_ticker_holds_is_left_alone():
    Round.objects.create(
        task="tests.core.test_periods.work", period=NOON, lease_until=NOON + timedelta(minutes=10)
    )

    assert periods.tick(at=NOON + timedelta(minutes=5)) == 0
    assert ran == []


def test_turn_of_a_dead_ticker_is_taken_over_after_its_lease():
    Round.objects.create(
        task="tests.core.test_periods.work", period=NOON, lease_until=NOON + timedelta(minutes=10)
    )

    assert periods.tick(at=NOON + timedelta(minutes=11)) == 1
    assert ran == ["work"]


def test_failing_turn_is_tried_again_after_its_lease(monkeypatch):
    monkeypatch.setattr(
        periods, "schedule", lambda: (periods.Every("tests.core.test_periods.fail", timedelta(hours=1)),)
    )

    assert [periods.tick(at=NOON + timedelta(minutes=m)) for m in (0, 1, 11)] == [1, 0, 1]
    assert Round.objects.get().last_error[-7:].strip() == "broken"

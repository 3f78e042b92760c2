"""Who screens a sale and who settles it wait for each other in one order, and find what to wait for at once."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from affiliates.models import Enrollment, Program
from commissions.actions import lock_all
from commissions.models import Commission
from commissions.states import Screening
from fraud.actions import screening
from tests import makers

pytestmark = pytest.mark.django_db(transaction=True)
BLOCKED = 0.5  # seconds after which the other one is taken to wait


def test_screening_and_a_verdict_on_one_sale_do_not_wait_in_a_circle(
    program: Program, ann: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    earned = makers.make_commission(ann)  # of which her sponsor has a part
    first, later = Commission.objects.filter(conversion=earned.conversion_id).order_by("pk")
    Commission.objects.filter(pk=first.pk).update(screening=Screening.SCREENED)
    Commission.objects.filter(pk=later.pk).update(screening=Screening.WAITING)
    numbers, started = [earned.conversion_id], []

    def other() -> None:
        try:
            with transaction.atomic():
                lock_all([first.pk, later.pk])
        finally:
            connections.close_all()

    real = screening.commissions.mark_screened

    def marked(*given: Any, **named: Any) -> int:
        count = real(*given, **named)
        started.append(pool.submit(other))
        sleep(BLOCKED)
        return count

    monkeypatch.setattr(screening.commissions, "mark_screened", marked)
    with ThreadPoolExecutor(1) as pool:
        assert screening.screen_conversions(program, numbers, at=makers.NOON) == 1
        started[0].result(timeout=30)

    later.refresh_from_db()
    assert (later.screening, later.looks) == (Screening.SCREENED, 1)


def test_what_is_locked_is_found_one_table_at_a_time(ann: Enrollment) -> None:
    """PostgreSQL joins row by row what it takes for empty: 30 s for two sales of a database that was just filled."""
    earned = makers.make_commission(ann)

    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        found = lock_all([earned.pk])

    *locking, read = [one["sql"] for one in asked if one["sql"].startswith("SELECT")]
    assert list(found) == [earned.conversion_id]
    assert len(locking) == 5
    assert [sql for sql in locking if " JOIN " in sql or sql.count("SELECT") > 1] == []
    assert " JOIN " in read  # so that the test can tell

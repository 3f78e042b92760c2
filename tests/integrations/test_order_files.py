"""Files of sales: each sale is taken once, what is refused is listed, and old files are forgotten."""

from datetime import timedelta
from typing import Any

import pytest

from affiliates.actions import create_coupon
from affiliates.models import Enrollment, Program
from affiliates.roles import NotAllowed
from commissions.actions import take_orders
from commissions.models import Commission
from core import jobs
from core.models import Event, Job, User
from integrations import actions
from integrations.actions.order_files import BATCH, FileIsElsewhere
from integrations.models import OrderFile
from integrations.order_file_outlook import outlook_of
from integrations.order_files import OrderFileError
from tests import makers
from tests.makers import NOON, make_order, make_order_file
from tracking.models import Order

HEAD = "order,date,total,currency,code\n"


def work() -> None:
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()


def sales(count: int, code: str = "") -> str:
    rows = (f"S-{number},2026-11-01 10:00,100.00,EUR,{code}\n" for number in range(1, count + 1))
    return HEAD + "".join(rows)


@pytest.fixture
def coded(anna: Enrollment) -> Enrollment:
    """Anna, whose code is anna and whose coupon is anna15."""
    return anna


def test_nothing_counts_before_somebody_says_yes(coded: Enrollment) -> None:
    make_order_file(coded.program, sales(3, "anna15"))
    work()

    assert Order.objects.count() == 0


def test_confirmed_file_is_taken_and_credits(coded: Enrollment) -> None:
    file = make_order_file(coded.program, sales(2, "anna15") + "S-3,2026-11-01,100.00,EUR,anna\n")

    actions.confirm_file(file)
    work()

    file.refresh_from_db()
    assert file.state == "taken"
    assert file.outcome["counts"] == {"created": 3, "same": 0, "revised": 0, "conflict": 0, "refused": 0}
    assert [one.enrollment for one in Commission.objects.all()] == [coded] * 3
    assert set(Order.objects.values_list("source", "snapshot__channel")) == {("store", "store")}


def test_same_file_twice_changes_nothing(coded: Enrollment) -> None:
    for day in (1, 2):
        file = make_order_file(coded.program, sales(2, "anna15"), at=NOON + timedelta(days=day))
        actions.confirm_file(file)
        work()

    file.refresh_from_db()
    assert file.outcome["counts"]["same"] == 2
    assert Event.objects.filter(kind__in=["order.recorded", "order.revised"]).count() == 2
    assert Commission.objects.count() == 2


def test_sale_that_is_known_otherwise_is_listed_and_left(coded: Enrollment) -> None:
    take_orders(coded.program, [make_order("S-1", source="store", net=5000)], at=NOON)
    file = make_order_file(coded.program, sales(2))

    actions.confirm_file(file)
    work()

    file.refresh_from_db()
    assert (file.outcome["counts"]["created"], file.outcome["counts"]["conflict"]) == (1, 1)
    assert file.outcome["refused"][0][0] == [2]
    assert file.outcome["refused"][0][1].startswith("Order S-1 is known with other content (")
    assert Order.objects.get(external_id="S-1").total == 5000


def test_wrong_row_stops_nobody_and_is_listed(coded: Enrollment) -> None:
    file = make_order_file(coded.program, sales(1) + "S-2,yesterday,1.00,EUR,\n" + "S-3,2026-11-01,1,EUR,\n")

    actions.confirm_file(file)
    work()

    file.refresh_from_db()
    assert Order.objects.count() == 2
    assert [numbers for numbers, _reason in file.outcome["refused"]] == [[3]]


def test_date_that_nobody_can_reckon_with_stops_nobody(coded: Enrollment) -> None:
    file = make_order_file(coded.program, sales(1) + "S-2,2026-11-01 12:00+99:00,1.00,EUR,\n")
    kinds = [fate.kind for fate in outlook_of(file).fates]

    actions.confirm_file(file)
    work()

    file.refresh_from_db()
    assert (kinds, file.state) == (["created", "refused"], "taken")
    assert file.outcome["refused"] == [[[3], "“2026-11-01 12:00+99:00” is no date that there is."]]


def test_long_file_is_taken_some_at_a_time_each_once(coded: Enrollment) -> None:
    file = make_order_file(coded.program, sales(BATCH + 1))
    actions.confirm_file(file)

    actions.take_file(file)
    half = OrderFile.objects.get(pk=file.pk).outcome["next"]
    actions.take_file(file)  # a worker that was killed behind its commit does it again
    count = Order.objects.count()
    work()

    file.refresh_from_db()
    assert (half, count) == (BATCH, BATCH)
    assert file.outcome["counts"]["created"] == BATCH + 1
    assert Order.objects.count() == BATCH + 1


def test_confirming_twice_is_confirming_once(coded: Enrollment) -> None:
    file = make_order_file(coded.program, sales(1))

    for _ in range(2):
        actions.confirm_file(file)

    assert Event.objects.filter(kind="order_file.confirmed").count() == 1


def test_discarded_file_is_forgotten_and_cannot_be_taken(coded: Enrollment) -> None:
    file = make_order_file(coded.program, sales(1))
    actions.discard_file(actions.discard_file(file))

    with pytest.raises(FileIsElsewhere):
        actions.confirm_file(file)
    actions.take_file(file)

    file.refresh_from_db()
    assert (file.state, file.text, Order.objects.count()) == ("discarded", "", 0)


def test_old_files_are_forgotten_and_what_became_of_them_stays(coded: Enrollment) -> None:
    taken = make_order_file(coded.program, sales(1) + "S-2,yesterday,1.00,EUR,\n")
    left, fresh = make_order_file(coded.program), make_order_file(coded.program, at=NOON + timedelta(days=50))
    taking = actions.confirm_file(make_order_file(coded.program, sales(1)))
    actions.take_file(actions.confirm_file(taken), at=NOON + timedelta(days=1))
    late = NOON + timedelta(days=91, minutes=1)

    early, forgotten, again = (actions.forget_files(at=at) for at in (NOON + timedelta(days=91), late, late))

    rows = [OrderFile.objects.get(pk=row.pk) for row in (taken, left, fresh, taking)]
    assert (early, forgotten, again) == (0, 2, 0)
    assert [row.state for row in rows] == ["taken", "discarded", "uploaded", "taking"]
    assert [row.text == "" for row in rows] == [True, True, False, False]
    assert [numbers for numbers, _reason in rows[0].outcome["refused"]] == [[3]]
    assert Event.objects.filter(kind="order_file.forgotten").count() == 1


def test_file_that_is_being_taken_is_not_thrown_away(coded: Enrollment) -> None:
    file = actions.confirm_file(make_order_file(coded.program, sales(1)))

    with pytest.raises(FileIsElsewhere):
        actions.discard_file(file)

    file.refresh_from_db()
    assert file.state == "taking"


@pytest.mark.parametrize("source", ["clicks", "no good", "", "shop"])
def test_source_that_is_another_doors_is_refused(coded: Enrollment, source: str) -> None:
    makers.make_connection(coded.program, source="shop")

    with pytest.raises(OrderFileError):
        make_order_file(coded.program, sales(1), source=source)

    assert OrderFile.objects.count() == 0


def test_only_managers_of_the_company_may(coded: Enrollment, eve: User) -> None:
    file = make_order_file(coded.program, sales(1))
    analyst = makers.make_member(coded.program.merchant, "analyst")

    for person in (eve, analyst):
        for verb in (actions.confirm_file, actions.discard_file, actions.forget_file):
            with pytest.raises(NotAllowed):
                verb(file, actor=person)
        with pytest.raises(NotAllowed):
            make_order_file(coded.program, sales(1), actor=person)

    file.refresh_from_db()
    assert (file.state, OrderFile.objects.count()) == ("uploaded", 1)


# --- what is shown before -----------------------------------------------------------------------------------


def test_outlook_says_what_will_become_of_each_row(coded: Enrollment, stranger: Enrollment) -> None:
    create_coupon(stranger, "hers", at=makers.FOUNDED)
    _click, tid = makers.make_click(coded)
    known = make_order_file(coded.program, HEAD + "S-1,2026-11-01 10:00,100.00,EUR,anna15\n")
    actions.confirm_file(known)
    work()
    text = (
        "order,date,total,currency,code,tid\n"
        "S-1,2026-11-01 10:00,100.00,EUR,anna15,\n"
        "S-1b,2026-11-01,1.00,EUR,ANNA15,\n"
        "S-2,2026-11-01,2.00,USD,anna,\n"
        f"S-3,2026-11-01,4.00,EUR,,{tid}\n"
        "S-4,2026-11-01,8.00,EUR,hers,\n"
        "S-5,2026-11-01,16.00,EUR,,\n"
        "S-6,2026-11-01,1.234,EUR,,\n"
    )

    look = outlook_of(make_order_file(coded.program, text))

    assert [(fate.numbers, fate.kind, fate.named) for fate in look.fates] == [
        ("2", "same", ""),
        ("3", "created", "Anna, by the coupon ANNA15"),
        ("4", "created", "Anna, by the code anna"),
        ("5", "created", "Anna, by a click"),
        ("6", "created", "nobody is known as hers"),
        ("7", "created", "nobody is named"),
        ("8", "refused", ""),
    ]
    assert [str(total) for total in look.totals] == ["29.00 EUR", "2.00 USD"]


def test_outlook_foresees_a_conflict(coded: Enrollment) -> None:
    take_orders(coded.program, [make_order("S-1", source="store", net=5000)], at=NOON)

    look = outlook_of(make_order_file(coded.program, sales(1)))

    assert look.fates[0].kind == "conflict"
    assert "total" in look.fates[0].reason


def test_questions_do_not_grow_with_the_rows(
    program: Program, coded: Enrollment, django_assert_num_queries: Any
) -> None:
    few, many = (make_order_file(coded.program, sales(count, "anna15")) for count in (1, 300))

    with django_assert_num_queries(4):
        outlook_of(few)
    with django_assert_num_queries(4):
        outlook_of(many)

"""The queue of cases: what comes first, what a line says, whose it is, and who may see and move it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.models import Affiliate, Enrollment, Program
from core.models import User
from fraud.actions import cases, verdicts
from fraud.models import Case
from tests import makers
from tests.fraud.admin.found import own_order

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
QUEUE = "/admin/fraud/case/"
DAY = timedelta(days=1)


def rows(client: Client, **asked_for: str) -> list[Case]:
    """The cases of the list, in its order."""
    return list(client.get(QUEUE, asked_for).context["cl"].result_list)


def many(program: Program, count: int) -> list[Case]:
    now = timezone.now()
    people = [makers.make_enrollment(program, f"Person {number}") for number in range(count)]
    return [own_order(one, 10000 * (place + 1), at=now) for place, one in enumerate(people)]


def test_what_is_late_comes_first_then_score_times_money(program: Program, mia: User, enter: Enter) -> None:
    small, large, late, unlikely = many(program, 4)
    Case.objects.filter(pk=late.pk).update(due_at=timezone.now() - DAY)
    Case.objects.filter(pk=unlikely.pk).update(score=0.0001)
    decided = own_order(makers.make_enrollment(program, "Dora"), 900000, at=timezone.now())
    verdicts.decide(decided, "clear", reason="a gift", actor=mia)

    assert rows(enter(mia)) == [late, large, small, unlikely, decided]


def test_line_says_what_is_at_stake_and_until_when(
    bob: Enrollment, mia: User, rita: User, enter: Enter
) -> None:
    case = own_order(bob, 12345, at=timezone.now())
    cases.assign(case, rita, actor=mia)
    cases.take(case, actor=mia)

    page = enter(rita).get(QUEUE).content.decode()

    assert "Bob Baker" in page
    assert "€12.35" in page
    assert "Rita Reviewer" in page
    assert "Mia Manager works on it" in page
    assert "38 %" in page


def test_late_line_says_how_late(ann: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(ann, at=timezone.now())
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - 3 * DAY)

    assert "3 days late" in enter(mia).get(QUEUE).content.decode().replace("\xa0", " ")


def test_filters_find_ones_own_and_free_ones(program: Program, mia: User, rita: User, enter: Enter) -> None:
    mine, free, hers = many(program, 3)
    cases.assign(mine, mia, actor=mia)
    cases.assign(hers, rita, actor=mia)
    client = enter(mia)

    assert rows(client, whose="mine") == [mine]
    assert rows(client, whose="nobody") == [free]
    assert set(rows(client)) == {mine, free, hers}
    assert rows(client, q=hers.enrollment.affiliate.email) == [hers]
    assert rows(client, cause__exact="traffic") == []
    assert rows(client, state__exact="decided") == []


def test_tabs_count_states(program: Program, mia: User, enter: Enter) -> None:
    first, *_others = many(program, 3)
    verdicts.decide(first, "clear", reason="fine", actor=mia)

    page = enter(mia).get(QUEUE).content.decode()

    assert "Open <b>2</b>" in page
    assert "Decided <b>1</b>" in page


def test_cases_are_assigned_many_at_once(
    program: Program, mia: User, rita: User, ada: User, enter: Enter
) -> None:
    first, second, third = many(program, 3)
    client = enter(mia)
    chosen = {"action": "assign", "_selected_action": [first.pk, second.pk]}

    asking = client.post(QUEUE, chosen)
    assert Case.objects.filter(assignee=None).count() == 3
    client.post(QUEUE, {**chosen, "confirm": "1", "to": str(rita.pk)})

    choices = dict(asking.context["form"].fields["to"].choices)
    assert str(rita.pk) in choices
    assert str(ada.pk) not in choices
    assert set(Case.objects.filter(assignee=rita)) == {first, second}
    assert Case.objects.get(pk=third.pk).assignee is None


def test_nobody_outside_is_assigned(ann: Enrollment, mia: User, eve: User, enter: Enter) -> None:
    case = own_order(ann, at=timezone.now())

    answer = enter(mia).post(f"{QUEUE}{case.pk}/do/assign/", {"confirm": "1", "to": str(eve.pk)})

    assert answer.status_code == 200
    assert Case.objects.get().assignee is None


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_as_much_for_many(program: Program, mia: User, enter: Enter, count: int) -> None:
    for case in many(program, count):
        cases.assign(case, mia, actor=mia)
    client = enter(mia)
    client.get(QUEUE)

    with CaptureQueriesContext(connection) as asked_for:
        client.get(QUEUE)

    assert len(asked_for) == 23


def test_empty_queue_says_what_will_stand_there(mia: User, enter: Enter) -> None:
    assert "nothing is declined without a person" in enter(mia).get(QUEUE).content.decode()


def test_reviewing_begins_with_a_button_not_by_looking(ann: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(ann, at=timezone.now())
    client = enter(mia)
    page = f"{QUEUE}{case.pk}/change/"

    client.get(page)
    assert Case.objects.get().locked_by is None
    client.post(f"{QUEUE}{case.pk}/do/take/")
    assert Case.objects.get().locked_by == mia

    assert "You work on it until" in client.get(page).content.decode()
    client.post(f"{QUEUE}{case.pk}/do/leave/")
    assert Case.objects.get().locked_by is None


def test_case_of_a_colleague_is_not_taken(ann: Enrollment, mia: User, rita: User, enter: Enter) -> None:
    case = own_order(ann, at=timezone.now())
    cases.take(case, actor=rita)

    answer = enter(mia).post(f"{QUEUE}{case.pk}/do/take/", follow=True)

    assert "Rita Reviewer works on it until" in answer.content.decode()
    assert Case.objects.get().locked_by == rita


@pytest.mark.parametrize("page", ["change/", "verdict/clear/", "history/", "do/assign/"])
def test_case_of_another_company_is_not_there(
    ann: Enrollment, eve: User, other: Program, enter: Enter, page: str
) -> None:
    case = own_order(ann, at=timezone.now())

    answers = [enter(eve).get(f"{QUEUE}{number}/{page}") for number in (case.pk, case.pk + 1000)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert rows(enter(eve)) == []


def test_who_may_only_read_sees_and_moves_nothing(ann: Enrollment, ada: User, enter: Enter) -> None:
    case = own_order(ann, at=timezone.now())
    client = enter(ada)

    page = client.get(f"{QUEUE}{case.pk}/change/")
    refused = [
        client.get(f"{QUEUE}{case.pk}/verdict/clear/").status_code,
        client.post(f"{QUEUE}{case.pk}/verdict/clear/", {"reason": "fine"}).status_code,
        client.post(f"{QUEUE}{case.pk}/do/take/").status_code,
        client.post(f"{QUEUE}{case.pk}/do/assign/", {"to": str(ada.pk)}).status_code,
    ]

    assert page.status_code == 200
    assert page.context["choices"] == []
    assert refused == [403, 403, 403, 403]
    assert (Case.objects.get().state, Case.objects.get().locked_by, Case.objects.get().assignee) == (
        "open",
        None,
        None,
    )


def test_verb_leads_back_into_the_list_that_one_came_from(bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob, at=timezone.now())
    came_by = "?_changelist_filters=whose%3Dmine"

    answer = enter(mia).post(f"{QUEUE}{case.pk}/do/take/{came_by}")

    assert answer["Location"] == f"{QUEUE}{case.pk}/change/{came_by}"
    assert f"do/leave/{came_by}" in enter(mia).get(f"{QUEUE}{case.pk}/change/{came_by}").content.decode()


def test_page_of_a_member_shows_their_cases(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    settled = own_order(bob, at=timezone.now() - DAY)
    verdicts.decide(settled, "clear", reason="a gift", actor=mia)
    waiting = own_order(bob, 12345, at=timezone.now())
    client = enter(mia)

    page = client.get(f"/admin/affiliates/enrollment/{bob.pk}/change/").content.decode()
    of_another = client.get(f"/admin/affiliates/enrollment/{ann.pk}/change/").content.decode()

    places = [page.find(f"{QUEUE}{case.pk}/change/") for case in (waiting, settled)]
    assert places == sorted(places)
    assert -1 not in places
    assert "€12<small>.35" in page
    assert "Ann Archer" in of_another
    assert '<h2 id="cases">' not in of_another


def test_own_cases_are_not_on_the_page_of_ones_own_membership(
    bob: Enrollment, mia: User, enter: Enter
) -> None:
    case = own_order(bob, at=timezone.now())
    Affiliate.objects.filter(pk=bob.affiliate_id).update(user=mia)

    page = enter(mia).get(f"/admin/affiliates/enrollment/{bob.pk}/change/").content.decode()

    assert "Bob Baker" in page
    assert f"{QUEUE}{case.pk}/change/" not in page

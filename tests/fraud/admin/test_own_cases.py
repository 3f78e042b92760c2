"""A colleague who is an affiliate as well sees nothing of the cases about that account, behind any door."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment, Program
from core.models import Event, User
from fraud.actions import answers, cases, lists
from fraud.models import Case
from tests import makers
from tests.fraud.admin.found import asked, keep, own_order

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
QUEUE = "/admin/fraud/case/"


@pytest.fixture
def mias(program: Program, mia: User) -> Enrollment:
    """The account by which Mia, a manager, earns."""
    return makers.make_enrollment(program, affiliate=makers.make_affiliate(program.merchant, "Mia", user=mia))


@pytest.fixture
def hers(mias: Enrollment) -> Case:
    """The case about it."""
    return own_order(mias, 66600, at=timezone.now())


@pytest.mark.parametrize(
    "page", ["change/", "history/", "verdict/clear/", "verdict/ban/", "do/take/", "do/assign/", "do/undo/"]
)
def test_own_case_is_not_there_in_words(hers: Case, mia: User, rita: User, enter: Enter, page: str) -> None:
    answers_ = [enter(mia).get(f"{QUEUE}{number}/{page}") for number in (hers.pk, hers.pk + 1000)]

    assert [answer.status_code for answer in answers_] == [404, 404]
    own, nowhere = (answer.content.decode() for answer in answers_)
    assert "is shown to your colleagues alone" in own
    assert own.partition('<div id="content"')[2] == nowhere.partition('<div id="content"')[2]
    assert enter(rita).get(f"{QUEUE}{hers.pk}/change/").status_code == 200


def test_own_case_is_in_no_list_search_tab_or_walk(
    hers: Case, bob: Enrollment, mia: User, rita: User, enter: Enter
) -> None:
    other = own_order(bob, at=timezone.now())
    client = enter(mia)

    found = [list(client.get(QUEUE, asked).context["cl"].result_list) for asked in ({}, {"q": "Mia"})]
    page = client.get(f"{QUEUE}{other.pk}/change/").context
    tabs = client.get(QUEUE).content.decode()
    seen = enter(rita).get(f"{QUEUE}{other.pk}/change/").context

    assert found == [[other], []]
    assert "Open <b>1</b>" in tabs
    assert (page["count"], page["next_case"], page["previous_case"]) == (1, "", "")
    assert seen["count"] == 2


def test_own_case_is_in_no_count_and_no_sum(hers: Case, mia: User, rita: User, enter: Enter) -> None:
    overview = enter(mia).get("/admin/").content.decode()

    assert "case to review" not in overview
    assert "1 case to review" in enter(rita).get("/admin/").content.decode()


def test_own_case_is_not_in_the_audit_trail(
    hers: Case, bob: Enrollment, mia: User, rita: User, enter: Enter
) -> None:
    other = own_order(bob, at=timezone.now())
    event = Event.objects.get(kind="case.opened", subject_id=str(hers.pk))
    asked_for = {"kind": "case.opened"}

    seen = [
        {row.subject_id for row in enter(who).get("/admin/core/event/", asked_for).context["cl"].result_list}
        for who in (mia, rita)
    ]

    assert seen == [{str(other.pk)}, {str(other.pk), str(hers.pk)}]
    assert enter(mia).get(f"/admin/core/event/{event.pk}/change/").status_code == 302
    assert enter(rita).get(f"/admin/core/event/{event.pk}/change/").status_code == 200


def test_own_exemption_is_not_in_the_audit_trail(
    mias: Enrollment, bob: Enrollment, mia: User, olga: User, enter: Enter
) -> None:
    until = timezone.now() + timedelta(days=9)
    own, other = (lists.grant(one, until=until, reason="Known.", actor=olga) for one in (mias, bob))
    relation = lists.declare(mias, bob, reason="Family.", actor=olga)

    seen = [
        {row.subject_id for row in enter(who).get("/admin/core/event/", asked_for).context["cl"].result_list}
        for who in (mia, olga)
        for asked_for in ({"kind": "exemption.granted"}, {"kind": "relation.declared"})
    ]

    assert seen == [{str(other.pk)}, set(), {str(own.pk), str(other.pk)}, {str(relation.pk)}]


def test_files_of_the_own_answer_come_by_the_own_pages_alone(hers: Case, mia: User, enter: Enter) -> None:
    answers.answer(hers, "No.", [answers.FileIn("a.pdf", "application/pdf", b"%PDF-1.4")], actor=mia)

    number = hers.answer.files.get().pk

    assert enter(mia).get(f"{QUEUE}files/{number}/").status_code == 404


def test_nobody_decides_or_assigns_by_hand_what_is_about_oneself(hers: Case, mia: User, enter: Enter) -> None:
    client = enter(mia)

    client.post(f"{QUEUE}{hers.pk}/verdict/clear/", {"reason": "fine"})
    client.post(QUEUE, {"action": "assign", "_selected_action": [hers.pk], "confirm": "1", "to": ""})
    client.post(f"{QUEUE}{hers.pk}/do/take/")

    fresh = Case.objects.get()
    assert (fresh.state, fresh.locked_by) == ("open", None)


def test_who_a_case_is_about_is_not_offered_as_its_reviewer(
    hers: Case, mia: User, rita: User, enter: Enter
) -> None:
    asking = enter(rita).get(f"{QUEUE}{hers.pk}/do/assign/")

    people = dict(asking.context["form"].fields["to"].choices)
    assert (str(rita.pk) in people, str(mia.pk) in people) == (True, False)


def test_case_about_others_stays_open_to_who_is_in_its_picture(
    mias: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    (case,) = keep(bob, asked("same_payee", bob, rows={"enrollments": (mias.pk,)}), at=timezone.now())
    cases.assign(case, mia, actor=mia)

    assert enter(mia).get(f"{QUEUE}{case.pk}/change/").status_code == 200
    assert list(enter(mia).get(QUEUE, {"whose": "mine"}).context["cl"].result_list) == [case]

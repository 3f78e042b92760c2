"""The page of a case: evidence for and against, the rows behind it, files, neighbors, and what it never shows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from core.models import User
from fraud.actions import answers, cases, lists, policies, verdicts
from fraud.checks import CHECKS
from fraud.checks.facts import Mark
from fraud.models import Case, KnownMark, Signal
from fraud.states import SignalState
from tests import makers
from tests.fraud.admin.found import asked, keep, own_order

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
NOON = makers.NOON
PAGE = "/admin/fraud/case/{}/change/"


def text(client: Client, case: Case) -> str:
    return client.get(PAGE.format(case.pk)).content.decode()


def context(client: Client, case: Case) -> Any:
    return client.get(PAGE.format(case.pk)).context


def test_evidence_stands_by_check_with_its_sentence_and_limits(
    bob: Enrollment, mia: User, enter: Enter
) -> None:
    first, second = makers.make_commission(bob), makers.make_commission(bob)
    found = [asked("self_referral", bob, sale=sale) for sale in (first, second)]
    note = asked("lookalike_buyer", bob, sale=first, value=0.9, figures={"percent": 90.0})
    (case,) = keep(bob, *found, note)

    page = context(enter(mia), case)

    (finding,) = page["findings"]
    assert (finding.title, finding.sales, finding.sentences) == (
        "The buyer is the affiliate",
        2,
        ["Buyer and affiliate have the same mailbox."],
    )
    assert finding.limits == "from 1 on: personal marks that buyer and affiliate share"
    (other,) = page["others"]
    assert (other.title, other.is_note) == ("The buyer’s e-mail address looks like the affiliate’s", True)


def test_what_is_withdrawn_speaks_for_the_affiliate(bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob)
    Signal.objects.filter(case=case).update(state=SignalState.WITHDRAWN)

    page = context(enter(mia), case)

    assert page["findings"] == []
    assert "Found before, and not so any more: The buyer is the affiliate." in page["against"]


def test_past_speaks_for_the_affiliate(bob: Enrollment, mia: User, enter: Enter) -> None:
    for number in ("1", "2", "3"):
        makers.make_payable(bob, external_id=number)
    commissions.take_refunds(bob.program, "shop", "3", [makers.make_refund(gross=100)])
    earlier = own_order(bob)
    verdicts.decide(earlier, "clear", reason="a gift", actor=mia)
    until = timezone.now() + timedelta(days=3)
    lists.grant(bob, "order_burst", until=until, reason="television", actor=mia)
    (case,) = keep(bob, asked("same_payee", bob))

    said = context(enter(mia), case)["against"]

    assert said[0].startswith("In the program since 28 September 2025")
    assert "3 orders were approved before, 2 of them without any money going back." in said
    assert "1 earlier case was cleared." in said
    assert any(one.startswith("Exempt from “") and one.endswith(": television") for one in said)


def test_what_does_not_speak_for_the_affiliate_is_not_said_to(
    bob: Enrollment, mia: User, enter: Enter
) -> None:
    Enrollment.objects.filter(pk=bob.pk).update(decided_at=timezone.now())
    verdicts.decide(own_order(bob), "decline", reason="his own", actor=mia)
    (case,) = keep(bob, asked("same_payee", bob))

    page = context(enter(mia), case)

    assert page["against"] == []
    assert page["earlier"] == ["1 earlier case was decided as fraud."]


def test_past_with_more_trouble_than_none_speaks_for_nobody(bob: Enrollment, mia: User, enter: Enter) -> None:
    for number in ("1", "2"):
        makers.make_payable(bob, external_id=number)
    commissions.take_refunds(bob.program, "shop", "2", [makers.make_refund(gross=100)])
    (case,) = keep(bob, asked("same_payee", bob))

    assert [one for one in context(enter(mia), case)["against"] if "approved" in one] == []


def test_silent_checks_are_named_unless_they_are_off(bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob)
    policies.set_check(bob.program, "own_domain_buyer", on=False, actor=mia)

    said = context(enter(mia), case)["silent"]

    assert str(CHECKS["same_payee"].title) in said
    assert str(CHECKS["own_domain_buyer"].title) not in said
    assert str(CHECKS["self_referral"].title) not in said
    assert str(CHECKS["order_burst"].title) not in said


def test_honest_lookalikes_are_those_of_checks_that_spoke(bob: Enrollment, mia: User, enter: Enter) -> None:
    check = CHECKS["self_referral"]

    assert context(enter(mia), own_order(bob))["lookalikes"] == [(str(check.title), str(check.honest))]


def test_what_moved_the_score_is_drawn(bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob)
    Case.objects.filter(pk=case.pk).update(
        moves=[["self_referral", 2.0, 1], ["strength:same_payee", -1.0, 0], ["days", 0.5, 400]]
    )

    pushes = context(enter(mia), case)["pushes"]

    assert [(one.words, one.by, one.x, one.width) for one in pushes] == [
        ("The buyer is the affiliate", 2.0, 50.0, 50.0),
        ("Paid to the account of another affiliate (how strong)", -1.0, 25.0, 25.0),
        ("days in the program", 0.5, 50.0, 12.5),
    ]


def test_clicks_and_orders_stand_behind_it(bob: Enrollment, mia: User, enter: Enter) -> None:
    click, tid = makers.make_click(
        bob,
        NOON - timedelta(seconds=40),
        network_kind="data-center",
        browser="Firefox",
        referrer="https://www.deals.example/x?secret=1",
    )
    sale = makers.make_commission(bob, external_id="A-7", evidence=makers.Evidence(tid=tid, ref=bob.code))
    found = asked("self_referral", bob, sale=sale, rows={"clicks": (str(click.pk),)})
    (case,) = keep(bob, found)

    page = enter(mia).get(PAGE.format(case.pk))

    ((row, network, after),) = page.context["clicks"]
    assert (str(network), row.referrer, after, row.number) == ("data center", "deals.example", "40 s", "A-7")
    (order,) = page.context["orders"]
    assert (order.conversion.external_id, order.is_own, order.refunded) == ("A-7", True, None)
    assert order.commission == sale
    assert "secret" not in page.content.decode()


def test_rows_of_other_programs_are_never_read(
    bob: Enrollment, stranger: Enrollment, mia: User, enter: Enter
) -> None:
    theirs = makers.make_commission(stranger)
    click, _tid = makers.make_click(stranger)
    behind = {
        "conversions": (theirs.conversion_id,),
        "clicks": (str(click.pk), "no-uuid"),
        "enrollments": (stranger.pk,),
    }
    (case,) = keep(bob, asked("same_payee", bob, rows=behind))

    page = context(enter(mia), case)

    assert (page["clicks"], page["orders"], page["picture"]) == ([], [], None)


def test_picture_names_kinds_and_never_digests(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    for who, kind, digest in (
        (ann, Mark.PAYEE, "d" * 64),
        (bob, Mark.PAYEE, "d" * 64),
        (bob, Mark.DEVICE, "e" * 64),
    ):
        KnownMark.objects.create(program=ann.program, enrollment=who, kind=kind, digest=digest, at=NOON)
    (case,) = keep(ann, asked("same_payee", ann, rows={"enrollments": (bob.pk,)}))

    page = text(enter(mia), case)

    assert "Payment account: Ann Archer, Bob Baker" in page
    assert "dddd" not in page
    assert "Browser" not in page.split("What they have in common")[1].split("</section>")[0]


def test_answer_and_its_file_are_for_who_decides(bob: Enrollment, mia: User, ada: User, enter: Enter) -> None:
    case = own_order(bob)
    file = answers.FileIn("receipt “1”.pdf", "application/pdf", b"%PDF-1.4 paid")
    assert bob.affiliate.user
    answers.answer(case, "It was my\nbrother <b>.", [file], actor=bob.affiliate.user, at=NOON)
    number = case.answer.files.get().pk
    address = f"/admin/fraud/case/files/{number}/"

    page = text(enter(mia), case)
    given = enter(mia).get(address)

    assert "It was my<br>brother &lt;b&gt;." in page
    assert address in page
    assert b"".join(given.streaming_content) == b"%PDF-1.4 paid"
    assert given["Content-Type"] == "application/octet-stream"
    assert given["Content-Disposition"].startswith("attachment; ")
    assert given["X-Content-Type-Options"] == "nosniff"
    assert enter(ada).get(address).status_code == 403
    assert address not in text(enter(ada), case)


def test_file_of_another_company_is_not_there(
    bob: Enrollment, eve: User, other: Program, enter: Enter
) -> None:
    case = own_order(bob)
    file = answers.FileIn("a.pdf", "application/pdf", b"%PDF-1.4")
    assert bob.affiliate.user
    answers.answer(case, "No.", [file], actor=bob.affiliate.user)
    number = case.answer.files.get().pk

    assert [
        enter(eve).get(f"/admin/fraud/case/files/{one}/").status_code for one in (number, number + 1)
    ] == [404] * 2


def test_next_and_previous_follow_the_list_that_one_came_from(
    program: Program, mia: User, enter: Enter
) -> None:
    now = timezone.now()
    people = [makers.make_enrollment(program, name) for name in ("Anna", "Berta", "Carla")]
    small, middle, large = [own_order(one, 10000 * (place + 1), at=now) for place, one in enumerate(people)]
    cases.assign(small, mia, actor=mia)
    cases.assign(large, mia, actor=mia)
    client = enter(mia)

    whole = client.get(PAGE.format(middle.pk)).context
    mine = client.get(PAGE.format(large.pk), {"_changelist_filters": "whose=mine"}).context

    assert (whole["previous_case"], whole["next_case"]) == (PAGE.format(large.pk), PAGE.format(small.pk))
    assert (whole["place"], whole["count"]) == (2, 3)
    assert (mine["previous_case"], mine["count"]) == ("", 2)
    assert mine["next_case"] == PAGE.format(small.pk) + "?_changelist_filters=whose%3Dmine"


def test_list_of_several_filters_is_kept_whole_on_the_way(program: Program, mia: User, enter: Enter) -> None:
    now = timezone.now()
    people = [makers.make_enrollment(program, name) for name in ("Anna", "Berta", "Carla", "Dora")]
    rows = [own_order(one, 10000 * (5 - place), at=now) for place, one in enumerate(people)]
    for row in (rows[0], rows[1], rows[3]):
        cases.assign(row, mia, actor=mia)
    client, came_by = enter(mia), "cause=identity&whose=mine"

    second = client.get(PAGE.format(rows[0].pk), {"_changelist_filters": came_by}).context["next_case"]
    page = client.get(second)

    assert (page.context["original"], page.context["count"]) == (rows[1], 3)
    assert page.context["next_case"].startswith(PAGE.format(rows[3].pk))


@pytest.mark.parametrize("came_by", ["nonsense__x=1", "p=zzz", "state__exact=%00", "program__id__exact=a"])
def test_senseless_list_leads_to_all_that_waits(
    bob: Enrollment, mia: User, enter: Enter, came_by: str
) -> None:
    case = own_order(bob)

    page = enter(mia).get(PAGE.format(case.pk), {"_changelist_filters": came_by})

    assert (page.status_code, page.context["count"]) == (200, 1)


def test_page_of_a_check_that_is_gone_still_opens(bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob)
    Signal.objects.filter(case=case).update(figures={})
    assert context(enter(mia), case)["findings"][0].sentences == ["The buyer is the affiliate"]

    Signal.objects.filter(case=case).update(figures={"marks": None})
    assert context(enter(mia), case)["findings"][0].sentences == ["The buyer is the affiliate"]

    Signal.objects.filter(case=case).update(check_name="check_of_long_ago")
    assert context(enter(mia), case)["findings"][0].title == "check_of_long_ago"


def test_verdicts_that_stop_people_are_for_who_manages_them(
    bob: Enrollment, mia: User, rita: User, enter: Enter
) -> None:
    case = own_order(bob)

    allowed = {
        who: {one["name"] for one in context(enter(who), case)["choices"] if one["is_allowed"]}
        for who in (mia, rita)
    }

    assert allowed[mia] - allowed[rita] == {"suspend", "ban"}
    assert allowed[rita] == {"clear", "extend", "decline", "reverse"}


def test_from_a_decided_case_one_goes_on_to_what_came_next(program: Program, mia: User, enter: Enter) -> None:
    now = timezone.now()
    people = [makers.make_enrollment(program, name) for name in ("Anna", "Berta", "Carla")]
    first, second, third = [own_order(one, 10000 * (9 - place), at=now) for place, one in enumerate(people)]
    for row in (first, second, third):
        cases.assign(row, mia, actor=mia)
    client, mine = enter(mia), "_changelist_filters=whose%3Dmine"
    decide = client.get(PAGE.format(second.pk) + f"?{mine}").context["choices"][0]["address"]
    came_by = client.get(PAGE.format(second.pk) + f"?{mine}").context["came_by"]

    answer = client.post(decide + came_by, {"reason": "fine"}, follow=True)
    later = client.get(PAGE.format(second.pk)).context

    assert came_by == f"?{mine}&then={third.pk}"
    assert answer.context["next_case"] == PAGE.format(third.pk) + f"?{mine}"
    assert later["next_case"] == PAGE.format(first.pk)


def test_long_evidence_is_folded_and_says_how_much_there_is(bob: Enrollment, mia: User, enter: Enter) -> None:
    sales = [makers.make_commission(bob, external_id=f"A-{number}") for number in range(9)]
    (case,) = keep(bob, *(asked("self_referral", bob, sale=sale) for sale in sales))

    page = text(enter(mia), case)

    assert "Show all 9" in page
    assert all(f">A-{number}<" in page for number in range(9))

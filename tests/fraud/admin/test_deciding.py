"""A verdict is shown before it is decided, decided by a form alone, seconded where it is much money, and undone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions.models import Commission, Entry
from core.models import Event, User
from fraud.actions import cases, policies, verdicts
from fraud.messages import message_for
from fraud.models import Case
from fraud.states import Verdict
from tests import makers
from tests.fraud.admin.found import asked, keep, own_order

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]


def address(case: Case, verdict: str) -> str:
    return f"/admin/fraud/case/{case.pk}/verdict/{verdict}/"


def stand(case: Case) -> tuple[str, str]:
    fresh = Case.objects.get(pk=case.pk)
    return fresh.state, fresh.verdict


@pytest.mark.parametrize("verdict", Verdict.values)
def test_looking_at_a_verdict_moves_nothing(bob: Enrollment, mia: User, enter: Enter, verdict: str) -> None:
    case = own_order(bob)
    before = (
        Entry.objects.count(),
        Event.objects.count(),
        list(Commission.objects.values_list("state", "is_held")),
    )

    answer = enter(mia).get(address(case, verdict))

    assert answer.status_code == 200
    assert (
        Entry.objects.count(),
        Event.objects.count(),
        list(Commission.objects.values_list("state", "is_held")),
    ) == before
    assert stand(case) == ("open", "")


def test_preview_says_what_each_commission_and_the_ledger_would_be(
    bob: Enrollment, mia: User, enter: Enter
) -> None:
    case = own_order(bob, external_id="A-7")

    page = enter(mia).get(address(case, "decline"))

    text = page.content.decode()
    assert [(str(words), str(sum_), tone) for words, sum_, tone in page.context["sums"]] == [
        ("declined", "10.00 EUR", "bad")
    ]
    assert "A-7" in text
    assert "1 entry in the ledger" in text
    assert "Decide: decline" in text


def test_cleared_case_releases_and_tells_colleagues_why(bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob)

    answer = enter(mia).post(
        address(case, "clear"), {"reason": "a gift", "message": "All is well."}, follow=True
    )

    assert stand(case) == ("decided", "clear")
    assert Commission.objects.get().is_held is False
    (event,) = Event.objects.filter(kind="case.decided")
    assert (event.actor, event.data["reason"]) == (mia, "a gift")
    assert Case.objects.get().message == "All is well."
    assert "It can be undone until the next payout" in answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"/admin/fraud/case/{case.pk}/change/"


def test_without_a_reason_nothing_is_decided(bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob)

    for reason in ("", "   "):
        answer = enter(mia).post(address(case, "ban"), {"reason": reason, "message": "You are out."})
        assert answer.status_code == 200
        assert "You are out." in answer.content.decode()

    assert stand(case) == ("open", "")


def test_longer_hold_asks_for_days_and_sends_nothing(bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob)
    client = enter(mia)
    form = client.get(address(case, "extend")).context["form"]

    client.post(address(case, "extend"), {"reason": "waiting for the shop", "days": "21"})

    assert [field.name for field in form.visible_fields()] == ["days", "reason"]
    assert form.initial["days"] == 14
    left = Case.objects.get().due_at - timezone.now()
    assert timedelta(days=20) < left <= timedelta(days=21)
    assert client.post(address(case, "extend"), {"reason": "x", "days": "91"}).status_code == 200


def test_much_money_is_proposed_by_one_and_confirmed_by_another(
    bob: Enrollment, mia: User, rita: User, enter: Enter
) -> None:
    policies.set_policy(bob.program, actor=mia, second_above=500)
    case = own_order(bob)

    asking = enter(mia).get(address(case, "reverse")).content.decode()
    enter(mia).post(address(case, "reverse"), {"reason": "his own order", "message": "Not this one."})
    assert stand(case) == ("proposed", "reverse")
    assert Commission.objects.get().state == "pending"
    own = enter(mia).get(address(case, "reverse")).content.decode()
    hers = enter(rita).get(address(case, "reverse"))

    assert "Propose: reverse" in asking
    assert "Propose: reverse" in own
    assert "Confirm: reverse" in hers.content.decode()
    assert hers.context["form"].initial == {"reason": "his own order", "message": "Not this one."}
    enter(rita).post(address(case, "reverse"), {"reason": "agreed", "message": "Not this one."})
    assert stand(case) == ("decided", "reverse")
    assert Commission.objects.get().state == "declined"


def test_proposal_is_taken_back(bob: Enrollment, mia: User, rita: User, enter: Enter) -> None:
    policies.set_policy(bob.program, actor=mia, second_above=500)
    case = own_order(bob)
    enter(mia).post(address(case, "reverse"), {"reason": "his own order"})

    enter(rita).post(f"/admin/fraud/case/{case.pk}/do/withdraw/", {"confirm": "1"})

    assert stand(case) == ("open", "")


def test_verdict_is_undone_with_a_reason(bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob)
    client = enter(mia)
    client.post(address(case, "decline"), {"reason": "his own order"})
    undo = f"/admin/fraud/case/{case.pk}/do/undo/"
    assert undo in client.get(f"/admin/fraud/case/{case.pk}/change/").content.decode()

    client.post(undo, {"reason": "", "confirm": "1"})
    assert stand(case) == ("decided", "decline")
    client.post(undo, {"reason": "his brother's", "confirm": "1"})

    assert stand(case) == ("open", "")
    commission = Commission.objects.get()
    assert (commission.state, commission.is_held) == ("pending", True)


def test_reviewer_undoes_no_ban(bob: Enrollment, mia: User, rita: User, enter: Enter) -> None:
    case = own_order(bob)
    enter(mia).post(address(case, "ban"), {"reason": "ring", "message": "You are out."})
    page = f"/admin/fraud/case/{case.pk}/change/"

    assert "Undo the verdict" not in enter(rita).get(page).content.decode()
    enter(rita).post(f"/admin/fraud/case/{case.pk}/do/undo/", {"reason": "please", "confirm": "1"})

    assert stand(case) == ("decided", "ban")
    assert "Undo the verdict" in enter(mia).get(page).content.decode()


def test_colleague_at_work_is_named_and_nothing_decided(
    bob: Enrollment, mia: User, rita: User, enter: Enter
) -> None:
    case = own_order(bob)
    cases.take(case, actor=rita)

    page = enter(mia).get(address(case, "clear")).content.decode()
    enter(mia).post(address(case, "clear"), {"reason": "fine"})

    assert "Rita Reviewer works on it until" in page
    assert "Decide:" not in page
    assert stand(case) == ("open", "")


def test_reviewer_cannot_ban(bob: Enrollment, rita: User, enter: Enter) -> None:
    case = own_order(bob)

    page = enter(rita).get(address(case, "ban")).content.decode()
    enter(rita).post(address(case, "ban"), {"reason": "ring", "message": "Out."})

    assert "Decide:" not in page
    assert stand(case) == ("open", "")


def test_word_that_is_no_verdict_is_not_there(bob: Enrollment, mia: User, enter: Enter) -> None:
    assert enter(mia).get(address(own_order(bob), "burn")).status_code == 404


def test_case_without_money_says_so(bob: Enrollment, mia: User, enter: Enter) -> None:
    (case,) = keep(bob, asked("same_payee", bob))

    assert "no money moves" in enter(mia).get(address(case, "clear")).content.decode()


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict != Verdict.EXTEND])
def test_message_says_what_the_affiliate_may_know(bob: Enrollment, verdict: Verdict) -> None:
    sale = makers.make_commission(bob)
    found = [asked("self_referral", bob, sale=sale), asked("same_payee", bob)]
    noted = asked("lookalike_buyer", bob, sale=sale, figures={"percent": 87.5})
    (case,) = keep(bob, *found, noted)

    text = message_for(case, verdict)

    assert "Hello" not in text  # the letter greets by name
    assert ("purchase of your own" in text) == (verdict != Verdict.CLEAR)
    assert text.count("purchase of your own") <= 1
    for secret in ("87.5", "threshold", "Ann", "same payment account", "%("):
        assert secret not in text


def test_nothing_is_told_of_a_longer_hold(bob: Enrollment) -> None:
    assert message_for(own_order(bob), Verdict.EXTEND) == ""


def test_list_that_one_came_from_is_kept(program: Program, bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob)
    came_by = "?_changelist_filters=whose%3Dmine"

    answer = enter(mia).post(address(case, "clear") + came_by, {"reason": "fine"})

    assert answer["Location"] == f"/admin/fraud/case/{case.pk}/change/{came_by}"


def test_same_verdict_sent_twice_is_decided_once(bob: Enrollment, mia: User, enter: Enter) -> None:
    case, client = own_order(bob), enter(mia)

    answers = [client.post(address(case, "decline"), {"reason": "his own order"}) for _time in "12"]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Event.objects.filter(kind="case.decided").count() == 1


def test_longer_hold_sent_twice_is_one(bob: Enrollment, mia: User, enter: Enter) -> None:
    case, client = own_order(bob), enter(mia)
    seen = client.get(address(case, "extend")).context["form"]["seen"].value()
    sent = {"reason": "waiting for the shop", "days": "21", "seen": seen}

    answers = [client.post(address(case, "extend"), sent) for _time in "12"]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Event.objects.filter(kind="case.extended").count() == 1


def test_longer_hold_that_a_colleague_took_meanwhile_is_said_and_can_be_changed(
    bob: Enrollment, mia: User, rita: User, enter: Enter
) -> None:
    case, client = own_order(bob), enter(mia)
    seen = client.get(address(case, "extend")).context["form"]["seen"].value()
    verdicts.decide(case, Verdict.EXTEND, reason="a week", days=7, actor=rita)

    first = client.post(address(case, "extend"), {"reason": "the shop is slow", "days": "30", "seen": seen})
    form = first.context["form"]
    again = client.post(
        address(case, "extend"), {"reason": "the shop is slow", "days": "30", "seen": form["seen"].value()}
    )

    assert first.status_code == 200
    assert form.non_field_errors()[0].startswith("It was changed meanwhile: it is to be decided until ")
    assert "the shop is slow" in first.content.decode()
    assert again.status_code == 302
    told = Event.objects.filter(kind="case.extended").order_by("pk")
    assert [(row.actor, row.data["days"]) for row in told] == [(rita, 7), (mia, 30)]


def test_what_a_colleague_has_decided_meanwhile_is_said_and_what_was_written_stays(
    bob: Enrollment, mia: User, rita: User, enter: Enter
) -> None:
    case = own_order(bob)
    enter(rita).post(address(case, "clear"), {"reason": "a gift"})

    page = enter(mia).post(address(case, "decline"), {"reason": "a long story"}).content.decode()

    assert page.count("It is decided already.") == 1
    assert "a long story" in page
    assert stand(case) == ("decided", "clear")


def test_script_is_told_where_to_go_on(bob: Enrollment, mia: User, enter: Enter) -> None:
    case = own_order(bob)

    answer = enter(mia).post(
        address(case, "clear"), {"reason": "fine"}, headers={"X-Requested-With": "fetch"}
    )

    assert (answer.status_code, answer["Location"]) == (204, f"/admin/fraud/case/{case.pk}/change/")

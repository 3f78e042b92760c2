"""While a case is undecided its commissions are moved by its verdict alone, never one by one."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from commissions import actions
from commissions.models import Commission
from commissions.states import IllegalMove, Screening
from fraud.actions import policies, screening
from fraud.actions.verdicts import decide
from tests.fraud.reviews import LATER, SOON, everything, holding, stands, told
from tests.fraud.test_holds import confirm, doubted
from tests.makers import make_commission, make_enrollment, make_program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]


@pytest.fixture
def by_case(program, bob, mia):
    return make_commission(bob)


@pytest.fixture
def own_order(program, bob, mia):
    return actions.hold(make_commission(bob), reason="self_referral:email")


@pytest.fixture
def by_colleague(program, bob, mia):
    return actions.hold(make_commission(bob), reason="Ask the shop.", actor=mia)


@pytest.fixture
def by_browser(program, bob, mia):
    return doubted(program, bob)


@pytest.fixture(params=["by_case", "own_order", "by_colleague", "by_browser"])
def held(request):
    """A pending commission, on hold for a reason of the house's own or for none."""
    return request.getfixturevalue(request.param)


def address(row, verb):
    return reverse("admin:commissions_commission_verb", args=[row.pk, verb])


# --- refused while it is undecided -------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", [actions.release, actions.decline, actions.take_back])
def test_nothing_is_moved_beside_an_undecided_case(held, bob, mia, verb):
    holding(bob, [held])
    before = everything()

    with pytest.raises(IllegalMove, match="decide the case"):
        verb(held, reason="By hand.", actor=mia, at=SOON)

    assert everything() == before


def test_reason_that_looks_like_a_verdict_opens_no_door(by_case, bob, mia):
    holding(bob, [by_case])

    with pytest.raises(IllegalMove, match="decide the case"):
        actions.decline(by_case, reason="fraud:orders", actor=mia, at=SOON)

    assert stands(by_case) == [("pending", True)]


def test_one_person_declines_nothing_that_two_must(held, program, bob, mia, rita):
    policies.set_policy(program, actor=mia, second_above=500)
    case = holding(bob, [held])

    with pytest.raises(IllegalMove, match="decide the case"):
        actions.decline(held, reason="Fraud.", actor=mia, at=SOON)
    decide(case, "decline", reason="Fraud.", actor=mia, at=SOON)
    assert stands(held) == [("pending", True)]

    decide(case, "decline", reason="I agree.", actor=rita, at=SOON)
    assert stands(held) == [("declined", False)]


def test_sale_that_is_not_screened_yet_is_not_released_from_under_the_screening(merchant, mia):
    who = make_enrollment(make_program(merchant, is_screened=True), "Al")
    earned = actions.hold(make_commission(who), reason="self_referral:email")

    with pytest.raises(IllegalMove, match="try again in a minute"):
        actions.release(earned, actor=mia, at=SOON)
    screening.screen_sale(earned.conversion_id)
    actions.release(Commission.objects.get(pk=earned.pk), actor=mia, at=SOON)

    assert stands(earned) == [("pending", False)]


@pytest.mark.parametrize("verb", [actions.release, actions.decline])
@pytest.mark.parametrize("reason", ["fraud: he is her brother", "Fraud:orders", "self_referral:email"])
def test_colleagues_own_words_are_no_hold_of_fraud_review(bob, mia, rita, verb, reason):
    earned = actions.hold(make_commission(bob), reason=reason, actor=mia)

    verb(earned, reason="fraud: it is not.", actor=rita, at=SOON)

    assert earned.reason == reason.replace(": ", ":").replace(":", " – ")
    assert stands(earned) == [("pending" if verb is actions.release else "declined", False)]
    said = [one["reason"] for kind in ("released", "declined") for one in told(f"commission.{kind}")]
    assert said == ["fraud – it is not."]


def test_what_nobody_holds_is_declined_also_before_it_is_screened(merchant, mia):
    who = make_enrollment(make_program(merchant, is_screened=True), "Al")
    earned = make_commission(who)
    assert earned.screening == Screening.WAITING

    actions.decline(earned, reason="A test order.", actor=mia, at=SOON)

    assert stands(earned) == [("declined", False)]


# --- possible once it is decided ---------------------------------------------------------------------------------
def test_clear_frees_it_of_the_own_order_too(own_order, bob, mia):
    decide(holding(bob, [own_order]), "clear", reason="A family.", actor=mia, at=SOON)

    assert stands(own_order) == [("pending", False)]
    assert actions.approve_due(at=LATER) == 1


@pytest.mark.parametrize("end", ["the shop confirms it", "a colleague releases it"])
def test_browsers_word_ends_as_ever_once_the_case_is_cleared(by_browser, program, bob, mia, end):
    decide(holding(bob, [by_browser]), "clear", reason="Fine.", actor=mia, at=SOON)
    assert stands(by_browser) == [("pending", True)]

    if end == "the shop confirms it":
        confirm(program, bob)
    else:
        actions.release(Commission.objects.get(pk=by_browser.pk), actor=mia, at=SOON)

    assert stands(by_browser) == [("pending", False)]


def test_colleagues_hold_is_released_once_the_case_is_cleared(by_colleague, bob, mia):
    decide(holding(bob, [by_colleague]), "clear", reason="Fine.", actor=mia, at=SOON)

    actions.release(Commission.objects.get(pk=by_colleague.pk), actor=mia, at=SOON)

    assert stands(by_colleague) == [("pending", False)]


# --- on the pages ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", ["release", "decline"])
def test_page_refuses_and_leads_to_the_case(client, held, bob, mia, verb):
    case = holding(bob, [held])
    client.force_login(mia)
    before = everything()

    answer = client.post(address(held, verb), {"reason": "By hand."}, follow=True)

    (said,) = [str(message) for message in answer.context["messages"]]
    assert "decide the case" in said
    assert reverse("admin:fraud_case_change", args=[case.pk]) in answer.content.decode()
    assert (everything(), told("commission.released")) == (before, [])


@pytest.mark.parametrize("verb", ["release", "decline"])
def test_in_bulk_only_the_others_are_moved(client, by_case, own_order, bob, mia, verb):
    holding(bob, [by_case, own_order])
    free = actions.hold(make_commission(bob), reason="Ask the shop.", actor=mia)
    client.force_login(mia)
    chosen = {"action": verb, ACTION_CHECKBOX_NAME: [by_case.pk, own_order.pk, free.pk]}

    answer = client.post(
        reverse("admin:commissions_commission_changelist"),
        {**chosen, "confirm": "1", "reason": "By hand."},
        follow=True,
    )

    said = [str(message) for message in answer.context["messages"]]
    assert [("decide the case" in one) for one in said] == [True, True, False]
    assert stands(by_case, own_order) == [("pending", True), ("pending", True)]
    assert stands(free) == [("declined" if verb == "decline" else "pending", False)]


def test_page_of_a_commission_without_a_case_leads_to_none(client, by_colleague, mia):
    client.force_login(mia)

    page = client.get(reverse("admin:commissions_commission_change", args=[by_colleague.pk]))

    assert "/fraud/case/" not in page.content.decode().partition('id="content"')[2].partition("nav-")[0]

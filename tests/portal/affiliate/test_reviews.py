"""Reviews: an affiliate reads that and why its money waits, never how it was found, and what became of it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from affiliates import actions as affiliates
from affiliates.models import Enrollment
from commissions import actions as commissions
from commissions.models import Commission
from core.models import User
from core.money import Money
from fraud.actions import answers
from fraud.checks import CHECKS
from fraud.models import Case, Hold
from fraud.states import Action, Cause
from portal.affiliate.earned import in_stage, shown, stage_of
from portal.affiliate.reviewed import (
    case_that_holds,
    cases_of,
    commissions_of,
    looked_at,
    reasons_of,
    reviews_of,
)
from portal.affiliate.road import road
from portal.models import Brand
from tests import makers
from tests.makers import NOON
from tests.portal.affiliate.under_review import find, open_case

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]
OWN_PURCHASE = str(CHECKS["self_referral"].plain)


def text_of(answer) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# --- what there is to say ----------------------------------------------------------------------------------
def test_amount_is_what_its_own_commissions_are_worth_now(ann: Enrollment) -> None:
    first, second = makers.make_commission(ann, 10000, external_id="7"), makers.make_commission(ann, 20000)
    commissions.take_refunds(ann.program, "shop", "7", [makers.make_refund(gross=5000)], at=NOON)
    case = open_case(ann, first, second)

    (review,) = reviews_of([case])

    assert (review.amount, review.count, review.since) == (Money(2500, "EUR"), 2, NOON)


def test_sponsors_share_is_not_the_affiliates_amount(ann: Enrollment, sue: Enrollment) -> None:
    own = makers.make_commission(ann)
    case = open_case(ann, *own.conversion.commissions.all())

    (review,) = reviews_of([case])

    assert Hold.objects.filter(case=case).count() == 2
    assert (review.amount, review.count) == (own.net, 1)
    assert [row.pk for row in commissions_of(case)] == [own.pk]


def test_case_that_holds_nothing_of_ones_own_is_not_shown(ann: Enrollment, sue: Enrollment) -> None:
    own = makers.make_commission(ann)
    open_case(ann)
    open_case(sue, own)

    assert list(cases_of([ann, sue])) == []
    assert looked_at(ann) == []


def test_reasons_are_sentences_without_figures_each_once(ann: Enrollment) -> None:
    first, second = (
        makers.make_commission(ann, external_id="A-1"),
        makers.make_commission(ann, external_id="A-2"),
    )
    case = open_case(ann, first, second)
    find(case, "self_referral", first)
    find(case, "self_referral", second)
    find(case, "lookalike_buyer", second, action=Action.NOTE)
    find(case, "same_payee")

    reasons = reasons_of([case])[case.pk]

    assert [(reason.text, reason.numbers) for reason in reasons] == [
        (OWN_PURCHASE, ("A-1", "A-2")),
        (str(CHECKS["same_payee"].plain), ()),
    ]


def test_only_some_orders_are_named_beside_a_reason(ann: Enrollment) -> None:
    held = [makers.make_commission(ann, external_id=f"B-{number}") for number in range(8)]
    case = open_case(ann, *held)
    for commission in held:
        find(case, "self_referral", commission)

    (reason,) = reasons_of([case])[case.pk]

    assert (len(reason.numbers), reason.more) == (6, 2)


@pytest.mark.parametrize("cause", Cause.values)
def test_case_without_a_finding_that_stands_has_a_reason_all_the_same(ann: Enrollment, cause: str) -> None:
    case = open_case(ann, makers.make_commission(ann), cause=cause)
    find(case, "self_referral", state="withdrawn")
    find(case, "a_check_of_long_ago", state="stands")

    (reason,) = reasons_of([case])[case.pk]

    assert (len(reason.text) > 20, reason.text == OWN_PURCHASE, "fraud" in reason.text.lower()) == (
        True,
        False,
        False,
    )


def test_no_plain_sentence_accuses(ann: Enrollment) -> None:
    accusing = re.compile("fraud|cheat|fake|abuse|steal|suspicious|criminal|threshold|score", re.IGNORECASE)

    assert [name for name, check in CHECKS.items() if accusing.search(str(check.plain))] == []
    assert [name for name, check in CHECKS.items() if re.search(r"\d|%", str(check.plain))] == []


# --- where it is seen --------------------------------------------------------------------------------------
def test_held_commission_says_that_it_is_looked_at(ann: Enrollment) -> None:
    open_case(ann, makers.make_commission(ann))

    row = shown(ann).prefetch_related("reversals", "conversion__decisions__coupon").get()

    assert (stage_of(row).word, stage_of(row).about) == (
        "On hold",
        "It is being looked at before it is paid. Nothing is decided yet.",
    )
    assert ("now", "On hold", stage_of(row).about) in [
        (step.state, step.title, step.about) for step in road(row)
    ]
    assert list(in_stage(shown(ann), "held")) == [row]


def test_held_correction_does_not_show_a_code(enter: Enter, ann: Enrollment, brand: Brand, fin: User) -> None:
    given = commissions.adjust(ann, 500, reason="Sorry for the delay.", actor=fin)
    open_case(ann, given)

    answer = enter(ann).get(f"/earnings/{given.pk}/")

    assert (answer.status_code, answer.content.decode().count("fraud:")) == (200, 0)


def test_page_of_a_commission_leads_to_its_review(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    commission = makers.make_commission(ann)
    case = open_case(ann, commission)

    answer = enter(ann).get(f"/earnings/{commission.pk}/")

    assert answer.content.decode().count(f'href="/reviews/{case.pk}/"') == 1


def test_sponsor_is_not_led_to_the_review_of_another(
    enter: Enter, ann: Enrollment, sue: Enrollment, brand: Brand
) -> None:
    own = makers.make_commission(ann)
    open_case(ann, *own.conversion.commissions.all())
    hers = Commission.objects.get(enrollment=sue)

    page = enter(sue).get(f"/earnings/{hers.pk}/").content.decode()

    assert case_that_holds(hers) is None
    assert (page.count(">All that waits</a>"), page.count("/reviews/1")) == (1, 0)
    assert page.count("It is being looked at") == 3


def test_nothing_is_said_of_reviews_where_there_never_was_one(
    enter: Enter, ann: Enrollment, brand: Brand
) -> None:
    makers.make_commission(ann)
    client = enter(ann)

    assert [
        client.get(page).content.decode().count("/reviews/") for page in ("/overview/", "/earnings/")
    ] == [0, 0]
    assert client.get("/reviews/").content.decode().count("Nothing is being looked at") == 1


def test_overview_says_what_is_looked_at_and_until_when(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    case = open_case(ann, makers.make_commission(ann, 24000))
    due = timezone.now() + timedelta(days=3)
    Case.objects.update(due_at=due)

    answer = enter(ann).get("/overview/")

    assert text_of(answer).count("€24.00 is being looked at before it is paid.") == 1
    assert text_of(answer).count(f"answer until {date_format(case.program.local(due), 'j F')}.") == 1
    assert answer.content.decode().count(f'href="/reviews/{case.pk}/"') == 1
    assert answer.content.decode().count('href="/reviews/"') == 2  # both menus


@pytest.mark.parametrize("is_answered", [False, True])
def test_overview_names_no_day_that_has_passed(
    enter: Enter, ann: Enrollment, brand: Brand, is_answered: bool
) -> None:
    case = open_case(ann, makers.make_commission(ann, 24000))
    if is_answered:
        answers.answer(case, "It was my brother.", actor=ann.affiliate.user)
    Case.objects.update(due_at=timezone.now() - timedelta(days=1))

    text = text_of(enter(ann).get("/overview/"))

    assert (text.count("answer until"), text.count("is expected by")) == (0, 0)
    assert text.count("Your answer is in; the decision should have come by now.") == is_answered
    assert text.count("You can read why, and answer.") == (not is_answered)


def test_filter_of_earnings_leads_to_reviews(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    held, _other = makers.make_commission(ann), makers.make_commission(ann)
    open_case(ann, held)

    answer = enter(ann).get("/earnings/?state=held")

    assert [row[0].pk for row in answer.context["rows"]] == [held.pk]
    assert text_of(answer).count("stands under Reviews") == 1


def test_page_says_why_how_much_and_until_when(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    commission = makers.make_commission(ann, 24000, external_id="C-1")
    case = open_case(ann, commission)
    find(case, "self_referral", commission)

    answer = enter(ann).get(f"/reviews/{case.pk}/")
    said = text_of(answer)

    assert answer.status_code == 200
    for words in (
        "€24.00 is being looked at",
        OWN_PURCHASE,
        "Order C-1",
        "16 November 2026",
        "2 November 2026",
    ):
        assert words in said
    assert answer.content.decode().count('name="attached"') == 1


def test_page_tells_nothing_of_how_it_was_found(
    enter: Enter, ann: Enrollment, bob: Enrollment, brand: Brand, rita: User
) -> None:
    commission = makers.make_commission(ann)
    case = open_case(ann, commission)
    find(case, "self_referral", commission)
    Case.objects.update(score=0.9371, assignee=rita, reason="Shares a phone with Bob.", moves=[["x", 2, 3]])
    client = enter(ann)

    for page in (
        "/overview/",
        "/reviews/",
        f"/reviews/{case.pk}/",
        f"/earnings/{commission.pk}/",
        "/earnings/",
    ):
        body = client.get(page).content.decode()
        told = [
            word
            for word in ("47.11", "31.25", "secret-of-bob", "0.9371", "self_referral", "Rita", "Bob", "fraud")
            if word in re.sub(r'(csrfmiddlewaretoken" value="|"X-CSRFToken": ?")[^"]*', "", body)
        ]
        assert told == [], page


def test_late_review_says_that_it_is(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    case = open_case(ann, makers.make_commission(ann), at=NOON - timedelta(days=800))

    assert text_of(enter(ann).get(f"/reviews/{case.pk}/")).count("The decision should have come by now.") == 1


def test_suspended_affiliate_may_still_read_and_answer(
    enter: Enter, ann: Enrollment, brand: Brand, mia: User
) -> None:
    case = open_case(ann, makers.make_commission(ann))
    affiliates.suspend(ann, reason="A question is open.", actor=mia)

    assert enter(ann).get(f"/reviews/{case.pk}/").content.decode().count('name="text"') == 1


# --- whose it is -------------------------------------------------------------------------------------------
def test_review_of_somebody_else_is_not_there(
    enter: Enter, ann: Enrollment, bob: Enrollment, stranger: Enrollment, brand: Brand
) -> None:
    case = open_case(ann, makers.make_commission(ann))
    client = enter(bob)

    assert client.get(f"/reviews/{case.pk}/").status_code == 404
    assert client.post(f"/reviews/{case.pk}/answer/", {"text": "Mine."}).status_code == 404
    assert [review.case.pk for review, _ in client.get("/reviews/").context["waiting"]] == []
    assert not hasattr(Case.objects.get(pk=case.pk), "answer")


def test_review_under_another_brand_is_not_there(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    second = makers.make_program(ann.program.merchant, name="Second")
    elsewhere = makers.make_enrollment(second, affiliate=ann.affiliate)
    case = open_case(elsewhere, makers.make_commission(elsewhere))

    assert enter(ann).get(f"/reviews/{case.pk}/").status_code == 404


def test_review_of_ones_other_program_is_found_by_its_address(
    enter: Enter, ann: Enrollment, brand: Brand
) -> None:
    second = makers.make_program(ann.program.merchant, name="Second")
    brand.programs.add(second)
    elsewhere = makers.make_enrollment(second, affiliate=ann.affiliate)
    case = open_case(elsewhere, makers.make_commission(elsewhere))
    client = enter(ann)

    assert client.get(f"/reviews/{case.pk}/").context["enrollment"] == elsewhere
    assert client.get("/reviews/").context["waiting"] == []


@pytest.mark.parametrize("page", ["/overview/", "/reviews/", "/reviews/{pk}/"])
def test_queries_do_not_grow_with_commissions(enter: Enter, ann: Enrollment, brand: Brand, page: str) -> None:
    first = makers.make_commission(ann)
    case = open_case(ann, first)
    find(case, "self_referral", first)
    client, address = enter(ann), page.format(pk=case.pk)
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for _number in range(2):
        more = makers.make_commission(ann)
        open_case(ann, more)
        find(case, "self_referral", more)

    with CaptureQueriesContext(connection) as three:
        client.get(address)

    assert len(three) == len(one)


def test_several_reviews_are_one_hint(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    open_case(ann, makers.make_commission(ann))
    open_case(ann, makers.make_commission(ann), cause=Cause.TRAFFIC)

    answer = enter(ann).get("/overview/")

    assert text_of(answer).count("€20.00 is being looked at before it is paid.") == 1
    assert answer.content.decode().count('href="/reviews/"') == 3
    assert answer.content.decode().count('class="note note--wait review-hint"') == 1


def test_review_without_an_amount_left_gives_no_hint(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    commission = makers.make_commission(ann)
    case = open_case(ann, commission)
    Commission.objects.filter(pk=commission.pk).update(state="declined", is_held=False)
    client = enter(ann)

    assert client.get("/overview/").content.decode().count("review-hint") == 0
    assert text_of(client.get(f"/reviews/{case.pk}/")).count("Something is being looked at") == 1

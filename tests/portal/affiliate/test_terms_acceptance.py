"""New terms stand before the other pages until the affiliate has answered; nothing is withheld meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Program
from commissions import actions
from commissions.actions.acceptances import waiting_for
from commissions.models import Acceptance, Plan, PlanVersion
from core.models import Event, User
from payouts import actions as payouts
from payouts.models import Payout
from portal.models import Brand
from tests import makers
from tests.makers import NOON, TWO_LEVELS, percent_plan

pytestmark = pytest.mark.django_db
Enter = Callable[[Enrollment | User], Client]
DAY = timedelta(days=1)
QUESTION = "/terms/acceptance/"
KEPT = ("/overview/", "/links/", "/earnings/", "/payouts/")
OPEN = ("/terms/", "/profile/", "/account/email/", "/programs/")


@pytest.fixture
def plan(program: Program, brand: Brand) -> Plan:
    Program.objects.filter(pk=program.pk).update(asks_acceptance=True)
    return program.plans.get()


@pytest.fixture
def version(ann: Enrollment, plan: Plan) -> PlanVersion:
    """A version announced to Ann."""
    body = {**TWO_LEVELS, "rules": percent_plan("12")["rules"]}
    return actions.publish(plan, body, effective_at=timezone.now() + 9 * DAY)


def test_other_pages_lead_to_the_question_and_back(
    enter: Enter, ann: Enrollment, version: PlanVersion
) -> None:
    client = enter(ann)

    for path in KEPT:
        assert client.get(path).url == f"{QUESTION}?next={path.replace('/', '%2F')}"
    answered = client.post(QUESTION, {"version": version.pk, "next": "/links/"})

    assert answered.url == "/links/"
    assert [client.get(path).status_code for path in KEPT] == [200] * len(KEPT)


def test_profile_payee_and_terms_stay_open(enter: Enter, ann: Enrollment, version: PlanVersion) -> None:
    client = enter(ann)

    assert [client.get(path).status_code for path in OPEN] == [200] * len(OPEN)
    assert client.get("/profile/payee/").url.startswith("/account/reauthenticate/")
    assert client.get("/terms/").context["asked"] == version
    assert client.post("/account/logout/").status_code == 302


def test_statements_stay_open(
    enter: Enter, ann: Enrollment, mia: User, fin: User, version: PlanVersion
) -> None:
    makers.make_payable(ann)
    makers.make_payee(ann)
    batch = payouts.open_batch(ann.program, cut_off=NOON + 60 * DAY, actor=mia)
    payouts.approve_batch(batch, actor=fin)
    payout, client = Payout.objects.get(), enter(ann)

    for path in (f"/payouts/{payout.pk}/", f"/payouts/{payout.pk}/statement.csv"):
        assert client.get(path).status_code == 200


def test_parts_of_pages_lead_the_whole_page_to_the_question(
    enter: Enter, ann: Enrollment, version: PlanVersion
) -> None:
    answer = enter(ann).get("/earnings/", headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == QUESTION


def test_forms_of_other_pages_are_not_taken(enter: Enter, ann: Enrollment, version: PlanVersion) -> None:
    answer = enter(ann).post("/links/", {"destination": "https://shop.example.com/a"})

    assert (answer.url, ann.links.count()) == (QUESTION, 1)


def test_question_says_what_changes_and_when(enter: Enter, ann: Enrollment, version: PlanVersion) -> None:
    [(_day, is_ahead, change)] = enter(ann).get(QUESTION).context["changes"]

    assert (is_ahead, change.starts_at) == (True, version.effective_at)
    assert change.points == (
        "“Everyone” pays 12 % of each line after discounts and before tax instead of 10 %.",
    )


def test_question_says_all_that_changed_since_the_last_answer(
    enter: Enter, ann: Enrollment, plan: Plan, version: PlanVersion
) -> None:
    actions.publish(plan, {**TWO_LEVELS, "rules": percent_plan("11")["rules"]})
    actions.publish(
        plan, {**TWO_LEVELS, "rules": percent_plan("14")["rules"]}, effective_at=timezone.now() + 20 * DAY
    )

    changes = enter(ann).get(QUESTION).context["changes"]

    said = [(is_ahead, change.points[0].partition(" of each")[0]) for _day, is_ahead, change in changes]
    assert said == [
        (False, "“Everyone” pays 11 %"),
        (True, "“Everyone” pays 12 %"),
        (True, "“Everyone” pays 14 %"),
    ]


def test_change_for_others_is_said_to_change_nothing(
    enter: Enter, ann: Enrollment, program: Program, plan: Plan
) -> None:
    affiliates.create_group(program, "Gold")
    extra = {**percent_plan("30")["rules"][0], "id": "gold", "name": "Extra", "when": {"groups": ["Gold"]}}
    actions.publish(plan, {**TWO_LEVELS, "schema": 2, "rules": [*TWO_LEVELS["rules"], extra]})

    answer = enter(ann).get(QUESTION)

    assert answer.context["changes"] == []
    assert answer.content.decode().count("Extra") == 0


def test_answer_is_kept_with_its_time(enter: Enter, ann: Enrollment, version: PlanVersion) -> None:
    client = enter(ann)
    client.post(QUESTION, {"version": version.pk})

    accepted = Acceptance.objects.get()

    assert (accepted.enrollment, accepted.version) == (ann, version)
    assert Event.objects.get(kind="terms.accepted").actor == ann.affiliate.user
    assert client.get(QUESTION).url == "/overview/"


def test_managers_see_who_has_not_answered(
    enter: Enter, ann: Enrollment, sue: Enrollment, version: PlanVersion
) -> None:
    enter(ann).post(QUESTION, {"version": version.pk})

    assert list(waiting_for(PlanVersion.objects.get(pk=version.pk))) == [sue]


@pytest.mark.parametrize("sent", ["", "nonsense", "999999"])
def test_answer_to_nothing_is_asked_again(
    enter: Enter, ann: Enrollment, version: PlanVersion, sent: str
) -> None:
    answer = enter(ann).post(QUESTION, {"version": sent})

    assert (answer.url, Acceptance.objects.count()) == (QUESTION, 0)


def test_answer_to_a_version_that_was_replaced_is_asked_again(
    enter: Enter, ann: Enrollment, plan: Plan, version: PlanVersion
) -> None:
    actions.publish(plan, percent_plan("5"), effective_at=version.effective_at)

    answer = enter(ann).post(QUESTION, {"version": version.pk})

    assert (answer.url, Acceptance.objects.count()) == (QUESTION, 0)


def test_answer_for_another_company_or_affiliate_is_not_taken(
    enter: Enter, ann: Enrollment, bob: Enrollment, program: Program, other: Program, version: PlanVersion
) -> None:
    own = makers.make_plan(program)
    actions.assign_plan(own, enrollment=bob, at=NOON)
    client = enter(ann)

    for foreign in (other.plans.get().versions.get(), own.versions.get()):
        client.post(QUESTION, {"version": foreign.pk, "enrollment": bob.pk})

    assert Acceptance.objects.count() == 0


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "overview", "a.b"]
)
def test_answer_leads_to_no_other_host(
    enter: Enter, ann: Enrollment, version: PlanVersion, elsewhere: str
) -> None:
    assert enter(ann).post(QUESTION, {"version": version.pk, "next": elsewhere}).url == "/overview/"


def test_leaving_must_be_meant(enter: Enter, ann: Enrollment, version: PlanVersion) -> None:
    client = enter(ann)

    assert client.post("/terms/departure/").url == QUESTION
    ann.refresh_from_db()
    assert ann.is_active


def test_leaving_ends_the_membership_and_keeps_the_earnings(
    enter: Enter, ann: Enrollment, version: PlanVersion
) -> None:
    commission, client = makers.make_payable(ann), enter(ann)

    client.post("/terms/departure/", {"is_meant": "1"})

    ann.refresh_from_db()
    assert (ann.state, client.get("/overview/").status_code) == ("left", 200)
    commission.refresh_from_db()
    assert commission.state == "approved"


def test_sales_count_while_the_answer_is_open(ann: Enrollment, version: PlanVersion) -> None:
    commission = makers.make_payable(ann, 10000)

    assert (commission.amount, commission.is_held, commission.state) == (1000, False, "approved")


def test_member_of_two_programs_may_still_change_to_the_other(
    enter: Enter, ann: Enrollment, brand: Brand, version: PlanVersion
) -> None:
    second = makers.make_program(ann.program.merchant, name="Second")
    brand.programs.add(second)
    enrolled = makers.make_enrollment(second, affiliate=ann.affiliate)
    client = enter(ann)

    client.post("/program/", {"enrollment": enrolled.pk})

    assert client.get("/overview/").context["enrollment"] == enrolled


def test_program_that_does_not_ask_costs_no_query(enter: Enter, ann: Enrollment, brand: Brand) -> None:
    client = enter(ann)
    client.get("/links/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/links/")

    assert [row["sql"] for row in asked if "commissions_acceptance" in row["sql"]] == []


def test_managers_switch_it_on_and_the_audit_trail_says_so(
    enter: Enter, program: Program, brand: Brand, mia: User
) -> None:
    client = enter(mia)
    address = f"/admin/affiliates/program/{program.pk}/change/"
    form = client.get(address).context["adminform"].form
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    sent = {name: value for name, value in values.items() if value not in (None, False)}

    client.post(address, sent | {"asks_acceptance": "on"})

    program.refresh_from_db()
    assert program.asks_acceptance is True
    event = Event.objects.filter(kind="program.changed").latest("pk")
    assert (event.actor, event.data) == (mia, {"asks_acceptance": ["False", "True"]})

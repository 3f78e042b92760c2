"""From the draft to a version: read, asked twice, published now or later; the draft as JSON; customers moved."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.models import Draft, Plan, PlanVersion, Transfer
from commissions.starters import body_of
from core.models import User
from tests import makers
from tracking.orders import CustomerIn

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def plan(program: Program) -> Plan:
    Program.objects.filter(pk=program.pk).update(time_zone="Europe/Berlin")
    return program.plans.get()


@pytest.fixture
def draft(plan: Plan, mia: User) -> Draft:
    return commissions.open_draft(plan, body_of("brackets"), actor=mia)


def where(plan: Plan, page: str) -> str:
    return reverse(f"admin:commissions_plan_{page}", args=[plan.pk])


def said(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def next_year() -> datetime:
    return datetime(timezone.now().year + 1, 1, 1, tzinfo=BERLIN)


# --- publishing


def test_page_says_what_changes_and_for_whom(
    draft: Draft, plan: Plan, ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    group = affiliates.create_group(plan.program, "Gold", actor=mia)
    affiliates.assign_group(bob, group, actor=mia)
    commissions.assign_plan(makers.make_plan(plan.program), group=group, actor=mia)

    page = enter(mia).get(where(plan, "publish"))

    reach = page.context["reach"]
    assert (reach.is_everybody, reach.groups, reach.affiliates) == (
        True,
        [],
        2,
    )  # Ann and Sue; Bob has his own
    assert len(page.context["changes"]) >= 2
    assert plan.versions.count() == 1


def test_draft_is_published_after_a_second_yes(draft: Draft, plan: Plan, mia: User, enter: Enter) -> None:
    client = enter(mia)

    asked = client.post(where(plan, "publish"), {"when": "now"})
    assert (asked.context["is_asked"], plan.versions.count()) == (True, 1)

    client.post(where(plan, "publish"), {"when": "now", "confirm": "1", "seen": draft.edits})
    assert plan.versions.latest("number").body == draft.body
    assert Draft.objects.count() == 0


def test_later_is_told_on_the_programs_clock(draft: Draft, plan: Plan, mia: User, enter: Enter) -> None:
    values = {"when": "later", "effective_at": f"{next_year():%Y-%m-%dT%H:%M}"}
    client = enter(mia)

    asked = client.post(where(plan, "publish"), values)
    client.post(where(plan, "publish"), {**values, "confirm": "1", "seen": draft.edits})

    assert asked.context["begins"] == f"from 1 January {next_year().year}, 00:00 (Europe/Berlin)"
    assert plan.versions.latest("number").effective_at == next_year()


@pytest.mark.parametrize("text", ["", "soon", "2020-01-01T00:00", "9999-12-31T23:59"])
def test_moment_that_cannot_be_is_asked_again(
    draft: Draft, plan: Plan, mia: User, enter: Enter, text: str
) -> None:
    values = {"when": "later", "effective_at": text, "confirm": "1", "seen": draft.edits}

    answer = enter(mia).post(where(plan, "publish"), values)

    assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["effective_at"])
    assert plan.versions.count() == 1


def test_what_somebody_changed_meanwhile_is_read_again(
    draft: Draft, plan: Plan, mia: User, olga: User, enter: Enter
) -> None:
    commissions.edit_draft(plan, 0, lambda body: {**body, "maturity_days": 60}, actor=olga)

    answer = enter(mia).post(
        where(plan, "publish"), {"when": "now", "confirm": "1", "seen": "0"}, follow=True
    )

    assert said(answer) == ["Olga Owner changed this draft in the meantime. Read it once more."]
    assert plan.versions.count() == 1


def test_unfinished_draft_is_not_offered_for_publishing(plan: Plan, mia: User, enter: Enter) -> None:
    commissions.open_draft(plan, {"rules": []}, actor=mia)
    client = enter(mia)

    page = client.get(where(plan, "publish"))
    client.post(where(plan, "publish"), {"when": "now", "confirm": "1", "seen": "0"})

    assert (page.context["problems"], plan.versions.count()) == (1, 1)


def test_planned_version_is_shown_with_what_it_will_change(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    commissions.publish_draft(plan, next_year(), actor=mia)

    shown = enter(mia).get(where(plan, "change")).context["versions"]

    assert [(one.version.number, one.state) for one in shown] == [(2, "planned"), (1, "current")]
    assert shown[0].begins == f"1 January {next_year().year}, 00:00"
    assert len(shown[0].changes) >= 1


def test_version_that_is_planned_is_named_before_another_is_published(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    commissions.publish_draft(plan, next_year(), actor=mia)
    commissions.open_draft(plan, actor=mia)

    page = enter(mia).get(where(plan, "publish"))

    assert page.context["later_ones"] == [(2, f"1 January {next_year().year}, 00:00")]


def test_draft_is_discarded_after_a_second_yes(draft: Draft, plan: Plan, mia: User, enter: Enter) -> None:
    client = enter(mia)

    client.get(where(plan, "discard"))
    assert Draft.objects.count() == 1

    client.post(where(plan, "discard"), {"confirm": "1"})
    assert Draft.objects.count() == 0


# --- JSON


def test_json_is_the_same_draft(draft: Draft, plan: Plan, mia: User, enter: Enter) -> None:
    client = enter(mia)
    form = client.get(where(plan, "json")).context["form"]
    text = form.initial["body"].replace('"rate": "10"', '"rate": "11"')

    client.post(where(plan, "json"), {"body": text, "seen": form.initial["seen"]})

    assert Draft.objects.get().body["rules"][0]["reward"]["steps"][0]["rate"] == "11"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        '{"rules": {}}',
        '{"rules": [1]}',
        '{"a": NaN}',
        '{"rules": [], "a": 1e999}',
    ],
)
def test_text_that_is_no_draft_is_refused_in_words(
    draft: Draft, plan: Plan, mia: User, enter: Enter, text: str
) -> None:
    answer = enter(mia).post(where(plan, "json"), {"body": text, "seen": "0"})

    assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["body"])
    assert Draft.objects.get().body == draft.body


def test_json_of_the_second_person_is_kept_beside_that_of_the_first(
    draft: Draft, plan: Plan, mia: User, olga: User, enter: Enter
) -> None:
    commissions.edit_draft(plan, 0, lambda body: {**body, "maturity_days": 60}, actor=olga)
    mine = '{"schema": 2, "rules": []}'

    answer = enter(mia).post(where(plan, "json"), {"body": mine, "seen": "0"})

    form = answer.context["form"]
    assert (form.initial["body"], form.initial["seen"]) == (mine, 1)
    assert answer.context["theirs"].count('"maturity_days": 60') == 1


def test_plan_that_names_a_stranger_is_not_finished(
    draft: Draft, plan: Plan, stranger: Enrollment, mia: User, enter: Enter
) -> None:
    split = [{"affiliate": stranger.code, "share": "10"}]
    commissions.edit_draft(plan, 0, lambda body: {**body, "split": split}, actor=mia)

    page = enter(mia).get(where(plan, "json"))

    assert [place for place, _what in page.context["complaints"]] == ["$.split[0].affiliate"]


# --- customers are moved


@pytest.fixture
def versions(plan: Plan, ann: Enrollment, mia: User) -> tuple[PlanVersion, PlanVersion]:
    """Two subscriptions of ten euros a month under version 1 (10 %); version 2 pays 20 %."""
    now = timezone.now()
    for name in ("a", "b"):
        for month in range(3):
            at = now - timedelta(days=30 * month + 1)
            order = makers.make_order(
                f"{name}-{month}",
                net=1000,
                ref=ann.code,
                subscription=name,
                customer=CustomerIn(email=f"{name}@buyer.example"),
                **dict.fromkeys(("occurred_at", "captured_at", "revision_at"), at),
            )
            commissions.take_orders(plan.program, [order], at=at)
    second = commissions.publish(plan, makers.percent_plan("20"), actor=mia)
    return plan.versions.get(number=1), second


def test_page_says_how_many_and_what_it_would_have_cost(
    plan: Plan, versions: tuple[PlanVersion, PlanVersion], mia: User, enter: Enter
) -> None:
    values = {"from_version": versions[0].pk, "to_version": versions[1].pk, "effective_at": ""}

    page = enter(mia).post(where(plan, "transfers"), values)

    rehearsal = page.context["rehearsal"]
    assert (len(page.context["moved"]), rehearsal.payments) == (2, 6)
    # version 1 also pays 5 % to Ann's sponsor, version 2 does not
    assert (str(rehearsal.old), str(rehearsal.new)) == ("9.00 EUR", "12.00 EUR")
    assert Transfer.objects.count() == 0


def test_customers_are_moved_after_a_second_yes(
    plan: Plan, versions: tuple[PlanVersion, PlanVersion], mia: User, enter: Enter
) -> None:
    values = {"from_version": versions[0].pk, "to_version": versions[1].pk, "confirm": "1"}
    client = enter(mia)

    client.post(where(plan, "transfers"), values)

    transfer = Transfer.objects.get()
    assert (transfer.from_version, transfer.to_version, transfer.made_by) == (*versions, mia)
    shown = client.get(where(plan, "transfers")).context["versions"]
    assert [(version.number, len(pinned)) for version, pinned in shown] == [(2, 2), (1, 0)]


def test_version_of_another_plan_cannot_be_chosen(
    plan: Plan, versions: tuple[PlanVersion, PlanVersion], mia: User, other: Program, enter: Enter
) -> None:
    elsewhere = other.plans.get().versions.get()

    page = enter(mia).post(
        where(plan, "transfers"),
        {"from_version": versions[0].pk, "to_version": elsewhere.pk, "confirm": "1"},
    )

    assert (list(page.context["form"].errors), Transfer.objects.count()) == (["to_version"], 0)


def test_planned_version_takes_customers_when_it_begins(
    plan: Plan, versions: tuple[PlanVersion, PlanVersion], mia: User, enter: Enter
) -> None:
    third = commissions.publish(plan, makers.percent_plan("5"), effective_at=next_year(), actor=mia)
    values = {"from_version": versions[0].pk, "to_version": third.pk, "confirm": "1"}

    enter(mia).post(where(plan, "transfers"), values)

    assert Transfer.objects.get().effective_at == next_year()

"""The order beside the cards: what it earns by the draft, by the version in force, and why."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.models import Draft, Plan
from commissions.starters import body_of
from core.models import User
from tests.portal.admin.plan_pages import fields

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
Body = dict[str, Any]


@pytest.fixture
def plan(program: Program) -> Plan:
    return program.plans.get()


def where(plan: Plan, page: str) -> str:
    return reverse(f"admin:commissions_plan_{page}", args=[plan.pk])


def tried(client: Client, plan: Plan, **changes: Any) -> Any:
    """The answer to the example form with some fields changed."""
    form = fields(client.get(where(plan, "draft")).content.decode(), "example-form")
    for name, value in changes.items():
        form.setlist(name.replace("__", "."), value if isinstance(value, list) else [value])
    sent = {name.replace("ex_", "ex."): values for name, values in form.lists()}
    answer = client.post(where(plan, "example"), sent, headers={"HX-Request": "true"})
    return answer.context["outcome"]


def draft_with(plan: Plan, mia: User, **changes: Any) -> Draft:
    return commissions.open_draft(plan, {**body_of("flat"), **changes}, actor=mia)


def test_example_begins_with_two_pairs_of_shoes(plan: Plan, mia: User, enter: Enter) -> None:
    draft_with(plan, mia)

    outcome = enter(mia).get(where(plan, "draft")).context["outcome"]

    assert outcome.said == "An order of €120.00 (2 × Trail shoes) earns"
    assert (str(outcome.seller), str(outcome.today), outcome.gain.amount) == ("12.00 EUR", "12.00 EUR", 0)


def test_draft_is_compared_with_the_version_in_force(plan: Plan, mia: User, enter: Enter) -> None:
    rules = body_of("flat")["rules"]
    rules[0]["reward"]["rate"] = "15"
    draft_with(plan, mia, rules=rules)

    outcome = enter(mia).get(where(plan, "draft")).context["outcome"]

    assert (str(outcome.seller), str(outcome.today), str(outcome.gain)) == (
        "18.00 EUR",
        "12.00 EUR",
        "6.00 EUR",
    )


def test_lines_of_the_order_choose_the_rules(plan: Plan, mia: User, enter: Enter) -> None:
    shoes = {"id": "shoes", "name": "Shoes", "when": {"categories": ["Shoes"]}}
    rules = [*body_of("flat")["rules"], shoes | {"reward": {"type": "percent", "rate": "20"}}]
    draft_with(plan, mia, rules=rules)
    lines = {
        "ex_name": ["Boot", "Cap"],
        "ex_quantity": ["1", "3"],
        "ex_amount": ["100", "50,00"],
        "ex_category": ["Winter, Shoes", ""],
        "ex_sku": ["", ""],
        "ex_product": ["", ""],
        "ex_brand": ["", ""],
    }

    outcome = tried(enter(mia), plan, **lines)

    assert outcome.said == "An order of €150.00 (1 × Boot, 3 × Cap) earns"
    assert str(outcome.seller) == "25.00 EUR"
    assert len(outcome.parts[0].sentences) >= 3


def test_volume_so_far_is_asked_where_the_plan_counts(plan: Plan, mia: User, enter: Enter) -> None:
    commissions.open_draft(plan, body_of("brackets"), actor=mia)
    client = enter(mia)
    asked = [entry.name for entry in client.get(where(plan, "draft")).context["counted"]]

    outcome = tried(client, plan, **{asked[0]: "950"})

    assert asked == ["ex.count.base|month"]
    assert str(outcome.seller) == "15.50 EUR"  # 50 at 10 %, 70 at 15 %


def test_sponsor_and_partner_get_their_parts(plan: Plan, ann: Enrollment, mia: User, enter: Enter) -> None:
    levels = [{"level": 2, "rate": "5", "basis": "base"}]
    draft_with(plan, mia, levels=levels, split=[{"affiliate": "ann-archer", "share": "25"}])

    outcome = enter(mia).get(where(plan, "draft")).context["outcome"]

    assert [(part.who, str(part.money)) for part in outcome.parts] == [
        ("The affiliate", "9.00 EUR"),
        ("Ann Archer, who gets a part", "3.00 EUR"),
        ("The sponsor, level 2", "6.00 EUR"),
    ]


def test_unfinished_rule_is_left_out_and_named(plan: Plan, mia: User, enter: Enter) -> None:
    odd = {"id": "odd", "name": "Odd", "reward": {"type": "percent", "rate": ""}}
    draft_with(plan, mia, rules=[*body_of("flat")["rules"], odd])

    context = enter(mia).get(where(plan, "draft")).context

    assert (str(context["outcome"].seller), context["left_out"]) == ("12.00 EUR", ["Odd"])


def test_plan_without_a_finished_rule_earns_nothing_yet(plan: Plan, mia: User, enter: Enter) -> None:
    commissions.open_draft(plan, {"rules": []}, actor=mia)

    page = enter(mia).get(where(plan, "draft"))

    assert (page.status_code, page.context["outcome"]) == (200, None)


def test_lead_is_worth_its_amount_without_any_lines(plan: Plan, mia: User, enter: Enter) -> None:
    lead = {"id": "lead", "name": "Lead", "when": {"goal": "lead"}}
    draft_with(plan, mia, rules=[lead | {"reward": {"type": "fixed_per_order", "amount": "5.00"}}])

    outcome = tried(enter(mia), plan, ex_goal="lead", ex_amount="")

    assert (outcome.said, str(outcome.seller)) == ("A lead earns", "5.00 EUR")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ex_amount", "a lot"),
        ("ex_amount", "9" * 40),
        ("ex_quantity", "-3"),
        ("ex_payment", "x"),
        ("ex_at", "yesterday"),
        ("ex_metadata", "==,=,a"),
        ("ex_country", "\ud7ff"),
    ],
)
def test_nonsense_in_the_example_breaks_nothing(
    plan: Plan, mia: User, enter: Enter, field: str, value: str
) -> None:
    draft_with(plan, mia)

    outcome = tried(enter(mia), plan, **{field: value})

    assert bool(outcome.wrong) == (field == "ex_amount")


def test_example_is_remembered(plan: Plan, mia: User, enter: Enter) -> None:
    draft_with(plan, mia)
    client = enter(mia)

    tried(client, plan, ex_amount="300")

    assert str(client.get(where(plan, "draft")).context["outcome"].seller) == "30.00 EUR"


def test_line_is_added_and_removed(plan: Plan, mia: User, enter: Enter) -> None:
    draft_with(plan, mia)
    client = enter(mia)
    form = fields(client.get(where(plan, "draft")).content.decode(), "example-form")

    client.post(where(plan, "example"), dict(form.lists()) | {"ex.do": "line"})
    two = client.get(where(plan, "draft")).context["example"]["lines"]
    again = fields(client.get(where(plan, "draft")).content.decode(), "example-form")
    client.post(where(plan, "example"), dict(again.lists()) | {"ex.do": "unline:0"})

    assert len(two) == 2
    assert [line["name"] for line in client.get(where(plan, "draft")).context["example"]["lines"]] == [""]


def open_rule(client: Client, plan: Plan, place: int) -> Any:
    """What the page says of the example while a rule is open."""
    return client.get(f"{where(plan, 'draft')}?open=rule-{place}").context["outcome"]


@pytest.mark.parametrize(
    "when",
    [
        {"categories": ["Boots, winter"], "customer": "returning"},
        {"skus": ["BOOT-42"], "countries": ["AT"], "order_value": {"from": "500.00"}},
        {"order_value": {"to": "50.00"}, "coupons": ["ANN10"]},
        {"payment": {"from": 13}, "months": {"from": 12, "to": 24}, "sub_ids": ["news"]},
        {"goal": "lead", "products": ["7"], "brands": ["Alpine"]},
        {"dates": {"from": "2030-11-27T18:00"}, "groups": ["Gold"]},
        {"where": {"all": [{"field": "metadata.seats", "op": "at_least", "value": "10"}]}},
        {"where": {"any": [{"field": "coupon", "op": "exists"}, {"field": "sku", "op": "is", "value": "X"}]}},
    ],
)
def test_order_is_made_to_fit_the_open_rule(
    plan: Plan, program: Program, mia: User, enter: Enter, when: Body
) -> None:
    affiliates.create_group(program, "Gold", actor=mia)
    reward = {"type": "percent", "rate": "33"}
    special = {"id": "special", "name": "Special", "when": when, "reward": reward}
    draft_with(plan, mia, rules=[*body_of("flat")["rules"], special])
    client = enter(mia)
    assert open_rule(client, plan, 1).why_not != ""
    form = fields(client.get(where(plan, "draft")).content.decode(), "example-form")

    client.post(where(plan, "example"), dict(form.lists()) | {"ex.do": "fit:rule-1"})

    outcome = open_rule(client, plan, 1)
    assert (outcome.wrong, outcome.why_not) == ("", "")
    assert outcome.seller.amount == outcome.total.amount * 33 // 100


def test_rule_that_another_one_beats_says_which(plan: Plan, mia: User, enter: Enter) -> None:
    shoes = {"id": "shoes", "name": "Shoes", "when": {"categories": ["Shoes"]}}
    rules = [*body_of("flat")["rules"], shoes | {"reward": {"type": "percent", "rate": "20"}}]
    draft_with(plan, mia, rules=rules)

    assert open_rule(enter(mia), plan, 0).why_not == "“Shoes” pays instead."

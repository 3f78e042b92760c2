"""The cards of a draft: opened, filled in, moved, taken out and put back; by two people; with and without htmx."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from affiliates import actions as affiliates
from affiliates.models import Program
from commissions import actions as commissions
from commissions.models import Draft, Plan
from commissions.starters import STARTERS, body_of
from core.models import User
from tests.portal.admin.plan_pages import fields, opened, said, send, stored, two_rules, where

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
Body = dict[str, Any]
FOLDER = Path(__file__).parents[3] / "docs" / "plans"
EXAMPLES = sorted(set(FOLDER.glob("*.json")) - {FOLDER / "plan.schema.json"})


@pytest.fixture
def plan(program: Program) -> Plan:
    return program.plans.get()


@pytest.fixture
def draft(plan: Plan, mia: User) -> Draft:
    """Everyone at 10 %, shoes of returning customers at 8 %."""
    return commissions.open_draft(plan, two_rules(), actor=mia)


# --- a draft begins


def test_page_without_a_draft_offers_the_newest_version_and_templates(
    plan: Plan, mia: User, enter: Enter
) -> None:
    page = enter(mia).get(where(plan))

    assert [key for key, _starter in page.context["starters"]] == list(STARTERS)
    assert page.context["newest"].number == 1
    assert Draft.objects.count() == 0


@pytest.mark.parametrize("begin", ["newest", *STARTERS])
def test_draft_begins_with_what_was_chosen(plan: Plan, mia: User, enter: Enter, begin: str) -> None:
    enter(mia).post(where(plan), {"begin": begin})

    wanted = body_of(begin) if begin in STARTERS else {**plan.versions.get().body, "schema": 2}
    assert stored(plan) == wanted


def test_new_plan_leads_to_its_cards_and_pays_nothing_yet(program: Program, mia: User, enter: Enter) -> None:
    values = {"program": program.pk, "name": "Influencers", "starter": "influencer", "_save": "1"}

    answer = enter(mia).post(reverse("admin:commissions_plan_add"), values)

    made = program.plans.get(name="Influencers")
    assert answer["Location"] == where(made)
    assert (made.versions.count(), len(stored(made)["rules"])) == (0, 3)


# --- a card is opened and saved


def test_rule_is_changed_in_its_form(draft: Draft, plan: Plan, mia: User, enter: Enter) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-1")

    send(client, plan, form, "save", reward__rate="12,5 %", when__categories="Shoes, Boots")

    assert stored(plan)["rules"][1] == {
        "id": "shoes",
        "name": "Shoes",
        "when": {"categories": ["Shoes", "Boots"], "customer": "returning"},
        "reward": {"type": "percent", "rate": "12.5"},
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_card_that_is_opened_and_saved_says_what_it_said(
    plan: Plan, program: Program, mia: User, enter: Enter, path: Path
) -> None:
    """Every form draws all of its part of the plan, and reads back what it drew."""
    body = json.loads(path.read_text()) | {"schema": 2}
    commissions.open_draft(plan, body, actor=mia)
    client = enter(mia)
    cards = [f"rule-{place}" for place in range(len(body["rules"]))]

    for card in [*cards, *(key for key in ("levels", "split", "bonuses", "caps") if body.get(key))]:
        send(client, plan, opened(client, plan, card), "save")
    for card in ("ceiling", "maturity", "exclude"):
        send(client, plan, opened(client, plan, card), "save")

    assert _plain(stored(plan)) == _plain(body)


def _plain(body: Body) -> Body:
    """A plan without what means the same left out: empty lists and what holds anyway."""
    usual = {"max_total_rate": "50", "maturity_days": 30, "exclude": {}, "compression": False, "levels": []}
    plain = usual | body
    plain["exclude"] = {key: value for key, value in plain["exclude"].items() if value}
    plain["rules"] = [_plain_rule(rule) for rule in body["rules"]]
    plain["levels"] = [{"basis": "base", **level} for level in plain["levels"]]
    return plain


def _plain_rule(rule: Body) -> Body:
    when = {key: value for key, value in rule.get("when", {}).items() if (key, value) != ("goal", "sale")}
    reward = rule["reward"]
    if reward["type"] == "brackets":
        reward = {"metric": "base", "period": "month", "mode": "marginal", **reward}
    return {"priority": 0, "stackable": False, **rule, "when": when, "reward": reward}


def test_new_rule_names_itself_after_its_conditions(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-new", "coupons")

    send(client, plan, form, "save", when__coupons="summer", reward__rate="20")

    assert stored(plan)["rules"][2] == {
        "id": "summer",
        "name": "summer",
        "when": {"coupons": ["summer"]},
        "reward": {"type": "percent", "rate": "20"},
    }


def test_condition_is_added_and_taken_away_without_saving(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-1")

    more = fields(send(client, plan, form, "with:countries").content.decode())
    less = fields(send(client, plan, more, "without:customer").content.decode())

    assert (more.getlist("has"), less.getlist("has")) == (
        ["categories", "customer", "countries"],
        ["categories", "countries"],
    )
    assert stored(plan) == draft.body


def test_condition_that_is_left_empty_does_not_pay_for_everything(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-1")

    answer = send(client, plan, form, "save", when__categories=" ")

    category = answer.context["rule_form"].asked[0].entries[0]
    assert category.errors == ("Still empty: name at least one, or take the condition away.",)
    assert answer.context["problems"] == 1


def test_percentage_becomes_brackets_and_keeps_its_rate(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-0")

    shaped = fields(send(client, plan, form, "shape", reward__type="brackets").content.decode())
    grown = fields(send(client, plan, shaped, "row").content.decode())
    send(client, plan, grown, "save", step__from=["0", "1000", "5000"], step__pays=["10", "15", "20"])

    assert shaped.getlist("step.pays") == ["10", ""]
    assert stored(plan)["rules"][0]["reward"] == {
        "type": "brackets",
        "metric": "base",
        "period": "month",
        "mode": "marginal",
        "steps": [
            {"from": "0", "rate": "10"},
            {"from": "1000", "rate": "15"},
            {"from": "5000", "rate": "20"},
        ],
    }


def test_wrong_value_is_kept_and_told_beside_its_field(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-1")

    answer = send(client, plan, form, "save", reward__rate="a lot")

    rate = answer.context["rule_form"].reward[0]
    assert (rate.value, rate.errors) == (
        "a lot",
        ("Write a rate from 0 to 100, with up to 4 decimals, like 12.5.",),
    )
    assert [card.problems for card in answer.context["rules"]] == [0, 1]


@pytest.mark.parametrize(
    "text", ['{"field": "metadata.seats",', '{"a": NaN}', '{"all": ' * 900 + "1" + "}" * 900, "[" * 100_000]
)
def test_expert_condition_that_is_no_json_is_kept_as_it_was_typed(
    draft: Draft, plan: Plan, mia: User, enter: Enter, text: str
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-new", "where")

    shaped = send(client, plan, form, "with:countries", when__where=text)
    answer = send(client, plan, form, "save", when__where=text, reward__rate="5")

    where_entry = answer.context["rule_form"].asked[0].entries[0]
    assert shaped.status_code == 200
    assert (where_entry.value, len(where_entry.errors)) == (text, 1)


def test_what_no_database_keeps_is_refused_in_words(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-new", "where")

    answer = send(client, plan, form, "save", name="O\0dd", reward__rate="5")

    assert said(answer) == ["$ must be made of characters that can be written down"]
    assert answer.context["rule_form"].reward[0].value == "5"
    assert stored(plan) == draft.body


# --- sections


def test_sponsors_get_levels_and_rates_of_groups(
    draft: Draft, plan: Plan, program: Program, mia: User, enter: Enter
) -> None:
    affiliates.create_group(program, "Gold", actor=mia)
    client = enter(mia)

    first = opened(client, plan, "levels")
    second = fields(send(client, plan, first, "row", level__rate="5").content.decode())
    changes = {"level.0.group": ["7"], "level.rate": ["5", "10"], "level.basis": ["base", "below"]}
    for name, values in changes.items():
        second.setlist(name, values)
    send(client, plan, second, "save")

    assert stored(plan)["levels"] == [
        {"level": 2, "rate": "5", "basis": "base", "groups": {"Gold": "7"}},
        {"level": 3, "rate": "10", "basis": "below"},
    ]


def test_levels_stay_in_order_when_one_is_taken_out(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    levels = [{"level": 2, "rate": "5", "basis": "base"}, {"level": 3, "rate": "2", "basis": "base"}]
    commissions.edit_draft(plan, 0, lambda body: {**body, "levels": levels}, actor=mia)
    client = enter(mia)

    less = fields(send(client, plan, opened(client, plan, "levels"), "unrow:0").content.decode())
    send(client, plan, less, "save")

    assert stored(plan)["levels"] == [{"level": 2, "rate": "2", "basis": "base"}]


def test_section_that_says_nothing_leaves_the_plan(draft: Draft, plan: Plan, mia: User, enter: Enter) -> None:
    split = [{"affiliate": "ann-archer", "share": "30"}]
    commissions.edit_draft(plan, 0, lambda body: {**body, "split": split}, actor=mia)
    client = enter(mia)

    send(client, plan, fields(_unrowed(client, plan).content.decode()), "save")

    assert "split" not in stored(plan)


def _unrowed(client: Client, plan: Plan) -> Any:
    return send(client, plan, opened(client, plan, "split"), "unrow:0")


def test_no_waiting_time_at_all_is_kept(draft: Draft, plan: Plan, mia: User, enter: Enter) -> None:
    client = enter(mia)

    send(client, plan, opened(client, plan, "maturity"), "save", maturity_days="0")

    assert stored(plan)["maturity_days"] == 0

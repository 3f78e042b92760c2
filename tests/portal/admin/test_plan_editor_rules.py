"""The rules of a draft: moved, copied, taken out and put back; by two people, by nobody else, piece by piece."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.admin.plan_editor.entries import names as names_of, names_text, number
from commissions.models import Draft, Plan
from commissions.starters import body_of
from core.models import User
from tests import makers
from tests.portal.admin.plan_pages import fields, names, opened, press, said, send, stored, two_rules, where
from tracking.orders import LineIn

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
Body = dict[str, Any]


@pytest.fixture
def plan(program: Program) -> Plan:
    return program.plans.get()


@pytest.fixture
def draft(plan: Plan, mia: User) -> Draft:
    """Everyone at 10 %, shoes of returning customers at 8 %."""
    return commissions.open_draft(plan, two_rules(), actor=mia)


# --- the list of rules


@pytest.mark.parametrize(
    ("do", "wanted"),
    [
        ("up:rule-1", ["Shoes", "Every sale"]),
        ("down:rule-0", ["Shoes", "Every sale"]),
        ("up:rule-0", ["Every sale", "Shoes"]),
        ("down:rule-1", ["Every sale", "Shoes"]),
        ("copy:rule-0", ["Every sale", "Every sale, copy", "Shoes"]),
        ("remove:rule-0", ["Shoes"]),
        ("up:rule-99", ["Every sale", "Shoes"]),
        ("remove:rule-99", ["Every sale", "Shoes"]),
        ("copy:nonsense", ["Every sale", "Shoes"]),
        ("dance:rule-0", ["Every sale", "Shoes"]),
    ],
)
def test_rules_are_moved_copied_and_removed(
    draft: Draft, plan: Plan, mia: User, enter: Enter, do: str, wanted: list[str]
) -> None:
    press(enter(mia), plan, do)

    assert names(plan) == wanted
    assert len({rule["id"] for rule in stored(plan)["rules"]}) == len(wanted)


def test_rule_that_was_taken_out_is_put_back_in_its_place(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    press(client, plan, "remove:rule-0")
    undo = client.get(where(plan)).context["undo"]

    press(client, plan, "restore", seen=1)

    assert (undo["rule"]["name"], undo["place"]) == ("Every sale", 0)
    assert stored(plan) == draft.body
    assert client.get(where(plan)).context["undo"] is None


def test_rule_that_was_taken_out_of_an_older_draft_does_not_come_back(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    press(client, plan, "remove:rule-0")
    commissions.publish_draft(plan, actor=mia)
    commissions.open_draft(plan, actor=mia)

    press(client, plan, "restore")

    assert names(plan) == ["Shoes"]


def test_keyboard_stays_where_the_rule_went(draft: Draft, plan: Plan, mia: User, enter: Enter) -> None:
    client = enter(mia)

    up = press(client, plan, "up:rule-1", htmx=True)
    there = press(client, plan, "down:rule-0", seen=1, htmx=True)

    assert (up.context["focus"], there.context["focus"]) == ("down-rule-0", "up-rule-1")


def test_open_form_is_saved_when_another_card_is_asked_for(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-1")

    answer = send(client, plan, form, "open:rule-0", reward__rate="9")

    assert stored(plan)["rules"][1]["reward"]["rate"] == "9"
    assert answer.context["open"].key == "rule-0"


def test_empty_draft_is_filled_from_a_template(plan: Plan, mia: User, enter: Enter) -> None:
    commissions.open_draft(plan, {"rules": []}, actor=mia)

    press(enter(mia), plan, "starter:brackets")

    assert stored(plan) == body_of("brackets")


# --- two people


def test_second_person_sees_fresh_cards_and_keeps_what_was_typed(
    draft: Draft, plan: Plan, mia: User, olga: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-1")
    commissions.edit_draft(plan, 0, lambda body: {**body, "rules": list(reversed(body["rules"]))}, actor=olga)

    answer = send(client, plan, form, "save", reward__rate="9")
    again = fields(answer.content.decode())

    assert said(answer)[0].startswith("Olga Owner changed this draft in the meantime.")
    assert names(plan) == ["Shoes", "Every sale"]
    assert (again["card"], again["reward.rate"], again["seen"]) == ("rule-0", "9", "1")

    send(client, plan, again, "save")
    assert stored(plan)["rules"][0]["reward"]["rate"] == "9"


def test_rule_that_somebody_else_removed_comes_back_as_a_new_one(
    draft: Draft, plan: Plan, mia: User, olga: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-1")
    commissions.edit_draft(plan, 0, lambda body: {**body, "rules": body["rules"][:1]}, actor=olga)

    again = fields(send(client, plan, form, "save", reward__rate="9").content.decode())
    send(client, plan, again, "save")

    assert again["card"] == "rule-new"
    assert [rule["reward"]["rate"] for rule in stored(plan)["rules"]] == ["10", "9"]


def test_draft_that_is_gone_leads_to_the_plan(
    draft: Draft, plan: Plan, mia: User, olga: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-1")
    commissions.discard_draft(plan, actor=olga)

    answer = send(client, plan, form, "save")

    assert answer.context["newest"].number == 1
    assert Draft.objects.count() == 0


# --- who may


def test_analyst_may_not_write(draft: Draft, plan: Plan, ada: User, enter: Enter) -> None:
    client = enter(ada)

    answers = [
        client.get(where(plan)).status_code,
        press(client, plan, "remove:rule-0").status_code,
        client.post(where(plan, "json"), {"body": "{}", "seen": 0}).status_code,
        client.post(where(plan, "discard"), {"confirm": "1"}).status_code,
        client.post(where(plan, "publish"), {"when": "now", "confirm": "1", "seen": 0}).status_code,
    ]

    assert answers == [403] * 5
    assert stored(plan) == draft.body


def test_owner_of_another_company_finds_no_draft(
    draft: Draft, plan: Plan, stranger: Enrollment, eve: User, enter: Enter
) -> None:
    client = enter(eve)

    seen, absent = client.get(where(plan)), client.get(where(Plan(pk=999_999)))
    press(client, plan, "remove:rule-0")

    assert (seen.status_code, seen["Location"]) == (absent.status_code, absent["Location"])
    assert stored(plan) == draft.body


# --- htmx


def test_htmx_gets_the_cards_alone(draft: Draft, plan: Plan, mia: User, enter: Enter) -> None:
    answer = press(enter(mia), plan, "open:rule-1", htmx=True)

    assert answer.content.decode().strip().startswith('<div id="editor"')
    assert answer.context["open"].key == "rule-1"


def test_what_is_typed_is_read_back_and_tried_without_saving(
    draft: Draft, plan: Plan, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-0")
    form["reward.rate"] = "20"

    answer = client.post(where(plan, "live"), dict(form.lists()), headers={"HX-Request": "true"})

    assert answer.context["live"] == "“Every sale” pays 20 % of each line after discounts and before tax."
    assert str(answer.context["outcome"].seller) == "24.00 EUR"
    assert stored(plan) == draft.body


def test_card_offers_what_was_sold_lately(
    draft: Draft, plan: Plan, program: Program, mia: User, enter: Enter
) -> None:
    line = LineIn("1", 5000, name="Boot", sku="BOOT-42", categories=("Shoes", "Winter"))
    commissions.take_orders(program, [makers.make_order(net=5000, lines=(line,))], at=makers.NOON)

    page = enter(mia).get(where(plan, open="rule-1"))

    assert page.context["rule_form"].asked[0].entries[0].known == ("Shoes", "Winter")


def test_card_of_a_draft_that_is_gone_leads_away(draft: Draft, plan: Plan, mia: User, enter: Enter) -> None:
    client = enter(mia)
    form = opened(client, plan, "rule-0")
    commissions.discard_draft(plan, actor=mia)

    answers = [
        client.post(where(plan, page), dict(form.lists()), headers={"HX-Request": "true"})
        for page in ("draft", "live", "example")
    ]

    assert [answer.headers.get("HX-Redirect") for answer in answers] == [where(plan)] * 3


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("12.5", "12.5"),
        (" 12,5 % ", "12.5"),
        ("1 000,50", "1000.50"),
        ("1,000", "1,000"),
        ("a lot", "a lot"),
        ("", ""),
    ],
)
def test_number_is_read_as_people_write_it(text: str, wanted: str) -> None:
    assert number(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("Shoes, Boots", ["Shoes", "Boots"]), ("Shoes, kids\n", ["Shoes, kids"]), (" , ", [""]), ("A,A", ["A"])],
)
def test_names_are_read_by_comma_or_line(text: str, wanted: list[str]) -> None:
    assert names_of(text) == wanted
    assert names_of(names_text(wanted)) == wanted

"""What strangers read of a program: what it pays everybody, never what was agreed with somebody."""

from typing import Any

import pytest
from django.test import Client

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Program
from commissions import actions
from portal.models import Brand
from tests import makers
from tests.makers import FOUNDED, percent_plan

pytestmark = pytest.mark.django_db


def rule(name: str, rate: str, **when: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "when": when, "reward": {"type": "percent", "rate": rate}}


def told(client: Client, program: Program) -> Any:
    return client.get(f"/programs/{program.slug}/").context["offer"]


def test_brackets_bonuses_and_limits_are_said_in_words(
    client: Client, brand: Brand, program: Program
) -> None:
    steps = [{"from": "0", "rate": "10"}, {"from": "1000.00", "rate": "15"}]
    reward = {"type": "brackets", "metric": "base", "period": "month", "mode": "marginal", "steps": steps}
    bonus = {
        "id": "b",
        "name": "Gold",
        "amount": "100.00",
        "metric": "base",
        "period": "month",
        "target": "5000.00",
    }
    body = {
        "schema": 2,
        "rules": [{"id": "all", "name": "Every sale", "reward": reward}],
        "bonuses": [bonus],
        "caps": [{"of": "affiliate", "period": "month", "amount": "900.00"}],
    }
    actions.publish(program.plans.get(), body, at=FOUNDED)

    offer = told(client, program)

    text = " ".join(offer.rules)
    assert offer.rewards == offer.rules[:1]
    assert [text.count(word) for word in ("15 %", "100.00 EUR", "900.00 EUR")] == [1, 1, 1]


def test_rules_for_some_are_not_said_to_all(
    client: Client, brand: Brand, program: Program, ann: Enrollment
) -> None:
    affiliates.create_group(program, "Gold")
    rules = [
        rule("Everyone", "10"),
        rule("Insiders", "21", groups=["Gold"]),
        rule("Coupon", "22", coupons=["ANN15"]),
        rule("Sub id", "23", sub_ids=["tv"]),
        rule("Nested", "24", where={"field": "group", "op": "is", "value": "Gold"}),
    ]
    levels = [{"level": 2, "rate": "5", "basis": "base", "groups": {"Gold": "7"}}]
    split = [{"affiliate": ann.code, "share": "30"}]
    body = {"schema": 2, "rules": rules, "levels": levels, "split": split}
    actions.publish(program.plans.get(), body, at=FOUNDED)

    pages = [
        client.get(path).content.decode()
        for path in (f"/programs/{program.slug}/", f"/programs/{program.slug}/apply/", "/programs/")
    ]

    secrets = ("21 %", "22 %", "23 %", "24 %", "7 %", "Gold", "ANN15", ann.code, "Insiders")
    assert {secret: sum(page.count(secret) for page in pages) for secret in secrets} == dict.fromkeys(
        secrets, 0
    )
    assert all("Everyone" in page for page in pages)


def test_plans_of_groups_and_of_single_affiliates_are_not_said(
    client: Client, brand: Brand, program: Program, ann: Enrollment
) -> None:
    gold = affiliates.create_group(program, "Gold")
    for number, target in enumerate(({"group": gold}, {"enrollment": ann})):
        plan = makers.make_plan(program, f"Secret {number}", percent_plan(f"4{number}"))
        actions.assign_plan(plan, **target)

    text = client.get(f"/programs/{program.slug}/").content.decode()

    assert [text.count(secret) for secret in ("40 %", "41 %", "Secret")] == [0, 0, 0]
    assert "10 %" in text


def test_program_that_pays_only_some_says_that_rates_are_agreed(
    client: Client, brand: Brand, program: Program
) -> None:
    affiliates.create_group(program, "Gold")
    body = {"schema": 2, "rules": [rule("Insiders", "21", groups=["Gold"])]}
    actions.publish(program.plans.get(), body, at=FOUNDED)

    assert told(client, program).rules == []
    assert "agreed with each partner" in client.get(f"/programs/{program.slug}/").content.decode()

"""Dry runs: how far one is, and its answer check by check."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Program
from core.models import User
from fraud.actions import dry_runs
from fraud.checks import CHECKS
from fraud.models import DryRun

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]


def test_answer_of_a_dry_run_stands_check_by_check(program: Program, mia: User, enter: Enter) -> None:
    run = dry_runs.start(program, {"self_referral": {"on": False}}, actor=mia)
    none = {"found": 0, "held": 0, "fraud": 0, "cleared": 0, "amount": 0}
    lines = {
        "self_referral": {**none, "found": 4, "held": 4, "amount": 5000},
        "same_payee": {**none, "found": 1, "held": 1, "amount": 900},
    }
    result = {
        "sales": 1200,
        "of": 1300,
        "now": {"checks": lines, "commissions": 5, "amount": 5900},
        "then": {
            "checks": {"same_payee": {**lines["same_payee"], "cleared": 1}},
            "commissions": 1,
            "amount": 900,
        },
    }
    DryRun.objects.filter(pk=run.pk).update(state="done", result=result, finished_at=timezone.now())
    client = enter(mia)

    page = client.get(f"/admin/fraud/dryrun/{run.pk}/change/")

    answer = page.context["answer"]
    assert answer["headline"] == "These rules would hold €9.00, €50.00 less than today’s."
    assert [(line.title, str(line.change), line.then["cleared"]) for line in answer["lines"]] == [
        ("The buyer is the affiliate", "-50.00 EUR", 0),
        ("Paid to the account of another affiliate", "0.00 EUR", 1),
    ]
    assert "The newest of 1300" in page.content.decode()
    assert "€9.00" in client.get("/admin/fraud/dryrun/").content.decode()
    assert client.get(f"/admin/fraud/dryrun/{run.pk}/progress/")["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    ("state", "done", "total", "words"),
    [
        ("waiting", 0, 0, "Waiting for a worker"),
        ("waiting", 40, 40, "Waiting for a worker"),
        ("running", 0, 0, "Beginning"),
        ("running", 0, 40, "0 % of the sales are worked out"),
        ("running", 10, 40, "25 % of the sales are worked out"),
        ("running", 40, 40, "The sales are worked out; now the affiliates are asked"),
    ],
)
def test_run_that_is_open_says_one_thing_of_itself(
    program: Program, mia: User, enter: Enter, state: str, done: int, total: int, words: str
) -> None:
    run = dry_runs.start(program, {}, actor=mia)
    DryRun.objects.filter(pk=run.pk).update(state=state, done=done, total=total)
    client = enter(mia)

    page = client.get(f"/admin/fraud/dryrun/{run.pk}/change/").content.decode()
    part = client.get(f"/admin/fraud/dryrun/{run.pk}/progress/").content.decode()

    assert f"<h2>{words}</h2>" in page
    assert f"<h2>{words}</h2>" in part
    assert "chip-wait" not in page.split("<h1>")[1]
    assert "100 %" not in page


def test_rules_that_were_tried_are_told_in_words(program: Program, mia: User, enter: Enter) -> None:
    tried = {
        "far_away": {"on": False},
        "order_burst": {"threshold": 2.0, "sample": 5, "weight": 0.5, "action": "hold"},
    }
    run = dry_runs.start(program, tried, actor=mia)

    assert enter(mia).get(f"/admin/fraud/dryrun/{run.pk}/change/").context["rules"] == [
        f"{CHECKS['far_away'].title}: off",
        f"{CHECKS['order_burst'].title}: threshold 2, of at least 5, weight 0.5, a finding does: hold",
    ]


def test_dry_run_of_another_company_is_not_there(
    program: Program, mia: User, eve: User, other: Program, enter: Enter
) -> None:
    run = dry_runs.start(program, {}, actor=mia)
    client = enter(eve)

    assert client.get(f"/admin/fraud/dryrun/{run.pk}/progress/").status_code == 404
    assert client.get(f"/admin/fraud/dryrun/{run.pk}/change/").status_code == 302
    assert list(client.get("/admin/fraud/dryrun/").context["cl"].result_list) == []

"""The policy of a program: what it shows, what it saves, who may, and the dry run that it starts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment, Program
from core.models import User
from fraud.actions import policies, verdicts
from fraud.checks import CHECKS
from fraud.figures.rates import Record, records
from fraud.models import Case, DryRun, LearnedScore, Policy
from fraud.states import Cause
from tests import makers
from tests.fraud.admin.found import asked, keep

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
LIST = "/admin/fraud/policy/"


def page_of(program: Program) -> str:
    return f"{LIST}program/{program.pk}/"


def filled(client: Client, program: Program, **changed: Any) -> dict[str, Any]:
    """What a browser sends of the page as it stands, with some fields changed; None takes a tick out."""
    form = client.get(page_of(program)).context["form"]
    sent: dict[str, Any] = {}
    for part in (form.settings, *form.checks.values()):
        for bound in part:
            value = bound.value()
            if value is True:
                sent[bound.html_name] = "on"
            elif value not in (False, None):
                sent[bound.html_name] = "\n".join(value) if isinstance(value, list) else str(value)
    sent |= changed
    return {name: value for name, value in sent.items() if value is not None}


def test_every_check_stands_under_its_cause(program: Program, mia: User, enter: Enter) -> None:
    groups = enter(mia).get(page_of(program)).context["groups"]

    assert [cause for cause, _lines, _on in groups] == [str(cause.label) for cause in Cause]
    assert sorted(line.check.name for _cause, lines, _on in groups for line in lines) == sorted(CHECKS)
    assert all(not line.changed for _cause, lines, _on in groups for line in lines)


def test_page_sent_back_as_it_is_changes_nothing(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)

    answer = client.post(page_of(program), filled(client, program), follow=True)

    assert "Nothing was different." in answer.content.decode()
    assert Policy.objects.count() == 0


def test_only_what_differs_is_saved(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)
    changed = {
        "lookalike_buyer-threshold": "0.9",
        "lookalike_buyer-action": "hold",
        "far_away-on": None,
        "second_above": "2000.50",
        "review_days": "7",
        "brand_terms": "northwind\r\n\r\n north   wind \r\nnorthwind",
    }

    client.post(page_of(program), filled(client, program, **changed))

    policy = Policy.objects.get()
    assert policy.checks == {
        "far_away": {"on": False},
        "lookalike_buyer": {"threshold": 0.9, "action": "hold"},
    }
    assert (policy.second_above, policy.review_days) == (200050, 7)
    assert policy.brand_terms == ["northwind", "north wind"]
    assert policy.changed_by == mia
    text = client.get(page_of(program)).content.decode()
    assert "default 0.8" in text
    assert 'value="2000.50"' in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lookalike_buyer-threshold", "nan"),
        ("lookalike_buyer-threshold", "-1"),
        ("lookalike_buyer-threshold", "1000000000"),
        ("lookalike_buyer-sample", "0"),
        ("lookalike_buyer-weight", "3.5"),
        ("lookalike_buyer-action", "decline"),
        ("second_above", "a lot"),
        ("second_above", "10.001"),
        ("review_days", "0"),
        ("capacity", "many"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(
    program: Program, mia: User, enter: Enter, field: str, value: str
) -> None:
    client = enter(mia)

    answer = client.post(page_of(program), filled(client, program, **{field: value, "campaigns": "spring"}))

    assert answer.status_code == 200
    assert "Nothing was saved" in answer.content.decode()
    check, dash, what = field.rpartition("-")
    form = answer.context["form"].checks[check] if dash else answer.context["form"].settings
    assert list(form.errors) == [what]
    assert Policy.objects.count() == 0


def test_number_that_is_emptied_goes_back_to_its_default(program: Program, mia: User, enter: Enter) -> None:
    said = {"threshold": 0.9, "sample": 5, "weight": 2, "action": "hold"}
    policies.set_policy(program, actor=mia, checks={"lookalike_buyer": said})
    client = enter(mia)
    emptied = {f"lookalike_buyer-{what}": "" for what in ("threshold", "sample", "weight")}

    client.post(page_of(program), filled(client, program, **emptied))

    assert Policy.objects.get().checks == {"lookalike_buyer": {"action": "hold"}}
    field = client.get(page_of(program)).context["form"].checks["lookalike_buyer"]["threshold"]
    assert 'placeholder="0.8"' in str(field)


@pytest.mark.parametrize("sent", ["save", "try"])
def test_range_of_a_threshold_is_told_beside_it(program: Program, mia: User, enter: Enter, sent: str) -> None:
    client = enter(mia)

    answer = client.post(
        page_of(program), filled(client, program, **{"self_referral-threshold": "-1", sent: ""})
    )

    errors = answer.context["form"].checks["self_referral"].errors
    assert errors == {"threshold": ["Enter a number from 1 to 1,000."]}
    assert (Policy.objects.count(), DryRun.objects.count()) == (0, 0)


def test_lists_that_are_too_long_are_blamed_on_their_field(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)

    answer = client.post(page_of(program), filled(client, program, campaigns="x" * 121))

    assert list(answer.context["form"].settings.errors) == ["campaigns"]
    assert Policy.objects.count() == 0


def test_only_owners_and_managers_change_it(
    program: Program, mia: User, rita: User, ada: User, enter: Enter
) -> None:
    sent = filled(enter(mia), program, review_days="7")

    for person in (rita, ada):
        client = enter(person)
        assert "<fieldset disabled>" in client.get(page_of(program)).content.decode()
        assert client.post(page_of(program), sent).status_code == 403

    assert Policy.objects.count() == 0


def test_policy_of_another_company_is_not_there(
    program: Program, mia: User, eve: User, other: Program, enter: Enter
) -> None:
    row = policies.set_policy(program, actor=mia, review_days=7)
    sent = filled(enter(mia), program, review_days="3")

    client = enter(eve)
    codes = [client.get(page_of(program)).status_code, client.post(page_of(program), sent).status_code]

    assert codes == [404, 404]
    assert client.get(f"{LIST}{row.pk}/change/").status_code == 302  # as of a row that does not exist
    assert "Northwind" not in client.get(LIST).content.decode()
    assert Policy.objects.get().review_days == 7


def test_list_names_every_program_changed_or_not(program: Program, mia: User, enter: Enter) -> None:
    second = makers.make_program(program.merchant, name="Second program")
    row = policies.set_policy(program, actor=mia, checks={"far_away": {"on": False}})

    told = {one["program"]: (one["changed"], one["off"]) for one in enter(mia).get(LIST).context["programs"]}

    assert told == {program: (1, 1), second: (0, 0)}
    assert enter(mia).get(f"{LIST}{row.pk}/change/").context["policy"] == row


# --- how often a check was right ------------------------------------------------------------------------------
def decide(program: Program, mia: User, name: str, verdict: str) -> Case:
    person = makers.make_enrollment(program, f"{name} {Case.objects.count()}")
    sale = makers.make_commission(person)
    (case,) = keep(person, asked(name, person, sale=sale), at=timezone.now())
    return verdicts.decide(case, verdict, reason="looked at", actor=mia)


def test_share_of_cleared_cases_is_told_from_five_on(program: Program, mia: User, enter: Enter) -> None:
    for verdict in ("clear", "decline", "decline", "reverse"):
        decide(program, mia, "self_referral", verdict)
    four = records(program, timezone.now())["self_referral"]
    decide(program, mia, "self_referral", "clear")

    five = records(program, timezone.now())["self_referral"]

    assert (four, four.false_positives) == (Record(4, 4, 1), None)
    assert (five, five.false_positives) == (Record(5, 5, 2), 0.4)
    assert "40 %" in enter(mia).get(page_of(program)).content.decode()


def test_case_with_two_findings_of_a_check_counts_once(bob: Enrollment, mia: User) -> None:
    found = [asked("self_referral", bob, sale=makers.make_commission(bob)) for _each in range(3)]
    (case,) = keep(bob, *found, at=timezone.now())
    verdicts.decide(case, "clear", reason="fine", actor=mia)

    assert records(bob.program, timezone.now()) == {"self_referral": Record(3, 1, 1)}


def test_what_is_undecided_extended_or_long_ago_is_no_record(program: Program, mia: User) -> None:
    old = decide(program, mia, "self_referral", "clear")
    long_ago = timezone.now() - timedelta(days=91)
    Case.objects.filter(pk=old.pk).update(decided_at=long_ago)
    old.signals.update(found_at=long_ago)
    person = makers.make_enrollment(program, "Undecided")
    keep(person, asked("same_payee", person), at=timezone.now())

    assert records(program, timezone.now()) == {"same_payee": Record(1, 0, 0)}


def test_other_companies_decide_nothing_about_mine(program: Program, other: Program, eve: User) -> None:
    decide(other, eve, "self_referral", "clear")

    assert records(program, timezone.now()) == {}


# --- dry runs -------------------------------------------------------------------------------------------------
def test_dry_run_is_asked_with_the_rules_of_the_page_and_saves_nothing(
    program: Program, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    sent = filled(client, program, **{"lookalike_buyer-threshold": "0.6", "try": ""})

    answer = client.post(page_of(program), sent)

    run = DryRun.objects.get()
    assert (run.checks, run.days, run.asked_by) == ({"lookalike_buyer": {"threshold": 0.6}}, 90, mia)
    assert answer["Location"] == f"/admin/fraud/dryrun/{run.pk}/change/"
    assert Policy.objects.count() == 0
    page = client.get(answer["Location"]).content.decode()
    assert "Waiting for a worker" in page
    assert "threshold 0.6" in page
    again = client.post(page_of(program), filled(client, program, **{"try": ""}))
    assert "wait for its answer" in again.content.decode()


# --- how good scores are --------------------------------------------------------------------------------------
def test_card_says_how_far_there_is_to_go(program: Program, mia: User, enter: Enter) -> None:
    decide(program, mia, "self_referral", "reverse")
    decide(program, mia, "self_referral", "clear")

    text = enter(mia).get(page_of(program)).content.decode()

    assert "1 of 20 cases are decided as fraud" in text


@pytest.mark.parametrize(("is_current", "words"), [(True, "so it is in use"), (False, "so it is not in use")])
def test_learned_score_stands_beside_the_weights(
    program: Program, mia: User, enter: Enter, is_current: bool, words: str
) -> None:
    def ranked(share: float) -> dict[str, Any]:
        at = [{"k": 10, "precision": share, "recall": 0.5}]
        return {"average_precision": share, "interval": [share - 0.1, share + 0.1], "pr_auc": share, "at": at}

    figures = {"cases": 40, "guilty": 10, "capacity": 10, "learned": ranked(0.8), "weights": ranked(0.6)}
    made = {
        "version": "a" * 64,
        "decided": 160,
        "guilty": 40,
        "figures": figures,
        "body": b"",
        "is_current": is_current,
    }
    LearnedScore.objects.create(merchant=program.merchant, **made)

    page = enter(mia).get(page_of(program))

    used = {
        line.words: (line.precision, line.interval, line.is_used) for line in page.context["scores"]["lines"]
    }
    assert used == {
        "learned from decisions": ("80 %", "70 % – 90 %", is_current),
        "weights": ("60 %", "50 % – 70 %", not is_current),
    }
    assert words in page.content.decode()
    assert "Fraud among the first 10" in page.content.decode()


def test_score_without_figures_and_of_others_is_no_table(
    program: Program, other: Program, mia: User, enter: Enter
) -> None:
    for merchant, decided in ((program.merchant, 30), (other.merchant, 999)):
        LearnedScore.objects.create(
            merchant=merchant, version=str(decided), decided=decided, guilty=20, body=b""
        )

    text = enter(mia).get(page_of(program)).content.decode()

    assert "Learned from 30 decisions" in text
    assert "nothing to measure it on" in text
    assert "Learned from 999" not in text

"""What a program looks for is changed by the verbs, and only what differs from the defaults is kept."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from affiliates.models import Program
from affiliates.roles import NotAllowed
from core.models import Event, User
from fraud.actions.policies import policy_of, set_check, set_policy
from fraud.checks import CHECKS, Limits, Measure
from fraud.models import Policy
from fraud.states import Action
from tests import makers

pytestmark = pytest.mark.django_db
MAY_DECLINE = sorted(name for name, check in CHECKS.items() if check.may_decline)


def news() -> list[dict[str, Any]]:
    return [event.data for event in Event.objects.filter(kind="policy.changed").order_by("pk")]


def test_program_without_a_policy_has_the_defaults(program: Program) -> None:
    policy = policy_of(program)

    assert (policy.pk, policy.number, policy.review_days) == (None, 0, 14)
    assert policy.rule("self_referral").limits == CHECKS["self_referral"].limits
    assert Policy.objects.count() == 0


def test_only_differences_from_the_defaults_are_kept(program: Program, mia: User) -> None:
    check = CHECKS["lookalike_buyer"]
    default = {"on": True, "sample": 1, "weight": check.weight, "action": check.action}

    policy = set_check(program, check.name, threshold=0.9, actor=mia, at=makers.NOON, **default)

    assert policy.checks == {"lookalike_buyer": {"threshold": 0.9}}
    assert policy_of(program).rule("lookalike_buyer").limits.threshold == 0.9
    assert news() == [{"number": 1, "changes": {"lookalike_buyer.threshold": [None, 0.9]}}]


def test_back_to_the_default_leaves_nothing(program: Program, mia: User) -> None:
    set_check(program, "lookalike_buyer", threshold=0.9, on=False, actor=mia)

    policy = set_check(program, "lookalike_buyer", threshold=0.8, on=True, actor=mia)

    assert (policy.checks, policy.number) == ({}, 2)
    assert news()[-1]["changes"] == {
        "lookalike_buyer.threshold": [0.9, None],
        "lookalike_buyer.on": [False, None],
    }


def test_one_setting_changes_and_the_others_stay(program: Program, mia: User) -> None:
    set_check(program, "lookalike_buyer", threshold=0.9, actor=mia)

    policy = set_check(program, "lookalike_buyer", weight=0, action=Action.HOLD, actor=mia)

    rule = policy_of(program).rule("lookalike_buyer")
    assert policy.checks["lookalike_buyer"] == {"threshold": 0.9, "weight": 0, "action": "hold"}
    assert (rule.limits.threshold, rule.weight, rule.action) == (0.9, 0.0, Action.HOLD)


def test_same_again_changes_nothing(program: Program, mia: User) -> None:
    set_policy(program, actor=mia, review_days=7, second_above=50000, brand_terms=["northwind"])

    policy = set_policy(program, actor=mia, review_days=7, second_above=50000, brand_terms=["northwind"])

    assert (policy.number, len(news())) == (1, 1)


def test_event_says_what_was_and_what_is(program: Program, mia: User) -> None:
    set_policy(program, actor=mia, review_days=7)

    set_policy(
        program, actor=mia, review_days=10, second_above=50000, bad_statuses=["  not   real ", "", "bad"]
    )

    assert news()[-1]["changes"] == {
        "bad_statuses": [[], ["not real", "bad"]],
        "review_days": [7, 10],
        "second_above": [None, 50000],
    }


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("threshold", float("nan")),
        ("threshold", float("inf")),
        ("threshold", "1"),
        ("threshold", True),
        ("threshold", -1),
        ("threshold", 0),
        ("threshold", 1.01),
        ("on", None),
        ("action", None),
        ("sample", 0),
        ("sample", 1.5),
        ("sample", 1_000_001),
        ("weight", -0.1),
        ("weight", 3.1),
        ("weight", float("nan")),
        ("on", "yes"),
        ("action", "ban"),
        ("action", "decline"),
    ],
)
def test_what_cannot_be_is_refused(program: Program, mia: User, what: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        set_check(program, "lookalike_buyer", actor=mia, **{what: value})

    assert list(refused.value.message_dict) == [f"lookalike_buyer.{what}"]
    assert Policy.objects.count() == 0


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("threshold", 0.01),
        ("threshold", 1),
        ("sample", 1_000_000),
        ("weight", 3),
        ("weight", 0),
        ("on", False),
    ],
)
def test_what_stands_at_the_edge_is_taken(program: Program, mia: User, what: str, value: Any) -> None:
    policy = set_check(program, "lookalike_buyer", actor=mia, **{what: value})

    assert policy.checks == {"lookalike_buyer": {what: value}}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("self_referral", -1, "Enter a number from 1 to 1,000."),
        ("self_referral", 1e9, "Enter a number from 1 to 1,000."),
        ("same_payee", 0, "Enter a number from 1 to 1,000,000."),
        ("lookalike_buyer", 2, "Enter a number from 0.01 to 1."),
        ("rushed_order", -1, "Enter a number from 0 to 86,400."),
        ("far_away", 0, "This check answers yes or no, so its threshold is always 1."),
        ("far_away", 2, "This check answers yes or no, so its threshold is always 1."),
    ],
)
def test_threshold_that_cannot_be_meant_is_refused_with_its_range(
    program: Program, mia: User, name: str, value: float, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        set_check(program, name, threshold=value, actor=mia)

    assert refused.value.message_dict == {f"{name}.threshold": [sentence]}
    assert Policy.objects.count() == 0


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_absence_speaks_under_no_threshold_that_is_taken(name: str) -> None:
    check = CHECKS[name]
    least, most = check.bounds

    assert least <= check.limits.threshold <= most
    assert check.is_low_bad or not check.speaks(Measure(0.0, 10**6), Limits(least))


def test_none_brings_a_number_back_to_its_default(program: Program, mia: User) -> None:
    set_check(program, "order_burst", threshold=9, sample=99, weight=0.1, on=False, actor=mia)

    policy = set_check(program, "order_burst", threshold=None, sample=None, weight=None, actor=mia)

    assert policy.checks == {"order_burst": {"on": False}}


@pytest.mark.parametrize("name", MAY_DECLINE)
def test_checks_that_find_facts_may_decline(program: Program, mia: User, name: str) -> None:
    set_check(program, name, action=Action.DECLINE, actor=mia)

    assert policy_of(program).rule(name).action == Action.DECLINE


def test_some_checks_may_decline_and_most_may_not() -> None:
    assert 0 < len(MAY_DECLINE) < len(CHECKS) / 4


@pytest.mark.parametrize(
    ("field", "value"), [("review_days", 0), ("review_days", 91), ("capacity", 0), ("second_above", -1)]
)
def test_numbers_out_of_range_are_refused(program: Program, mia: User, field: str, value: int) -> None:
    with pytest.raises(ValidationError) as refused:
        set_policy(program, actor=mia, **{field: value})

    assert list(refused.value.message_dict) == [field]
    assert Policy.objects.count() == 0


def test_lists_that_are_too_long_are_refused(program: Program, mia: User) -> None:
    for words in (["x" * 121], [str(number) for number in range(501)]):
        with pytest.raises(ValidationError, match="At most 500 entries"):
            set_policy(program, actor=mia, campaigns=words)

    assert Policy.objects.count() == 0


def test_nobody_without_the_right_changes_it(
    program: Program, rita: User, fin: User, ada: User, eve: User
) -> None:
    for person in (rita, fin, ada, eve):
        with pytest.raises(NotAllowed):
            set_policy(program, actor=person, review_days=7)

    assert Policy.objects.count() == 0


def test_what_does_not_exist_is_a_fault_of_the_program(program: Program, mia: User) -> None:
    with pytest.raises(TypeError, match="nonsense"):
        set_check(program, "nonsense", on=False, actor=mia)
    with pytest.raises(TypeError, match="colour"):
        set_check(program, "self_referral", colour="red", actor=mia)
    with pytest.raises(TypeError, match="number"):
        set_policy(program, actor=mia, number=7)

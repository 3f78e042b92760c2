"""What shop, payment system and CRM say, in their words."""

import pytest

from fraud.checks.facts import Told
from fraud.checks.systems import CHECKS, risk_of
from tests.fraud.sales import by_name, said, sale

CHECK = by_name(CHECKS)
BAD = frozenset({"Fraud", "Blacklist"})


@pytest.mark.parametrize(
    ("name", "told", "expected"),
    [
        ("high_risk", Told(risk="LOW"), False),
        ("high_risk", Told(risk="MEDIUM"), False),
        ("high_risk", Told(risk="HIGH"), True),
        ("high_risk", Told(risk="highest"), True),
        ("high_risk", Told(risk="PENDING"), None),
        ("high_risk", Told(risk="not_assessed"), None),
        ("high_risk", Told(), None),
        ("medium_risk", Told(risk="normal"), False),
        ("medium_risk", Told(risk="elevated"), True),
        ("medium_risk", Told(risk="high"), False),
        ("medium_risk", Told(risk="NONE"), None),
        ("dispute_opened", Told(dispute=""), False),
        ("dispute_opened", Told(dispute="opened"), True),
        ("dispute_opened", Told(dispute="won"), False),
        ("dispute_opened", Told(dispute="lost"), False),
        ("dispute_opened", Told(), None),
        ("dispute_opened", Told(dispute="something"), None),
        ("dispute_lost", Told(dispute="opened"), False),
        ("dispute_lost", Told(dispute="lost"), True),
        ("dispute_lost", Told(dispute="won"), False),
        ("dispute_lost", Told(), None),
        ("blocked_customer", Told(is_blocked=False), False),
        ("blocked_customer", Told(is_blocked=True), True),
        ("blocked_customer", Told(), None),
        ("bad_status", Told(crm_status="customer", bad_statuses=BAD), False),
        ("bad_status", Told(crm_status=" fraud", bad_statuses=BAD), True),
        ("bad_status", Told(crm_status="fraud"), None),
        ("bad_status", Told(bad_statuses=BAD), None),
    ],
)
def test_what_systems_say_is_taken_at_their_word(name: str, told: Told, expected: bool | None) -> None:
    assert said(CHECK[name], sale(told=told)) is expected


def test_levels_of_risk_go_up() -> None:
    assert [risk_of(word) for word in ("Low", " medium ", "HIGH")] == [0, 1, 2]


def test_the_system_is_named() -> None:
    measure = CHECK["high_risk"].measure(sale(told=Told(risk="high", risk_by="Shop A")))

    assert measure is not None
    assert measure.figures == {"system": "Shop A"}

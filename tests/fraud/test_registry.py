"""Every check is whole: named once, said in words, weighed within bounds, and tried at its threshold."""

import re
from pathlib import Path
from typing import Any

import pytest

from fraud import checks
from fraud.checks import CHECKS, Check
from fraud.states import Action

TESTS = "".join(path.read_text() for path in Path(__file__).parent.glob("test_checks_*.py"))
HINTS = re.compile(r"\d|threshold|limit|%\(")  # what would tell an affiliate how far to go


def test_no_two_checks_have_one_name() -> None:
    names = [check.name for module in checks._MODULES for check in module.CHECKS]

    assert len(names) == len(set(names)) == len(CHECKS) > 50


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_check_is_said_in_words_and_weighed_within_bounds(check: Check[Any]) -> None:
    assert all(str(words) for words in (check.title, check.statistic, check.sentence, check.plain))
    assert 0 <= check.weight <= 3
    assert check.limits.sample >= 1


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_affiliate_is_told_no_limit_and_no_figure(check: Check[Any]) -> None:
    assert HINTS.search(str(check.plain)) is None


def test_only_facts_may_decline_by_themselves() -> None:
    able = {check.name for check in CHECKS.values() if check.may_decline}

    assert able == {"duplicate_order", "unconfirmed_order"}
    assert {check.name for check in CHECKS.values() if check.action == Action.DECLINE} == set()


@pytest.mark.parametrize("name", CHECKS)
def test_check_is_tried_by_name(name: str) -> None:
    assert re.search(rf"[\"'.]?\b{name}\b", TESTS, re.IGNORECASE), f"no test tries {name}"

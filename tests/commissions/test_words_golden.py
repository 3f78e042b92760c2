"""Thirty sales as they are explained: old traces stay readable, and a change of the format is noticed."""

import json
import re

import pytest

from tests.commissions.golden import Case, as_list, cases, is_evaluated, told, trace_of
from tests.house.source import ROOT

CASES = cases()
PAGE = (ROOT / "docs" / "money.md").read_text(encoding="utf-8")
NAMES = [case["name"] for case in CASES]
EVALUATED = [case for case in CASES if is_evaluated(case)]


def sentences(case: Case) -> list[list[str]]:
    """What the file says that everybody is told."""
    return [one["sentences"] for one in case["told"]]


def test_there_are_thirty_and_ten_of_them_are_of_the_first_engine() -> None:
    assert len(set(NAMES)) == 30
    assert [case["trace"]["v"] for case in CASES] == [1] * 10 + [2] * 20
    assert len(EVALUATED) == 18


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_trace_is_told_sentence_by_sentence(case: Case) -> None:
    assert told(case) == sentences(case)
    assert all(sentences(case))


@pytest.mark.parametrize("case", EVALUATED, ids=[case["name"] for case in EVALUATED])
def test_same_sale_gives_the_same_trace(case: Case) -> None:
    assert json.loads(json.dumps(trace_of(case))) == case["trace"]


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_sale_stands_in_the_documentation(case: Case) -> None:
    assert f"\n\n{as_list(case)}\n\n" in PAGE


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_nobody_is_named(case: Case) -> None:
    text = json.dumps(sentences(case), ensure_ascii=False)

    assert not any(name in text for name in ("Ann", "Ben", "Cat", "Dan", "Eli", "studio-north"))


def test_documentation_names_tests_and_files_that_exist() -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", PAGE))

    assert len(named) > 80
    assert named - set(re.findall(r"def (test_\w+)\(", texts)) == set()
    assert [
        path for path in re.findall(r"`([a-z_/]+\.(?:py|json))`", PAGE) if not (ROOT / path).exists()
    ] == []

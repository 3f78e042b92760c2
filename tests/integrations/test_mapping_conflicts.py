"""Both sides have a value: which stays, what is noted, and that nothing goes round in circles."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from integrations.mapping import FILLED, NEWEST, OURS, RULES, THEIRS, Choice, decide, is_same
from tests.makers import NOON

LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("rule", "kept", "value"),
    [(OURS, "ours", "a"), (THEIRS, "theirs", "b"), (FILLED, "ours", "a"), (NEWEST, "theirs", "b")],
)
def test_both_changed_so_the_rule_chooses_and_says_so(rule: str, kept: str, value: str) -> None:
    assert decide(rule, "a", "b", "old", NOON, LATER) == Choice(value, kept, is_logged=True)


def test_newest_is_ours_where_ours_is_as_new_or_theirs_has_no_time() -> None:
    assert decide(NEWEST, "a", "b", "old", LATER, NOON).kept == "ours"
    assert decide(NEWEST, "a", "b", "old", NOON, NOON).kept == "ours"
    assert decide(NEWEST, "a", "b", "old", NOON, None).kept == "ours"
    assert decide(NEWEST, "a", "b", "old", None, NOON).kept == "theirs"


@pytest.mark.parametrize("rule", RULES)
def test_their_value_that_is_the_agreed_one_is_no_change(rule: str) -> None:
    assert decide(rule, "ours is new", "agreed", "agreed", NOON, LATER) == Choice("ours is new", "ours")


@pytest.mark.parametrize("rule", [THEIRS, NEWEST])
def test_only_they_changed_it_so_it_is_taken_without_a_note(rule: str) -> None:
    assert decide(rule, "agreed", "theirs", "agreed") == Choice("theirs", "theirs")


@pytest.mark.parametrize("rule", [OURS, FILLED])
def test_only_they_changed_it_and_may_not_so_it_is_noted(rule: str) -> None:
    assert decide(rule, "agreed", "theirs", "agreed") == Choice("agreed", "ours", is_logged=True)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("nothing", [None, "", [], {}])
def test_empty_side_is_filled(rule: str, nothing: Any) -> None:
    assert decide(rule, nothing, "b") == Choice("b", "theirs")
    assert decide(rule, "a", nothing) == Choice("a", "ours")


def test_cleared_over_there_is_cleared_here_only_by_a_rule_that_lets_them() -> None:
    assert decide(THEIRS, "agreed", "", "agreed").value == ""
    assert decide(NEWEST, "agreed", "", "agreed").value == ""
    assert decide(OURS, "agreed", "", "agreed").value == "agreed"
    assert decide(FILLED, "agreed", "", "agreed").value == "agreed"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (5, "5", True),
        ("5.0", 5, True),
        (True, "true", True),
        (True, 1, False),
        ("007", "7", False),
        (None, "", True),
        (0, None, False),
        (False, "", False),
        ("a", "A", False),
        ([1], [1], True),
        ([1], "1", False),
        ("x", 5, False),
    ],
)
def test_values_that_say_the_same(one: Any, other: Any, same: bool) -> None:
    assert is_same(one, other) is same
    assert is_same(other, one) is same


values = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.lists(st.integers())
)
times = st.none() | st.sampled_from([NOON, LATER])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(RULES)), values, values, values, times, times)
def test_decision_is_one_of_both_and_settles(
    rule: str, ours: Any, theirs: Any, agreed: Any, ours_at: Any, theirs_at: Any
) -> None:
    """Once both sides have what was decided, deciding again moves nothing: no loop."""
    choice = decide(rule, ours, theirs, agreed, ours_at, theirs_at)

    assert choice.value is ours or choice.value is theirs
    assert not choice.is_logged or (
        not is_same(ours, theirs) and ours not in (None, "") and theirs not in (None, "")
    )
    settled = decide(rule, choice.value, choice.value, choice.value, ours_at, theirs_at)
    assert (settled.kept, settled.is_logged) == ("same", False) or choice.value != choice.value

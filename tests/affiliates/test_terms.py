"""How credit is given is dated: from now on or from later, never for what was."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from affiliates import actions
from affiliates.models import AttributionTerms, Program
from affiliates.roles import NotAllowed
from affiliates.states import IllegalMove
from core.models import Event, User
from tests.makers import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def change(program: Program, actor: User, **said: Any) -> AttributionTerms:
    return actions.change_terms(
        program, **({"window_hours": 24, "bound_days": 0, "at": NOON} | said), actor=actor
    )


def test_what_is_not_said_stays(program: Program, mia: User) -> None:
    change(program, mia, model="time_decay", view_hours=24, half_life_hours=48, fallback="linear")

    terms = change(program, mia, window_hours=48, at=NOON + DAY)

    assert (terms.window_hours, terms.model, terms.view_hours) == (48, "time_decay", 24)
    assert (terms.half_life_hours, terms.fallback, terms.effective_at) == (48, "linear", NOON + DAY)


def test_everything_that_is_said_stands_in_the_audit_trail(program: Program, mia: User) -> None:
    change(program, mia, model="shapley", fallback="position", effective_at=NOON + DAY)

    assert Event.objects.get(kind="terms.changed").data == {
        "window_hours": 24,
        "bound_days": 0,
        "model": "shapley",
        "view_hours": 0,
        "half_life_hours": 168,
        "fallback": "position",
        "effective_at": "2026-11-03T12:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("starts", "words"),
    [
        (NOON - timedelta(seconds=1), "in the past"),
        (NOON + timedelta(days=93), "92 days"),
    ],
)
def test_terms_begin_now_or_soon(program: Program, mia: User, starts: Any, words: str) -> None:
    with pytest.raises(IllegalMove, match=words):
        change(program, mia, effective_at=starts)
    assert program.attribution_terms.count() == 1


@pytest.mark.parametrize("starts", [None, NOON + DAY, NOON + 2 * DAY])
def test_planned_terms_are_not_overtaken(program: Program, mia: User, starts: Any) -> None:
    change(program, mia, effective_at=NOON + 2 * DAY)

    with pytest.raises(IllegalMove, match="4 November 2026, 12:00 UTC"):
        change(program, mia, effective_at=starts)
    assert program.attribution_terms.count() == 2
    assert change(program, mia, effective_at=NOON + 3 * DAY).window_hours == 24


@pytest.mark.parametrize("fallback", ["markov", "shapley", "nonsense"])
def test_rule_while_data_is_scarce_needs_no_data(program: Program, mia: User, fallback: str) -> None:
    with pytest.raises(IllegalMove):
        change(program, mia, model="markov", fallback=fallback)
    assert program.attribution_terms.count() == 1


@pytest.mark.parametrize(
    "said",
    [
        {"window_hours": 0},
        {"window_hours": 8761},
        {"bound_days": 3651},
        {"view_hours": 721},
        {"half_life_hours": 0},
        {"model": "nonsense"},
    ],
)
def test_value_out_of_its_range_is_refused(program: Program, mia: User, said: Any) -> None:
    with pytest.raises(ValidationError):
        change(program, mia, **said)
    assert program.attribution_terms.count() == 1


def test_analyst_and_another_company_change_nothing(program: Program, ada: User, eve: User) -> None:
    for person in (ada, eve):
        with pytest.raises(NotAllowed):
            change(program, person)
    assert program.attribution_terms.count() == 1

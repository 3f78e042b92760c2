"""A sale is shared to exactly 1, whatever the model, and nothing that does not count changes it."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from tests.makers import NOON
from tracking.attribution import Learned, Sharing, Terms, Touch, Verdict, decide
from tracking.attribution.sharing import RULES, UNIT, share, totals

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
STUDY = Learned(7, {1: Fraction("0.5"), 2: Fraction("0.3"), 3: Fraction("0.2"), 4: Fraction(0)})
SHARINGS = [
    *(Sharing(rule) for rule in RULES),
    Sharing("markov", learned=STUDY, fallback="linear"),
    Sharing("shapley", learned=STUDY, fallback="linear"),
    Sharing("markov", fallback="time_decay"),
]


def touch(enrollment: int, days: float, **fields: object) -> Touch:
    return Touch(enrollment, NOON - days * DAY, "tid", 30 * DAY, f"c{enrollment}-{days}", **fields)


def shares(touches: list[Touch], model: str = "linear", **fields: object) -> dict[int, Fraction]:
    return dict(decided(touches, Sharing(model, **fields)).shares)


def decided(touches: list[Touch], sharing: Sharing, **fields: object) -> Verdict:
    terms = Terms(window=30 * DAY, bound=365 * DAY, sharing=sharing, **fields)
    return decide(NOON, tuple(touches), (), None, terms)


def parts(*texts: str) -> list[Fraction]:
    return [Fraction(text) for text in texts]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("last_click", parts("1")),
        ("first_click", parts("1")),
        ("linear", parts("1/4", "1/4", "1/4", "1/4")),
        ("position", parts("2/5", "1/10", "1/10", "2/5")),
    ],
)
def test_four_touches_of_four_partners(model, expected):
    found = shares([touch(1, 4), touch(2, 3), touch(3, 2), touch(4, 1)], model)

    assert sorted(found.values()) == sorted(expected)


def test_last_and_first_click_take_it_all():
    touches = [touch(1, 4), touch(2, 3), touch(3, 2)]

    assert (shares(touches, "last_click"), shares(touches, "first_click")) == ({3: 1}, {1: 1})


@pytest.mark.parametrize(("count", "expected"), [(1, ["1"]), (2, ["1/2", "1/2"]), (3, ["2/5", "1/5", "2/5"])])
def test_position_of_few_touches(count, expected):
    touches = [touch(number, 10 - number) for number in range(1, count + 1)]

    found = shares(touches, "position")

    assert [found[number] for number in range(1, count + 1)] == parts(*expected)


def test_touch_one_half_life_older_counts_half():
    assert shares([touch(1, 8), touch(2, 1)], "time_decay") == {1: Fraction(1, 3), 2: Fraction(2, 3)}
    assert shares([touch(1, 22), touch(2, 8), touch(3, 1)], "time_decay") == {
        1: Fraction(1, 13),
        2: Fraction(4, 13),
        3: Fraction(8, 13),
    }


def test_decay_between_half_lives_is_rounded_to_a_millionth_millionth():
    found = share(Sharing("time_decay"), [touch(1, 3.5), touch(2, 0)])

    assert found.weights == (Fraction(707106781187), Fraction(UNIT))  # 2 ** -0.5


def test_touch_ages_before_the_last_one_weighs_nothing():
    old = Touch(1, NOON - 300 * DAY, "tid", 365 * DAY, "old")

    assert shares([old, touch(2, 1)], "time_decay", half_life=HOUR) == {2: 1}


def test_touches_of_one_partner_count_together():
    assert shares([touch(1, 4), touch(2, 3), touch(1, 1)]) == {1: Fraction(2, 3), 2: Fraction(1, 3)}


def test_principal_has_most_of_it_then_the_later_touch_then_the_lower_number():
    assert decided([touch(1, 4), touch(2, 3), touch(1, 2)], Sharing("linear")).enrollment == 1
    assert decided([touch(1, 4), touch(2, 3)], Sharing("linear")).enrollment == 2
    assert decided([touch(2, 3), touch(1, 3)], Sharing("linear")).enrollment == 1


def test_click_of_the_principal_is_its_weightiest_then_latest():
    verdict = decided([touch(1, 9), touch(2, 5), touch(1, 4), touch(2, 3)], Sharing("position"))

    assert (verdict.enrollment, verdict.click) == (2, "c2-3")


def test_markov_shares_by_the_weights_of_those_on_the_way():
    touches = [touch(1, 4), touch(2, 3), touch(1, 2)]

    assert shares(touches, "markov", learned=STUDY) == {1: Fraction(5, 8), 2: Fraction(3, 8)}


def test_shapley_shares_alike_among_those_on_the_way():
    touches = [touch(1, 4), touch(2, 3), touch(1, 2)]

    assert shares(touches, "shapley", learned=STUDY) == {1: Fraction(1, 2), 2: Fraction(1, 2)}


@pytest.mark.parametrize(
    ("learned", "enrollments", "why"),
    [
        (None, (1, 2), "no_study"),
        (STUDY, (1, 9), "unknown_partner"),
        (Learned(7, {1: 0, 2: 0}), (1, 2), "no_weight"),
    ],
)
def test_rule_stands_in_where_the_study_cannot_tell(learned, enrollments, why):
    first, second = enrollments
    verdict = decided(
        [touch(first, 4), touch(second, 3)], Sharing("markov", learned=learned, fallback="first_click")
    )

    assert verdict.shares == ((first, 1),)
    assert verdict.trace["model"] == {"name": "first_click", "instead_of": "markov", "why": why}


def test_trace_names_the_study_and_its_weights():
    verdict = decided([touch(1, 4), touch(2, 3)], Sharing("markov", learned=STUDY))

    assert verdict.trace["model"] == {"name": "markov", "study": 7, "weights": {"1": "1/2", "2": "3/10"}}


def test_unknown_model_is_refused():
    with pytest.raises(ValueError, match="There is no model 'best'"):
        share(Sharing("best"), [touch(1, 1)])


# --- properties --------------------------------------------------------------------------------------------
touches = st.lists(
    st.builds(
        lambda enrollment, seconds, number: Touch(
            enrollment,
            NOON - timedelta(seconds=seconds),
            "visitor",
            30 * DAY,
            f"c{number}",
            visitor="v",
        ),
        st.integers(1, 5),
        st.one_of(st.integers(0, 60), st.integers(0, 30 * 86400)),
        st.integers(0, 10**9),
    ),
    min_size=1,
    max_size=12,
)
sharings = st.sampled_from(SHARINGS)
losers = st.lists(
    st.builds(
        lambda enrollment, days, how: replace(touch(enrollment, days), **how),
        st.integers(1, 6),
        st.floats(0, 29),
        st.sampled_from([{"is_bot": True}, {"is_active": False}, {"window": timedelta(0)}, {"kind": "v"}]),
    ),
    max_size=5,
)


@given(touches, sharings)
def test_shares_add_up_to_exactly_one(found, sharing):
    verdict = decided(found, sharing, repeat=timedelta(seconds=10))

    assert sum(share for _one, share in verdict.shares) == 1
    assert sum(Fraction(row["share"]) for row in verdict.trace["touches"]) == 1
    assert {one for one, _share in verdict.shares} <= {one.enrollment for one in found}


@given(touches, sharings, st.randoms())
def test_order_in_which_touches_are_told_changes_nothing(found, sharing, random):
    same = [replace(one, at=NOON - DAY) if random.random() < 0.5 else one for one in found]
    shuffled = random.sample(same, len(same))

    assert decided(same, sharing) == decided(shuffled, sharing)


@given(touches, losers, sharings)
def test_touches_that_do_not_count_change_nothing(found, losing, sharing):
    losing = [one for one in losing if one.window == 30 * DAY or one.at < NOON]
    alone, together = (
        decided(some, sharing, repeat=timedelta(seconds=10)) for some in (found, [*found, *losing])
    )

    assert (alone.shares, alone.click, alone.path) == (together.shares, together.click, together.path)


@given(touches, st.sampled_from(["last_click", "first_click"]), st.data())
def test_removed_losing_touch_does_not_change_who_wins(found, model, data):
    verdict = decided(found, Sharing(model), repeat=timedelta(seconds=10))
    losing = [one for one in found if one.enrollment != verdict.enrollment]
    gone = data.draw(st.sets(st.sampled_from(losing))) if losing else set()
    left = [one for one in found if one not in gone]

    assert decided(left, Sharing(model), repeat=timedelta(seconds=10)).enrollment == verdict.enrollment


@given(touches, st.integers(1, 10**6))
def test_scale_of_weights_changes_nothing(found, times):
    scaled = Learned(7, {one: weight * times for one, weight in STUDY.weights.items()})

    assert (
        decided(found, Sharing("markov", learned=STUDY)).shares
        == decided(found, Sharing("markov", learned=scaled)).shares
    )


@given(touches, sharings)
def test_principal_stands_first_and_has_most(found, sharing):
    verdict = decided(found, sharing)

    assert verdict.shares[0][0] == verdict.enrollment
    assert verdict.shares[0][1] == max(share for _one, share in verdict.shares)


@given(touches, sharings)
def test_totals_are_the_sums_of_touches(found, sharing):
    shared = share(sharing, sorted(found, key=lambda one: (one.at, one.enrollment)))

    assert (
        sum(dict(totals(sorted(found, key=lambda one: (one.at, one.enrollment)), shared.shares)).values())
        == 1
    )

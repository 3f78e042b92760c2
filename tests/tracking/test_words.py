"""A decision is told to managers in words, whatever version its trace has."""

from datetime import timedelta
from fractions import Fraction

import pytest

from tests.makers import NOON
from tracking.attribution import Learned, Sharing, Terms, Touch, decide
from tracking.attribution.why_not import percent, reasons
from tracking.words import decision_in_words, enrollments_of

DAY = timedelta(days=1)
NAMES = {1: "Ann", 2: "Bob", 3: "Cid"}


def told(*touches: Touch, **sharing: object) -> list[str]:
    terms = Terms(window=30 * DAY, bound=365 * DAY, sharing=Sharing(**sharing), views=True)
    return decision_in_words(decide(NOON, touches, (), None, terms).trace, NAMES)


def touch(enrollment: int, days: float, **fields: object) -> Touch:
    return Touch(enrollment, NOON - days * DAY, "visitor", 30 * DAY, f"c{enrollment}-{days}", **fields)


def test_last_click():
    assert told(touch(1, 2), touch(2, 1)) == [
        "Credited to Bob, because theirs was the last click that counts.",
        "Click through Bob on 1 Nov 2026, 12:00 (same browser): won.",
        "Click through Ann on 31 Oct 2026, 12:00 (same browser): a later click won.",
    ]


def test_shared_credit_says_shares_model_and_whose_plan():
    assert told(touch(1, 2), touch(2, 1), touch(3, 40), model="linear") == [
        "Credited by clicks: Bob 50 %, Ann 50 %.",
        "The model: every click counts the same.",
        "The sale is valued once, by the plan of Bob, who has the largest share.",
        "Click through Bob on 1 Nov 2026, 12:00 (same browser): counts 50 %.",
        "Click through Ann on 31 Oct 2026, 12:00 (same browser): counts 50 %.",
        "Click through Cid on 23 Sep 2026, 12:00 (same browser): was too old for the program’s window.",
    ]


def test_time_decay_says_what_each_share_comes_from():
    found = told(touch(1, 8), touch(2, 1), model="time_decay")

    assert found[:2] == [
        "Credited by clicks: Bob 66.67 %, Ann 33.33 %.",
        "The model: a click that is 168 hours older than the last one counts half.",
    ]
    assert found[-1] == (
        "Click through Ann on 25 Oct 2026, 12:00 (same browser): "
        "counts 33.33 %, its weight being 50 % of the last click’s."
    )


def test_position_keeps_its_per_cent_signs():
    assert told(touch(1, 2), touch(2, 1), model="position")[1] == (
        "The model: the first and the last click count 40 % each, those between them share the rest."
    )


def test_data_driven_names_its_study_or_says_what_stood_in():
    learned = Learned(7, {1: Fraction(1, 4), 2: Fraction(3, 4)})

    by_study = told(touch(1, 2), touch(2, 1), model="markov", learned=learned)
    by_rule = told(touch(1, 2), touch(2, 1), model="markov", fallback="linear")

    assert by_study[1] == "The model: each partner counts by what the study 7 found of its part in orders."
    assert by_rule[2] == "The program’s data-driven model had too little to go by when the order was made."


def test_view():
    view = Touch(1, NOON - DAY / 2, "visitor", DAY, "v", kind="v")

    assert told(view) == [
        "Credited to Ann: there was no click, and theirs was the last advertisement that was seen.",
        "Advertisement of Ann seen on 2 Nov 2026, 00:00 (same browser): won.",
    ]


OLD = {
    "v": 1,
    "touches": [
        {
            "enrollment": 2,
            "at": "2026-10-31T12:00:00+00:00",
            "via": "tid",
            "click": "x",
            "won": False,
            "why": "earlier",
        },
        {
            "enrollment": 1,
            "at": "2026-11-01T12:00:00+00:00",
            "via": "tid",
            "click": "y",
            "won": True,
            "why": "",
        },
    ],
    "coupons": [],
    "binding": None,
    "won": "click",
    "enrollment": 1,
}


def test_trace_of_the_first_version_reads_as_it_did():
    assert decision_in_words(OLD, NAMES) == [
        "Credited to Ann, because theirs was the last click that counts.",
        "Click through Ann on 1 Nov 2026, 12:00 (click id given by the store): won.",
        "Click through Bob on 31 Oct 2026, 12:00 (click id given by the store): a later click won.",
    ]
    assert [one.code for one in reasons(OLD, 1)] == ["credited"]
    assert [one.code for one in reasons(OLD, 2)] == ["earlier"]
    assert enrollments_of(OLD) == {1, 2}


@pytest.mark.parametrize(
    ("share", "text"),
    [("1", "100 %"), ("1/3", "33.33 %"), ("2/5", "40 %"), ("1/8", "12.5 %"), ("1/99999", "0 %")],
)
def test_shares_in_per_cent(share, text):
    assert percent(Fraction(share)) == text

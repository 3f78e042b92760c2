"""Codes are readable, and there is always one."""

import re

import pytest

from affiliates.codes import LETTERS, LONGEST, from_name, random_code


def test_random_code_has_only_letters_that_cannot_be_mistaken() -> None:
    letters = set("".join(random_code(40) for _turn in range(100)))

    assert letters == set(LETTERS)
    assert not letters & set("01ilouae")


def test_random_codes_do_not_repeat() -> None:
    assert len({random_code() for _turn in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Ann Example", "ann-example"),
        ("  Björn Großmann  ", "bjorn-grossmann"),
        ("Søren Ørsted", "soren-orsted"),
        ("Łukasz Żółw", "lukasz-zolw"),
        ("Café du Coin & Fils!", "cafe-du-coin-fils"),
        ("snake_case", "snake-case"),
        ("a" * 80, "a" * LONGEST),
        ("x" * 29 + " yes", "x" * 29),
    ],
)
def test_code_resembles_the_name(name: str, code: str) -> None:
    assert from_name(name) == code


@pytest.mark.parametrize("name", ["", "李雷", "!!!", "Bo", "\0"])
def test_name_that_yields_too_little_gets_a_random_code(name: str) -> None:
    assert re.fullmatch(f"[{LETTERS}]{{8}}", from_name(name))

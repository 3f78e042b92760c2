"""What addresses say of themselves and of each other."""

import pytest
from disposable_email_domains import blocklist

from fraud.lists.emails import FREE, in_series, is_disposable, likeness, own_domain, share_own_domain


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ann@mailinator.com", True),
        ("ann@eu.Mailinator.com", True),
        ("ann@gmail.com", False),
        ("ann@mailinator.example", False),
        ("nobody", None),
        ("", None),
    ],
)
def test_throw_away_mailboxes_are_known_by_domain(address: str, expected: bool | None) -> None:
    assert is_disposable(address) is expected


def test_no_free_mail_is_taken_for_throw_away() -> None:
    assert sorted(FREE & blocklist) == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("ann@smith.example", "bob@smith.example", True),
        ("ann@mail.smith.example", "bob@smith.example", True),
        ("ann@smith.example", "bob@blacksmith.example", False),
        ("ann@gmail.com", "bob@gmail.com", False),
        ("ann@googlemail.com", "bob@gmail.com", False),
        ("ann@mailinator.com", "bob@mailinator.com", False),
        ("ann@smith.example", "bob@gmail.com", False),
        ("ann@smith.example", "", None),
    ],
)
def test_only_own_domains_tell(one: str, other: str, expected: bool | None) -> None:
    assert share_own_domain(one, other) is expected


def test_own_domains_are_neither_free_nor_thrown_away() -> None:
    assert own_domain("ann@Smith.example") == "smith.example"
    assert own_domain("ann@web.de") == own_domain("ann@mailinator.com") == own_domain("ann") == ""


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("ann.smith@a.example", "annsmith77@b.example", 1.0),
        ("ann.smith+shop@a.example", "Ann-Smith@b.example", 1.0),
        ("анна.петрова@a.example", "аннапетрова2@b.example", 1.0),
        ("anna@a.example", "anna@b.example", None),  # four letters are many people
        ("info77@a.example", "annsmith@a.example", None),
        ("service@a.example", "service@b.example", None),
        ("", "annsmith@a.example", None),
    ],
)
def test_names_are_compared_by_their_letters(one: str, other: str, expected: float | None) -> None:
    assert likeness(one, other) == expected


def test_relatives_are_less_alike_than_the_same_name_misspelled() -> None:
    misspelled = likeness("alexandermueller@a.example", "alexandermuellerr@b.example")
    relative = likeness("alexandermueller@a.example", "sabinemueller@b.example")
    stranger = likeness("alexandermueller@a.example", "guillaumedupont@b.example")

    assert misspelled is not None
    assert relative is not None
    assert misspelled >= 0.8 > relative > 0.1
    assert stranger == 0.0


def test_a_series_are_three_numbers_of_one_name() -> None:
    two = ["ann1@a.example", "ann2@a.example"]

    assert in_series(two) == 0
    assert in_series([*two, "ann2@a.example", "ann@a.example", "bob3@a.example", "ann3@b.example"]) == 0
    assert in_series([*two, "ann03@a.example"]) == 3
    assert in_series(["1980ann1@a.example", "1980ann2@a.example", "1980ann3@a.example", ""]) == 3

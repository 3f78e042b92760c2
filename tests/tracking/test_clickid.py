"""A click's id is read without its row, and only if it is ours."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings

from tracking import clickid

AT = datetime(2026, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC)


def test_id_says_link_time_and_uuid() -> None:
    raw = urlsafe_b64decode(tid := clickid.make(4711, AT))

    found = clickid.read(tid)

    assert found is not None
    assert (found.link_id, found.at, found.uuid.bytes) == (4711, AT, raw[:16])


def test_id_is_32_letters_that_need_no_quoting_in_a_url() -> None:
    assert all(clickid.SHAPE.fullmatch(clickid.make(2**48 - 1, AT)) for _turn in range(200))


def test_uuids_stand_in_the_order_of_time() -> None:
    early, late = clickid.issue(9, AT)[0], clickid.issue(1, AT + timedelta(milliseconds=1))[0]

    assert early < late


def test_two_clicks_of_the_same_millisecond_differ() -> None:
    assert len({clickid.make(1, AT) for _turn in range(1000)}) == 1000


def test_any_changed_bit_makes_it_a_forgery() -> None:
    raw = urlsafe_b64decode(clickid.make(1, AT))

    flipped = [bytes([*raw[:at], raw[at] ^ 1 << bit, *raw[at + 1 :]]) for at in range(24) for bit in range(8)]

    assert [clickid.read(urlsafe_b64encode(forged).decode()) for forged in flipped] == [None] * 192


@pytest.mark.parametrize(
    "tid",
    [
        "",
        "a",
        "a" * 31,
        "a" * 32,
        "a" * 33,
        "é" * 32,
        "a" * 31 + "=",
        "a" * 31 + "\n",
        "\0" * 32,
        "٣" * 32,
        None,
        7,
        b"a" * 32,
    ],
)
def test_malformed_id_is_nobody(tid: str) -> None:
    assert clickid.read(tid) is None


def test_random_ids_are_nobody() -> None:
    assert {clickid.read(urlsafe_b64encode(os.urandom(24)).decode()) for _turn in range(2000)} == {None}


def test_trailing_newline_is_not_forgiven() -> None:
    assert clickid.read(clickid.make(1, AT) + "\n") is None


def test_id_of_another_installation_is_nobody() -> None:
    with override_settings(FINGERPRINT_KEY="another installation"):
        tid = clickid.make(1, AT)

    assert clickid.read(tid) is None


def test_link_id_beyond_48_bits_is_refused() -> None:
    with pytest.raises(OverflowError):
        clickid.make(2**48, AT)

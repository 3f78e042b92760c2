"""One person, many spellings."""

import pytest

from tracking.identity import normal_email, normal_phone


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Ann@Example.com ", "ann@example.com"),
        ("ann+shop@example.com", "ann@example.com"),
        ("a.n.n@googlemail.com", "ann@gmail.com"),
        ("a.n.n@example.com", "a.n.n@example.com"),
        ("o'brien+tag@münchen.test", "o'brien@xn--mnchen-3ya.test"),
        ("no address", ""),
        ("", ""),
        ("@example.com", ""),
    ],
)
def test_email(written, meant):
    assert normal_email(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("+49 (0)30 1234567", "301234567"), ("030/1234567", "301234567"), ("12345", ""), ("", "")],
)
def test_phone(written, meant):
    assert normal_phone(written) == meant

"""By what a buyer is known again: the same house, network and browser have one mark, whoever wrote them down."""

from uuid import UUID

import pytest

from tracking import buyers


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        (("Hauptstr. 5", "10115", "DE"), ("HAUPTSTR 5", "10 115", "de"), True),
        (("Rúa Nova 7", "15705", "ES"), ("Rua nova 7", "15705", "ES"), True),
        (("Hauptstr. 5", "10115", "DE"), ("Hauptstr. 6", "10115", "DE"), False),
        (("Hauptstr. 5", "10115", "DE"), ("Hauptstr. 5", "10117", "DE"), False),
    ],
)
def test_one_house_has_one_mark(
    one: tuple[str, str, str], other: tuple[str, str, str], are_one: bool
) -> None:
    assert (buyers.address_mark(*one) == buyers.address_mark(*other)) is are_one


@pytest.mark.parametrize(
    "parts", [("", "10115", "DE"), ("Hauptstr. 5", "", "DE"), ("Hauptstr. 5", "10115", "-")]
)
def test_part_of_an_address_has_none(parts: tuple[str, str, str]) -> None:
    assert buyers.address_mark(*parts) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("198.51.100.7", "198.51.100.0"),
        ("198.51.100.7:443", "::ffff:198.51.100.200"),
        ("2001:db8:1:2::3", "2001:db8:1::"),
    ],
)
def test_one_network_has_one_mark_however_it_was_cut(one: str, other: str) -> None:
    assert buyers.network_mark(one) == buyers.network_mark(other) != ""


@pytest.mark.parametrize(
    "address",
    [
        *(
            "10.1.2.3",
            "192.168.1.1",
            "172.31.0.1",
            "127.0.0.1",
            "100.64.9.9",
            "169.254.1.1",
            "::1",
            "fd00::1",
        ),
        *("fe80::1%eth0", "::ffff:10.1.2.3", "", "unknown", "f" * 40),
    ],
)
def test_network_inside_of_a_house_marks_nobody(address: str) -> None:
    assert buyers.network_mark(address) == ""


def test_browser_has_the_mark_of_its_id() -> None:
    assert buyers.device_mark(UUID("ab" * 16)) == buyers.device_mark(str(UUID("ab" * 16)))
    assert (buyers.device_mark(None), buyers.device_mark("")) == ("", "")


def test_notes_say_marks_and_leave_out_what_is_not_known() -> None:
    told = buyers.notes_of(
        ip="198.51.100.7", street="Hauptstr. 5", postcode="10115", country="DE", payer_country="fr"
    )

    assert told == {
        buyers.ADDRESS_MARK: buyers.address_mark("Hauptstr. 5", "10115", "DE"),
        buyers.NETWORK_MARK: buyers.network_mark("198.51.100.0"),
        buyers.PAYER_COUNTRY: "FR",
    }
    assert buyers.notes_of() == buyers.notes_of(risk_by="radar") == {}
    assert buyers.notes_of(risk="high", risk_by="radar") == {"risk": "high", "risk_by": "radar"}

"""Countries come from a file; a bad one knows none and stops nobody."""

import pytest
from django.test import override_settings

from tests.tracking.places import write_countries
from tracking.checks import check_countries
from tracking.visits import Countries
from tracking.visits.countries import country_in

KNOWN = {"203.0.113.0/24": "DE", "198.51.100.0/24": "FR"}


@pytest.fixture
def file(tmp_path):
    return write_countries(tmp_path / "country.mmdb", KNOWN)


def test_address_has_its_country(file):
    countries = Countries(str(file))

    found = [countries.of(each) for each in ("203.0.113.77", "198.51.100.1:80", "::ffff:203.0.113.1")]
    assert found == ["DE", "FR", "DE"]


@pytest.mark.parametrize("address", ["192.0.2.1", "unknown", "", "2001:db8::1", "\0"])
def test_address_that_nobody_knows_has_none(file, address):
    assert Countries(str(file)).of(address) == ""


def test_without_a_file_no_country_is_known():
    assert Countries("").of("203.0.113.77") == ""


@pytest.mark.parametrize("content", [b"", b"not a database", b"\xab\xcd\xefMaxMind.com", None])
def test_bad_file_knows_none_and_is_told_once(tmp_path, caplog, content):
    path = tmp_path / "bad.mmdb"
    if content is not None:
        path.write_bytes(content)
    countries = Countries(str(path))

    found = []
    for _request in range(3):
        countries._look_again = 0
        found.append(countries.of("203.0.113.77"))

    assert (found, len(caplog.records)) == (["", "", ""], 1)


def test_newer_file_is_taken_up(file):
    countries = Countries(str(file))
    countries.of("203.0.113.77")

    write_countries(file, {**KNOWN, "203.0.113.0/24": "AT", "192.0.2.0/24": "CH"})
    countries._look_again = 0

    assert (countries.of("203.0.113.77"), countries.of("192.0.2.1")) == ("AT", "CH")


def test_file_that_is_cut_short_meanwhile_harms_nobody(file):
    countries = Countries(str(file))
    countries.of("203.0.113.77")
    file.write_bytes(b"")

    before = countries.of("198.51.100.1")
    countries._look_again = 0

    assert (before, countries.of("203.0.113.78")) == ("FR", "DE")


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"country": {"iso_code": "DE"}}, "DE"),
        ({"registered_country": {"iso_code": "FR"}}, "FR"),
        ({"country": "US"}, "US"),
        ({"country": "United States", "country_code": "US"}, "US"),
        ({"country": {"iso_code": "<b>"}}, ""),
        ({"country": {"iso_code": 7}}, ""),
        ("DE", ""),
        (None, ""),
    ],
)
def test_country_is_read_from_the_usual_records(record, code):
    assert country_in(record) == code


def test_check_tells_of_a_file_that_cannot_be_read(file, tmp_path):
    with override_settings(COUNTRY_DATABASE=str(tmp_path / "missing.mmdb")):
        wrong = check_countries()
    with override_settings(COUNTRY_DATABASE=str(file)):
        right = check_countries()

    assert ([found.id for found in wrong], right) == (["tracking.W001"], [])

"""What a page tells of a click and of whose browser it is; what is not the program's own tells nothing."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from affiliates.models import Enrollment, Program
from tests.makers import NOON, make_click
from tracking.actions.beacons import MOST_KEYS, take_identity, take_page
from tracking.identity import keys_of
from tracking.models import Beacon, Click, Identity
from tracking.told import Told, Untold, order_in

pytestmark = pytest.mark.django_db
PAGE = "https://shop.example.com/mugs"
BROWSER = UUID(int=9)


def beacon(program: Program, tid: str = "", **fields: Any) -> Beacon:
    kind = fields.pop("kind", "page")
    return Beacon(id=UUID(int=1), program=program, kind=kind, at=NOON, tid=tid, **fields)


@pytest.fixture
def click(ann: Enrollment) -> tuple[Click, str]:
    """A click of a known browser."""
    return make_click(ann, NOON - timedelta(hours=1), visitor=BROWSER)


def test_first_page_is_where_the_click_led(program: Program, click: tuple[Click, str]) -> None:
    row, tid = click

    take_page(beacon(program, tid, page=PAGE))
    take_page(beacon(program, tid, page="https://shop.example.com/later"))

    row.refresh_from_db()
    assert row.landing == PAGE


def test_latest_word_on_consent_stands_and_silence_is_none(
    program: Program, click: tuple[Click, str]
) -> None:
    row, tid = click
    said = []

    for word in ("granted", "unknown", "denied"):
        take_page(beacon(program, tid, consent=word))
        row.refresh_from_db()
        said.append(row.consent)

    assert said == ["granted", "granted", "denied"]


def test_with_consent_the_clicks_of_one_browser_find_each_other(
    program: Program, ann: Enrollment, bob: Enrollment
) -> None:
    first, was = make_click(ann, NOON - timedelta(days=3))
    _second, tid = make_click(bob, NOON - timedelta(hours=1))

    take_page(beacon(program, tid, consent="granted", data={"was": was}))

    assert set(Click.objects.values_list("visitor", flat=True)) == {first.pk}


@pytest.mark.parametrize("consent", ["unknown", "denied"])
def test_without_consent_no_browser_is_known(program: Program, ann: Enrollment, consent: str) -> None:
    _first, was = make_click(ann, NOON - timedelta(days=3))
    _second, tid = make_click(ann, NOON - timedelta(hours=1))

    take_page(beacon(program, tid, consent=consent, data={"was": was}))

    assert set(Click.objects.values_list("visitor", flat=True)) == {None}


@pytest.mark.parametrize("was", ["", "Z" * 32, 7, None, ["x"]])
def test_a_browser_without_a_former_click_is_called_by_this_one(
    program: Program, ann: Enrollment, was: Any
) -> None:
    row, tid = make_click(ann, NOON - timedelta(hours=1))

    take_page(beacon(program, tid, consent="granted", data={"was": was}))

    row.refresh_from_db()
    assert row.visitor == row.pk


def test_a_former_click_of_another_program_joins_nothing(
    program: Program, stranger: Enrollment, ann: Enrollment
) -> None:
    foreign, was = make_click(stranger, NOON - timedelta(days=1))
    row, tid = make_click(ann, NOON - timedelta(hours=1))

    take_page(beacon(program, tid, consent="granted", data={"was": was}))

    for one in (foreign, row):
        one.refresh_from_db()
    assert (foreign.visitor, row.visitor) == (None, row.pk)


def test_page_without_a_click_tells_nothing(program: Program, click: tuple[Click, str]) -> None:
    take_page(beacon(program, page=PAGE))

    assert Click.objects.get().landing == ""


@pytest.mark.parametrize("tid", ["A" * 32, "short", "x" * 40])
def test_forged_click_id_is_refused(program: Program, click: tuple[Click, str], tid: str) -> None:
    with pytest.raises(Untold, match=r"^The click id is not one of this program\.$"):
        take_page(beacon(program, tid, page=PAGE))

    assert Click.objects.get().landing == ""


def test_click_of_another_program_is_refused(other: Program, click: tuple[Click, str]) -> None:
    _row, tid = click

    for verb in (take_page, take_identity):
        with pytest.raises(Untold):
            verb(beacon(other, tid, page=PAGE, data={"customer": "c-1"}))

    assert (Click.objects.get().landing, Identity.objects.count()) == ("", 0)


def test_bare_click_gets_no_page_any_more(program: Program, click: tuple[Click, str]) -> None:
    row, tid = click
    Click.objects.filter(pk=row.pk).update(is_bare=True)

    take_page(beacon(program, tid, page=PAGE))

    assert Click.objects.get().landing == ""


def test_browser_belongs_to_the_customer_named(program: Program, click: tuple[Click, str]) -> None:
    _row, tid = click
    said = {"customer": "c-77", "email": "G.B+x@googlemail.com", "source": "shop"}

    for _ in range(2):
        take_identity(beacon(program, tid, data=said))

    expected = keys_of(program.pk, "shop", "c-77", "gb@gmail.com")
    assert set(Identity.objects.values_list("key", "visitor")) == {(key, BROWSER) for key in expected}


def test_click_without_a_visitor_says_nothing_of_a_browser(program: Program, ann: Enrollment) -> None:
    _row, tid = make_click(ann)

    take_identity(beacon(program, tid, data={"customer": "c-77"}))

    assert Identity.objects.count() == 0


@pytest.mark.parametrize("data", [{}, {"email": "nobody"}, {"email_sha256": "zz"}, {"customer": ["x"]}, [1]])
def test_identity_of_nobody_is_refused(program: Program, click: tuple[Click, str], data: Any) -> None:
    _row, tid = click

    with pytest.raises(Untold):
        take_identity(beacon(program, tid, data=data))

    assert Identity.objects.count() == 0


def test_one_browser_does_not_claim_a_crowd(program: Program, click: tuple[Click, str]) -> None:
    _row, tid = click
    for number in range(MOST_KEYS):
        take_identity(beacon(program, tid, data={"customer": f"c-{number}"}))

    with pytest.raises(Untold, match=r"^This browser has named more customers than one browser has\.$"):
        take_identity(beacon(program, tid, data={"customer": "c-one-more"}))

    assert Identity.objects.count() == MOST_KEYS


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-11-02T11:00:00+01:00", NOON - timedelta(hours=2)),
        (str(int(NOON.timestamp())), NOON),
        ("", NOON),
    ],
)
def test_times_are_read_with_their_offset(told: str, expected: Any) -> None:
    values = {"order": "1", "total": "1.00", "currency": "EUR", "occurred_at": told}

    assert order_in(Told(values), source="s", currency="EUR", at=NOON).occurred_at == expected


@pytest.mark.parametrize(
    "told", ["2026-11-02 11:00", "yesterday", "1999-01-01T00:00:00Z", "2031-01-01T00:00:00Z"]
)
def test_times_that_no_order_has_are_refused(told: str) -> None:
    values = {"order": "1", "total": "1.00", "currency": "EUR", "occurred_at": told}

    with pytest.raises(Untold, match="occurred_at"):
        order_in(Told(values), source="s", currency="EUR", at=NOON)


def test_nothing_costs_the_same_in_any_currency() -> None:
    order = order_in(
        Told({"order": "1", "goal": "lead", "total": "0.00"}), source="s", currency="USD", at=NOON
    )

    assert (order.currency, order.total, order.goal) == ("USD", 0, "lead")


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_what_no_database_keeps_is_refused(text: str) -> None:
    with pytest.raises(Untold, match="broken character"):
        Told({"ref": text}).text("ref", 80)

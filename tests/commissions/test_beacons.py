"""What the tag and the pixel tell is taken once, alone, in order; a browser makes orders and changes none."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from affiliates.models import BrowserOrders, Enrollment, Program
from commissions.actions import take_beacons, take_orders
from commissions.actions.beacons import take_some
from commissions.models import Commission
from tests.makers import NOON, make_click, make_order
from tests.story.at_once import at_once
from tracking.actions import forget_beacons
from tracking.models import Beacon, Click, Conversion, Identity, Order
from tracking.orders import CustomerIn, Evidence

pytestmark = pytest.mark.django_db
SOLD: dict[str, Any] = {"order": "1001", "total": "129.90", "currency": "EUR"}


def sees(program: Program, kind: str, number: int = 1, **fields: Any) -> Beacon:
    """A beacon as the edge keeps it."""
    beacon: Beacon = Beacon.objects.create(
        id=UUID(int=number), program=program, kind=kind, at=fields.pop("at", NOON), **fields
    )
    return beacon


def sells(program: Program, number: int = 1, tid: str = "", **data: Any) -> Beacon:
    return sees(program, "conversion", number, tid=tid, data={**SOLD, **data})


def fate(beacon: Beacon) -> tuple[str, str]:
    beacon.refresh_from_db()
    return beacon.state, beacon.reason


def test_order_of_a_browser_credits_the_click(program: Program, ann: Enrollment) -> None:
    _click, tid = make_click(ann, NOON - timedelta(days=1))
    beacon = sells(program, tid=tid, tax="20.00", shipping="9.90")

    take_beacons()

    order = Order.objects.get()
    assert fate(beacon) == ("taken", "")
    assert (order.source, order.external_id, order.total, order.occurred_at) == ("tag", "1001", 12990, NOON)
    assert order.snapshot["metadata"] == {"reported_by": "browser"}
    assert order.snapshot["channel"] == "tag"
    assert Commission.objects.get(level=1).amount == 1000
    assert Conversion.objects.get().decision.enrollment == ann  # type: ignore[union-attr]


def test_click_whose_row_is_still_on_its_way_is_credited_too(program: Program, ann: Enrollment) -> None:
    click, tid = make_click(ann, NOON - timedelta(days=1))
    Click.objects.filter(pk=click.pk).delete()
    sells(program, tid=tid)

    take_beacons()

    assert Conversion.objects.get().decision.enrollment == ann  # type: ignore[union-attr]


def test_thank_you_page_that_is_loaded_again_changes_nothing(program: Program, ann: Enrollment) -> None:
    _click, tid = make_click(ann, NOON - timedelta(days=1))
    later = NOON + timedelta(minutes=3)
    again = sees(program, "conversion", 2, data=SOLD, at=later)
    sells(program, 1, tid=tid)

    take_beacons()

    assert fate(again) == ("taken", "")
    assert Order.objects.get().revision == 1
    assert Order.objects.get().occurred_at == NOON


def test_other_content_under_a_known_number_is_refused(program: Program) -> None:
    sells(program, 1)
    forged = sells(program, 2, total="9999.00")

    take_beacons()

    assert fate(forged) == (
        "refused",
        "Order 1001 is known with other content (total); a browser changes nothing of it.",
    )
    assert Order.objects.get().total == 12990


def test_browser_changes_nothing_of_what_a_store_told(program: Program, ann: Enrollment) -> None:
    take_orders(program, [make_order("1001", net=5000, ref=ann.code)], at=NOON)
    forged = sells(program, source="shop")

    take_beacons()

    assert fate(forged)[0] == "refused"
    assert Order.objects.get().total == 5000


@pytest.mark.parametrize("mode", ["create", "store", "update"])
def test_store_outranks_a_browser_that_was_faster(
    program: Program, ann: Enrollment, bob: Enrollment, mode: Any
) -> None:
    _click, tid = make_click(bob, NOON - timedelta(days=1))
    sells(program, tid=tid, source="shop", total="9999.00")
    take_beacons()
    honest = make_order("1001", net=5000, ref=ann.code)

    taken = take_orders(program, [honest], at=NOON, mode=mode)[0]

    assert taken.status == "revised"
    assert taken.order.total == 5000
    assert Conversion.objects.get().decision.enrollment == ann  # type: ignore[union-attr]
    assert sum(one.net.amount for one in Commission.objects.filter(enrollment=bob)) == 0


def test_store_that_knows_no_evidence_keeps_what_the_page_told(program: Program, ann: Enrollment) -> None:
    _click, tid = make_click(ann, NOON - timedelta(days=1))
    sells(program, tid=tid, source="shop")
    take_beacons()
    order = replace(make_order("1001", net=5000), evidence=Evidence())

    first, again = (take_orders(program, [order], at=NOON)[0] for _ in range(2))

    assert (first.status, again.status) == ("revised", "same")
    assert first.order.as_value().evidence.tid == tid
    assert Conversion.objects.get().decision.enrollment == ann  # type: ignore[union-attr]


def test_program_may_refuse_what_browsers_report(program: Program) -> None:
    Program.objects.filter(pk=program.pk).update(browser_orders=BrowserOrders.REFUSE)
    beacon = sells(program)

    take_beacons()

    assert fate(beacon) == ("refused", "The program takes no orders that browsers report.")
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"total": "NaN"},
        {"total": "-5.00"},
        {"total": "1e3"},
        {"total": "1" * 30},
        {"total": "99999999999999.00"},
        {"total": "1.005"},
        {"total": ""},
        {"total": True},
        {"total": ["1"]},
        {"currency": ""},
        {"currency": "XXX"},
        {"currency": "euro"},
        {"order": ""},
        {"order": "x" * 121},
        {"order": {"a": 1}},
        {"goal": "a b"},
        {"source": "clicks"},
        {"source": "a/b"},
        {"tax": "130.00"},
        {"email": "nobody"},
        {"customer": "x" * 121},
        {"coupons": ["A"] * 3 + [f"c{n}" for n in range(21)]},
        {"coupons": [{"a": 1}]},
        {"lines": "x"},
        {"lines": [{"sku": "MUG"}]},
        {"lines": [{"net": "1.00", "quantity": "0"}]},
        {"lines": [{"net": "1.00"}] * 201},
    ],
)
def test_what_cannot_be_an_order_is_refused_with_a_sentence(program: Program, wrong: dict[str, Any]) -> None:
    beacon = sells(program, **wrong)

    take_beacons()

    state, reason = fate(beacon)
    assert state == "refused"
    assert reason.rstrip(".") not in ("", "It could not be taken: an error that nobody foresaw. It is logged")
    assert Order.objects.count() == 0


def test_json_numbers_are_read_as_they_were_written(program: Program) -> None:
    sells(program, total=129.9, order=1001, lines=[{"net": 100, "quantity": 2, "category": "mugs"}])

    take_beacons()

    order = Order.objects.get()
    assert (order.external_id, order.total) == ("1001", 12990)
    assert order.snapshot["lines"][0]["net"] == 10000


def test_currency_without_a_rate_is_kept_and_waits(program: Program, ann: Enrollment) -> None:
    beacon = sells(program, currency="JPY", total="7500", ref=ann.code)

    take_beacons()

    assert fate(beacon) == ("taken", "")
    assert Conversion.objects.get().state == "parked"


def test_install_is_named_by_its_click(program: Program, ann: Enrollment) -> None:
    _click, tid = make_click(ann, NOON - timedelta(days=1))
    for number in (1, 2):
        sees(program, "conversion", number, tid=tid, data={"goal": "install"})

    take_beacons()

    assert Order.objects.get().external_id == f"install:{tid}"


def test_poisoned_beacon_stops_nobody(program: Program, ann: Enrollment) -> None:
    click, tid = make_click(ann, NOON - timedelta(days=1), visitor=UUID(int=9))
    poisoned = sees(program, "identify", 1, tid=tid, data=["no object"])
    page = sees(program, "page", 2, tid=tid, page="https://shop.example.com/mugs")
    sold = sells(program, 3, tid=tid)

    take_beacons()

    click.refresh_from_db()
    assert fate(poisoned)[0] == "refused"
    assert (fate(page)[0], fate(sold)[0]) == ("taken", "taken")
    assert click.landing == "https://shop.example.com/mugs"


def test_unforeseen_error_refuses_that_one_alone(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned, good = sees(program, "page", 1, page="boom"), sees(program, "page", 2)
    real = take_page_of(monkeypatch)

    take_beacons()

    assert real == ["boom", ""]
    assert fate(poisoned) == (
        "refused",
        "It could not be taken: an error that nobody foresaw. It is logged.",
    )
    assert fate(good) == ("taken", "")


def take_page_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the page called boom break, as a bug would."""
    from tracking.actions import beacons

    seen: list[str] = []

    def take_page(beacon: Beacon) -> None:
        seen.append(beacon.page)
        if beacon.page == "boom":
            raise KeyError("boom")

    monkeypatch.setattr(beacons, "take_page", take_page)
    return seen


def test_buyer_is_known_by_the_browser_from_then_on(program: Program, ann: Enrollment) -> None:
    _click, tid = make_click(ann, NOON - timedelta(days=1), visitor=UUID(int=9))
    sells(program, tid=tid, customer="c-77", email_sha256="a" * 64)

    take_beacons()

    assert set(Identity.objects.values_list("visitor", flat=True)) == {UUID(int=9)}
    assert Identity.objects.count() == 2
    assert Order.objects.get().snapshot["metadata"]["email_sha256"] == "a" * 64


def test_taken_beacon_is_not_taken_again(program: Program) -> None:
    beacon = sells(program)
    take_beacons()

    assert take_some([beacon.pk]) == 0
    assert take_beacons() == 0


def test_program_of_another_company_gains_nothing_by_anns_click(
    program: Program, other: Program, ann: Enrollment
) -> None:
    _click, tid = make_click(ann, NOON - timedelta(days=1))
    sells(other, tid=tid)

    take_beacons()

    assert Conversion.objects.get().program == other
    assert Conversion.objects.get().decision.enrollment is None  # type: ignore[union-attr]
    assert Order.objects.filter(program=program).count() == 0


def test_old_beacons_are_forgotten_refused_ones_later(program: Program) -> None:
    kept = [
        sees(program, "page", 1, state="taken", at=NOON - timedelta(days=29)),
        sees(program, "page", 2, state="refused", at=NOON - timedelta(days=89)),
        sees(program, "page", 3, state="waiting", at=NOON - timedelta(days=400)),
    ]
    sees(program, "page", 4, state="taken", at=NOON - timedelta(days=31))
    sees(program, "page", 5, state="refused", at=NOON - timedelta(days=91))

    assert forget_beacons(NOON) == 2
    assert list(Beacon.objects.order_by("pk")) == kept


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_each_beacon_once(program: Program, ann: Enrollment) -> None:
    _click, tid = make_click(ann, NOON - timedelta(days=1))
    for number in range(1, 21):
        sells(program, number, tid=tid, order=str(number))

    done = at_once([take_beacons, take_beacons])

    assert sum(done) == 20
    assert Order.objects.count() == 20
    assert set(Beacon.objects.values_list("state", flat=True)) == {"taken"}


@pytest.mark.django_db(transaction=True)
def test_browser_and_store_at_the_same_moment_end_in_the_stores_word(
    program: Program, ann: Enrollment
) -> None:
    sells(program, source="shop", total="9999.00")
    honest = make_order("1001", net=5000, ref=ann.code, customer=CustomerIn())

    at_once([take_beacons, lambda: take_orders(program, [honest], at=NOON)])

    assert Order.objects.get().total == 5000
    assert [one.net.amount for one in Commission.objects.filter(enrollment=ann)] == [500]

"""Conversions of other platforms: their columns by preset, under a source of their own, each counted once."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from affiliates.models import Enrollment
from commissions.actions import take_orders
from commissions.models import Commission
from core import jobs
from core.models import Job
from integrations import actions
from integrations.mapped_files import read_mapped
from integrations.models import OrderFile
from integrations.order_file_outlook import Fate, outlook_of
from integrations.order_files import OrderFileError
from integrations.presets import FOLDER, all_presets
from tests import makers
from tests.makers import NOON, make_order, make_order_file
from tracking.models import Conversion, Customer, Order, Refund
from tracking.orders import CustomerIn

PARTNERS = "ID,Type,Amount,Currency,Status,Invoice ID,Created at,Partner ID,Customer email\n"
PAP = "id,orderid,userid,totalcost,rtype,rstatus,dateinserted\n"


def work() -> None:
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()


def bring(anna: Enrollment, text: str, preset: str, **fields: Any) -> OrderFile:
    return make_order_file(
        anna.program, text, **{"source": "old", "preset": preset, "at": timezone.now(), **fields}
    )


def take(file: OrderFile, **choices: Any) -> OrderFile:
    actions.confirm_file(file, **choices)
    work()
    file.refresh_from_db()
    return file


def dub(number: str = "INV-1", **cells: str) -> str:
    told = {
        "type": "sale",
        "amount": "$129.90",
        "status": "pending",
        "partner": "anna",
        "email": "b@example.com",
    }
    told |= cells
    return (
        f"cm_{number},{told['type']},{told['amount']},usd,{told['status']},{number},"
        f"2026-11-01T12:00:00.000Z,{told['partner']},{told['email']}\n"
    )


def fates(file: OrderFile) -> list[Fate]:
    return list(outlook_of(file).fates)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_preset_is_a_whole_mapping_that_says_what_was_verified(path: Path) -> None:
    preset = all_presets()[path.stem]

    order = {row["target"] for row in preset.kinds["order"]["rows"]}
    assert {"order.number", "order.total", "order.occurred_at", "evidence.ref"} <= order
    assert "erified" in preset.note or path.stem == "own-columns"


def test_export_is_credited_to_whom_it_names(anna: Enrollment) -> None:
    file = take(bring(anna, PARTNERS + dub(), "dub-csv"))

    order = Order.objects.get()
    assert file.outcome["counts"]["created"] == 1
    assert (order.source, order.external_id, order.total, order.currency) == ("old", "INV-1", 12990, "USD")
    assert order.occurred_at.isoformat() == "2026-11-01T12:00:00+00:00"
    assert Conversion.objects.get().decisions.get().enrollment == anna


def test_only_sales_are_taken_and_the_others_say_why(anna: Enrollment) -> None:
    file = take(bring(anna, PARTNERS + dub() + dub("INV-2", type="click"), "dub-csv"))

    assert file.outcome["refused"] == [[[3], "No mapping is meant for it: no conditions hold."]]
    assert Order.objects.count() == 1


def test_bare_cents_are_not_taken_for_whole_units(anna: Enrollment) -> None:
    (fate,) = fates(bring(anna, PARTNERS + dub(amount="12990"), "dub-csv"))

    assert (fate.kind, fate.reason) == (
        "refused",
        "“order.total” is missing: what the customer paid, like 129.90.",
    )


def test_code_that_nobody_has_is_an_error_of_its_row(anna: Enrollment) -> None:
    file = bring(anna, PARTNERS + dub() + dub("INV-2", partner="pn_Nobody"), "dub-csv")
    seen = [fate.kind for fate in fates(file)]

    take(file)

    assert seen == ["created", "refused"]
    assert file.outcome["refused"] == [
        [[3], "No affiliate has the code “pn-nobody”: import the affiliates first, or correct it."]
    ]
    assert list(Order.objects.values_list("external_id", flat=True)) == ["INV-1"]


def test_same_number_in_two_sources_is_two_orders(anna: Enrollment) -> None:
    for source in ("old", "older"):
        take(
            bring(
                anna, PARTNERS + dub(email=f"{source}@example.com", amount="$1.00"), "dub-csv", source=source
            )
        )

    take(bring(anna, PARTNERS + dub("INV-9"), "dub-csv"))

    assert Order.objects.filter(external_id="INV-1").count() == 2
    assert Order.objects.count() == 3


def stores_own(anna: Enrollment, **fields: Any) -> None:
    customer = CustomerIn(external_id="c-1", email="B@Example.com")
    value = make_order("#INV-1", source="shop", net=12990, currency="USD", customer=customer, **fields)
    take_orders(anna.program, [value], at=NOON)


def test_sale_that_the_store_has_told_is_doubted_and_left_out(anna: Enrollment) -> None:
    stores_own(anna)
    file = bring(anna, PARTNERS + dub() + dub("INV-2", email="c@example.com"), "dub-csv")
    doubts = [fate.doubt for fate in fates(file)]

    take(file, skips_twins=True)

    assert doubts == ["Counted twice? “shop” has told of order #INV-1 of the same buyer already.", ""]
    assert file.outcome["refused"] == [[[2], doubts[0]]]
    assert set(Order.objects.values_list("source", "external_id")) == {("shop", "#INV-1"), ("old", "INV-2")}


def test_whoever_says_so_takes_the_doubted_too(anna: Enrollment) -> None:
    stores_own(anna)

    take(bring(anna, PARTNERS + dub(), "dub-csv"))

    assert Order.objects.count() == 2


def test_same_number_of_another_buyer_is_not_doubted(anna: Enrollment) -> None:
    stores_own(anna)

    (fate,) = fates(bring(anna, PARTNERS + dub(email="somebody@else.example"), "dub-csv"))

    assert (fate.kind, fate.doubt) == ("created", "")


def test_two_sources_share_one_customer_and_who_was_first_stays(anna: Enrollment) -> None:
    bert = makers.make_enrollment(anna.program, "Bert", email="bert@blog.example")
    take(bring(anna, PARTNERS + dub(partner="anna"), "dub-csv"))

    take(
        bring(
            anna,
            PARTNERS + dub("INV-2", partner="bert").replace("2026-11-01", "2026-11-05"),
            "dub-csv",
            source="b",
        )
    )

    assert Customer.objects.count() == 1
    assert Order.objects.values("customer").distinct().count() == 1
    credited = {
        one.order.external_id: one.decisions.get(is_current=True).enrollment
        for one in Conversion.objects.select_related("order")
    }
    assert credited == {"INV-1": anna, "INV-2": anna}  # the customer is bound to who came first
    assert bert.affiliate.name == "Bert"


def test_refunds_of_an_export_reduce_what_was_earned(anna: Enrollment) -> None:
    text = PAP + "9,O-1,anna,40.00,R,A,2026-11-02 01:00:00\n" + "1,O-1,anna,100.00,S,A,2026-11-01 01:00:00\n"

    file = take(bring(anna, text, "post-affiliate-pro"))

    refund = Refund.objects.get()
    assert file.outcome["counts"]["created"] == 2
    assert (refund.order, refund.gross) == (Order.objects.get(), 4000)
    assert refund.occurred_at is not None
    assert refund.occurred_at.isoformat() == "2026-11-02T09:00:00+00:00"  # the server stood in Los Angeles
    assert (
        Commission.objects.get().amount - sum(one.amount for one in Commission.objects.get().reversals.all())
        == 600
    )


def test_file_again_books_no_refund_twice(anna: Enrollment) -> None:
    text = PAP + "1,O-1,anna,100.00,S,A,2026-11-01 01:00:00\n9,O-1,anna,40.00,R,A,2026-11-02 01:00:00\n"
    take(bring(anna, text, "post-affiliate-pro"))

    again = bring(anna, text, "post-affiliate-pro")
    kinds = [fate.kind for fate in fates(again)]
    take(again)

    assert kinds == ["same", "same"]
    assert again.outcome["counts"]["same"] == 2
    assert Refund.objects.count() == 1


def test_refund_is_shown_before_it_counts(anna: Enrollment) -> None:
    (fate,) = fates(bring(anna, PAP + "9,O-1,anna,40.00,H,A,2026-11-02 01:00:00\n", "post-affiliate-pro"))

    assert (fate.label, fate.named, str(fate.total)) == ("Refund 9", "of order O-1", "-40.00 EUR")


def test_export_of_an_api_is_read_as_it_is(anna: Enrollment) -> None:
    sale = {
        "id": "cm_1",
        "type": "sale",
        "amount": 12990,
        "currency": "usd",
        "status": "paid",
        "invoiceId": None,
    }
    sale |= {
        "createdAt": "2026-11-01T12:00:00Z",
        "partner": {"id": "anna"},
        "customer": {"email": "b@example.com"},
    }

    take(bring(anna, json.dumps([sale]), "dub"))

    order = Order.objects.get()
    assert (order.external_id, order.total, order.currency) == ("cm_1", 12990, "USD")


WHEN = "2026-11-01T12:00:00.000Z"
SALE = {
    "id": "s",
    "stripe_charge_id": "T-1",
    "sale_amount_cents": 1250,
    "currency": "EUR",
    "charged_at": WHEN,
}
EXPANDED = {**SALE, "affiliate": {"id": "anna"}, "referral": {"stripe_customer_id": "cus_1"}}
EXPORTS: dict[str, Any] = {
    "tapfiliate": [
        {"id": "x", "external_id": "T-1", "amount": 12.5, "affiliate": {"id": "anna"}, "created_at": WHEN}
    ],
    "impact": {
        "@page": "1",
        "Actions": [
            {"Id": "1.2", "Oid": "T-1", "Amount": "12.50", "Currency": "EUR", "State": "APPROVED"}
            | {"EventDate": WHEN, "MediaPartnerId": "anna"}
        ],
    },
    "partnerstack": {
        "data": {
            "has_more": False,
            "items": [
                {"key": "T-1", "amount": 1250, "currency": "EUR"}
                | {"created_at": 1793534400000, "partnership_key": "anna"}
            ],
        }
    },
    "rewardful": {"pagination": {}, "data": [{"state": "due", "sale": EXPANDED}]},
    "refersion": [
        {"conversion_id": 5, "order_id": "T-1", "order_total": 12.5, "currency": "EUR", "status": "APPROVED"}
        | {"affiliate_id": "anna", "created_at": "2026-11-01 12:00", "type": "AFFILIATE_SITE_CONVERSION"}
    ],
}


@pytest.mark.parametrize("preset", sorted(EXPORTS))
def test_every_api_export_is_taken_by_its_preset(anna: Enrollment, preset: str) -> None:
    file = take(bring(anna, json.dumps(EXPORTS[preset]), preset))

    order = Order.objects.get()
    assert file.outcome["refused"] == []
    assert (order.external_id, order.total, order.currency) == ("T-1", 1250, "EUR")
    assert order.snapshot["evidence"]["ref"] == "anna"
    assert order.occurred_at.isoformat() == "2026-11-01T12:00:00+00:00"


def test_row_without_a_time_is_refused_not_guessed(anna: Enrollment) -> None:
    (fate,) = fates(bring(anna, PARTNERS + dub().replace("2026-11-01T12:00:00.000Z", ""), "dub-csv"))

    assert fate.reason == "“order.occurred_at” is missing: a row says itself when it was."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The file is empty."),
        ("a,b\n", "There is no row below the heads."),
        ("a,a\n1,2\n", "Two columns are called “a”: rename one."),
        ('a,b\n1,"2\n', "Row 2 cannot be cut into cells: look at its quotation marks."),
        ('{"a": [1, 2]}', "The file is JSON, but not a list of objects, nor an object that holds one."),
        ('[{"a": NaN}]', "The message has a number that is none: NaN."),
        ("[" * 100_000, "The message is nested too deeply."),
    ],
)
def test_file_that_cannot_be_cut_into_rows_says_why(anna: Enrollment, text: str, words: str) -> None:
    with pytest.raises(OrderFileError) as refusal:
        actions.upload_file(
            anna.program, name="x", source="old", channel="import", content=text.encode(), preset="dub"
        )

    assert str(refusal.value) == words


@pytest.mark.parametrize(
    "text", ["sep=;\na;b\n1,5;2\n", "a;b\n1,5;2\n", "a\tb\n1,5\t2\n", "a|b\n1,5|2\n", 'a,b\n"1,5",2\n']
)
def test_separator_is_found_by_the_heads(text: str) -> None:
    assert dict(read_mapped(text, {}).groups[0][0].cells) == {"a": "1,5", "b": "2"}


def test_refused_rows_of_a_mapped_file_are_as_they_came(anna: Enrollment) -> None:
    row = dub(partner="nobody")
    table = read_mapped(PARTNERS + row, {})

    assert table.groups[0][0].raw == tuple(row.rstrip("\n").split(","))


def test_bill_of_a_file_moves_with_its_own_clock_not_with_ours(anna: Enrollment) -> None:
    take(bring(anna, PARTNERS + dub(), "dub-csv", at=timezone.now() - timedelta(days=2)))

    again = take(bring(anna, PARTNERS + dub(), "dub-csv"))

    assert again.outcome["counts"]["same"] == 1

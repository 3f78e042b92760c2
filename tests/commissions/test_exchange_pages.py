"""The managers' page of exchange rates: read by all, entered by some, each for its own company."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from affiliates.models import Member
from commissions import actions
from commissions.models import ExchangeRate
from tests.makers import NOON, make_order

pytestmark = pytest.mark.django_db
DAILY = (Path(__file__).parent.parent / "payloads" / "ecb" / "eurofxref-daily.xml").read_bytes()
ENTER, LIST = "admin:commissions_exchangerate_enter", "admin:commissions_exchangerate_changelist"


def rows(client) -> list[tuple[str, str]]:
    listed = client.get(reverse(LIST)).context["cl"].result_list
    return [(row.currency, row.source.partition(" ")[0]) for row in listed]


def form(program, rates="AED 3.9821", **fields) -> dict[str, str]:
    return {"merchant": str(program.merchant_id), "rates": rates, "as_of": "", **fields}


def test_manager_reads_once_more_before_rates_are_stored(program, mia, enter) -> None:
    client = enter(mia)

    asked = client.post(reverse(ENTER), form(program, "AED 3.9821\nKWD 0.3321"))
    assert (asked.status_code, ExchangeRate.objects.count()) == (200, 0)
    assert asked.context["sentences"][1:] == ["one euro buys 3.9821 AED.", "one euro buys 0.3321 KWD."]

    done = client.post(reverse(ENTER), form(program, "AED 3.9821\nKWD 0.3321", confirm="1"))
    assert (done.status_code, done["Location"]) == (302, reverse(LIST))
    assert rows(client) == [("AED", "manual"), ("KWD", "manual")]
    assert "entered by Mia Manager" in client.get(reverse(LIST)).content.decode()


def test_rate_far_from_the_last_one_is_questioned(program, mia, enter) -> None:
    actions.load_rates(DAILY, at=NOON + timedelta(hours=8))

    asked = enter(mia).post(reverse(ENTER), form(program, "USD 108.43\nGBP 0.85"))

    assert asked.context["sentences"][1:] == [
        "one euro buys 108.43 USD. Is that right? The last one known is 1.0843.",
        "one euro buys 0.85 GBP.",
    ]


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"rates": "AED"}, "rates", ["line 1: write a currency and a number, like USD 1.0843"]),
        (
            {"rates": "XYZ 1\nEUR 1"},
            "rates",
            ["line 1: XYZ is not a currency code of ISO 4217", "line 2: the euro is 1 by itself"],
        ),
        ({"rates": ""}, "rates", ["This field is required."]),
        ({"as_of": "2999-01-01T12:00"}, "as_of", ["A rate cannot begin in the future."]),
    ],
)
def test_wrong_entry_is_explained_beside_its_field(fields, field, said, program, mia, enter) -> None:
    answer = enter(mia).post(reverse(ENTER), {**form(program), **fields, "confirm": "1"})

    assert answer.context["form"].errors == {field: said}
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize("name", ["rita", "ada", "fin"])
def test_other_roles_read_and_enter_nothing(name, program, request, enter) -> None:
    actions.load_rates(DAILY, at=NOON + timedelta(hours=8))
    client = enter(request.getfixturevalue(name))

    listed, asked = client.get(reverse(LIST)), client.get(reverse(ENTER))
    sent = client.post(reverse(ENTER), form(program, confirm="1"))

    assert (listed.status_code, listed.context["tools"]) == (200, [])
    assert (asked.status_code, sent.status_code) == (403, 403)
    assert not ExchangeRate.objects.exclude(source="ECB").exists()


def test_published_rates_are_read_by_every_company_entered_ones_by_their_own(
    program, mia, other, eve, enter
) -> None:
    actions.load_rates(b"Date, USD\n2026-11-02, 1.0843\n", at=NOON + timedelta(hours=8))
    mine = actions.enter_rates(program.merchant, {"AED": Decimal(4)}, actor=mia)[0]
    page = reverse("admin:commissions_exchangerate_change", args=[mine.pk])

    client = enter(eve)

    assert rows(client) == [("USD", "ECB")]
    assert (client.get(page).status_code, client.get(page)["Location"]) == (302, reverse("admin:index"))
    assert client.get(reverse(LIST), {"currency": "AED"}).context["cl"].result_count == 0


def test_nobody_enters_rates_for_another_company(program, mia, other, enter) -> None:
    answer = enter(mia).post(reverse(ENTER), form(other, confirm="1"))

    assert list(answer.context["form"].errors) == ["merchant"]
    assert not ExchangeRate.objects.exists()


def test_person_of_two_companies_enters_for_the_one_chosen(program, mia, other, enter) -> None:
    Member.objects.create(merchant=other.merchant, user=mia, role="manager")

    enter(mia).post(reverse(ENTER), form(other, confirm="1"))

    assert [row.source for row in ExchangeRate.objects.all()] == [f"manual {other.merchant_id}: Mia Manager"]


def test_entered_rate_releases_what_waits_for_it(program, ann, mia, enter) -> None:
    now = timezone.now()
    order = make_order("1", ref=ann.code, currency="AED", occurred_at=now, captured_at=now, revision_at=now)
    conversion = actions.take_orders(program, [order])[0].conversion
    page = reverse("admin:tracking_conversion_change", args=[conversion.pk])
    client = enter(mia)
    assert "is entered under Exchange rates." in client.get(page).content.decode()

    client.post(reverse(ENTER), form(program, "AED 4", confirm="1"))
    actions.release_parked()

    conversion.refresh_from_db()
    assert (conversion.state, conversion.commissions.get(level=1).amount) == ("counted", 250)

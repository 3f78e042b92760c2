"""What is gathered of a sale from orders, decisions, clicks and what was kept of earlier ones."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from core.crypto import fingerprint
from fraud.actions.marks import keep_sale_marks
from fraud.checks.facts import AdMarker, Displaced, Mark, Resemblance, SaleFacts
from fraud.gathering.sales import own_site, sale_facts
from fraud.models import Policy
from tests import makers
from tests.makers import NOON
from tracking import buyers
from tracking.identity import digest_of, keys_of
from tracking.models import Click, Conversion, Identity
from tracking.orders import CustomerIn, Evidence, OrderIn
from tracking.states import EvidenceKind

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUERIES = 25  # of a batch, whatever its size


def take(enrollment: Enrollment, *orders: OrderIn) -> list[Conversion]:
    """Orders as stores tell them, credited to the enrollment by its code."""
    told = [replace(one, evidence=replace(one.evidence, ref=enrollment.code)) for one in orders]
    taken = commissions.take_orders(enrollment.program, told, at=NOON)
    return [one.conversion for one in taken if one.conversion]


def order(
    number: str = "", *, ago: timedelta = timedelta(0), email: str = "kim@mail.example", **known: Any
) -> OrderIn:
    """Kim's order, so long ago."""
    customer = CustomerIn(email=email, **known.pop("customer", {}))
    return makers.make_order(number, occurred_at=NOON - ago, customer=customer, **known)


def gather(program: Program, *conversions: Conversion, policy: Policy | None = None) -> list[SaleFacts]:
    rows = conversions or tuple(Conversion.objects.filter(program=program))
    return sale_facts(program, rows, policy or Policy(program=program), at=NOON + DAY)


def test_order_says_who_bought_what(program: Program, ann: Enrollment) -> None:
    (sale,) = take(
        ann,
        order(
            "77",
            net=4900,
            customer={"external_id": "c7", "phone": "+49 30 1234567", "country": "de", "is_new": True},
            metadata={
                buyers.ADDRESS_MARK: "a" * 64,
                buyers.NETWORK_MARK: "b" * 64,
                buyers.PAYER_COUNTRY: "AT",
                "payer_account": makers.IBAN,
            },
        ),
    )

    (facts,) = gather(program, sale)

    assert (facts.conversion, facts.enrollment, facts.at) == (sale.pk, ann.pk, NOON)
    assert (facts.total, facts.currency, facts.goal, facts.evidence) == (
        4900,
        "EUR",
        "sale",
        EvidenceKind.CLICK,
    )
    assert (facts.claims_new, facts.country, facts.payer_country) == (True, "DE", "AT")
    assert facts.buyer[Mark.EMAIL] == {buyers.email_mark("kim@mail.example")}
    assert facts.buyer[Mark.PHONE] == {buyers.phone_mark("030 1234567")}
    assert fingerprint(f"bank:{makers.IBAN}", purpose="payee") in facts.buyer[Mark.PAYEE]
    assert (facts.buyer[Mark.ADDRESS], facts.buyer[Mark.NETWORK]) == ({"a" * 64}, {"b" * 64})
    assert len(facts.buyer[Mark.CUSTOMER]) == 2
    assert Mark.DEVICE not in facts.buyer
    assert (facts.click, facts.displaced, facts.unconfirmed, facts.alike, facts.earlier) == (
        None,
        None,
        None,
        (),
        0,
    )


def test_what_nobody_said_is_held_against_nobody(program: Program, ann: Enrollment) -> None:
    (sale,) = take(ann, order(email=""))

    (facts,) = gather(program, sale)

    assert facts.buyer == {}
    assert facts.email == Resemblance()
    assert (facts.claims_new, facts.earlier, facts.country, facts.payer_country) == (None, None, "", "")


def test_click_says_browser_and_network(program: Program, ann: Enrollment, bob: Enrollment) -> None:
    visitor = uuid4()
    before, _tid = makers.make_click(bob, NOON - HOUR, visitor=visitor)
    click, tid = makers.make_click(
        ann,
        NOON - MINUTE,
        visitor=visitor,
        ip="198.51.100.0",
        country="FR",
        referrer="https://www.bing.com/search?q=acme+mugs",
        destination="https://shop.example.com/?gclid=1&gad_campaignid=1234567",
        landing="https://shop.example.com/?gclid=1",
        network_kind="vpn",
        fetch_dest="iframe",
        fetch_user=False,
        is_duplicate=True,
    )
    commissions.take_orders(program, [order(evidence=Evidence(tid=tid))], at=NOON)

    (facts,) = gather(program, policy=Policy(program=program, brand_terms=["Acme"], campaigns=[55]))

    assert facts.click is not None
    assert (facts.click.id, facts.click.until_order, facts.click.network) == (str(click.pk), 60.0, "vpn")
    assert (facts.click.country, facts.click.referrer, facts.click.brand_term) == ("FR", "bing.com", "Acme")
    assert facts.click.ads == (AdMarker("gad_campaignid", "1234567"), AdMarker("gclid", "1234567"))
    assert (facts.click.is_bot, facts.click.is_repeated, facts.click.landed) == (False, True, True)
    assert (facts.click.fetch_dest, facts.click.fetch_user) == ("iframe", False)
    assert facts.displaced == Displaced(bob.pk, str(before.pk), 3600.0)
    assert facts.campaigns == {"55"}
    assert facts.buyer[Mark.DEVICE] == {buyers.device_mark(visitor)}
    assert facts.buyer[Mark.NETWORK] == {buyers.network_mark("198.51.100.7")}


def test_shop_that_names_a_campaign_in_its_own_address_bids_on_nothing(
    program: Program, ann: Enrollment
) -> None:
    home = "https://shop.example.com/?utm_campaign=acme-partners"
    _click, tid = makers.make_click(ann, NOON - MINUTE, destination=home, landing=home)
    commissions.take_orders(program, [order(evidence=Evidence(tid=tid))], at=NOON)

    (facts,) = gather(program, policy=Policy(program=program, brand_terms=["acme"]))

    assert facts.click is not None
    assert facts.click.brand_term == ""


def test_page_is_missed_only_where_the_tag_speaks(program: Program, ann: Enrollment) -> None:
    _click, tid = makers.make_click(ann, NOON - MINUTE)
    commissions.take_orders(program, [order(evidence=Evidence(tid=tid))], at=NOON)
    (silent,) = gather(program)
    makers.make_beacon(program)

    (speaking,) = gather(program)

    assert silent.click is not None
    assert speaking.click is not None
    assert (silent.click.landed, speaking.click.landed) == (None, False)


def test_hashed_and_forgotten_clicks_have_no_network(program: Program, ann: Enrollment) -> None:
    _click, tid = makers.make_click(ann, NOON - MINUTE, ip="f" * 40)
    commissions.take_orders(program, [order(evidence=Evidence(tid=tid))], at=NOON)
    (hashed,) = gather(program)
    Click.objects.all().delete()

    (gone,) = gather(program)

    assert hashed.buyer.keys() == gone.buyer.keys() == {Mark.EMAIL, Mark.CUSTOMER}
    assert gone.click is None


def test_coupon_finds_the_browser_that_an_order_has_proven(program: Program, ann: Enrollment) -> None:
    (key,) = keys_of(program.pk, "shop", email="kim@mail.example")
    visitor, claimed, later = uuid4(), uuid4(), uuid4()
    for browser, since, is_proven in ((visitor, -DAY, True), (claimed, -DAY, False), (later, DAY, True)):
        Identity.objects.create(
            program=program, visitor=browser, key=key, at=NOON + since, is_proven=is_proven
        )

    (facts,) = gather(program, *take(ann, order()))

    assert facts.buyer[Mark.DEVICE] == {buyers.device_mark(visitor)}


def test_own_purchase_is_known_from_the_decision(program: Program, ann: Enrollment) -> None:
    (facts,) = gather(program, *take(ann, order(email="Ann+shop@partner.example")))

    assert facts.own == "email"
    assert facts.buyer[Mark.EMAIL] == facts.affiliate[Mark.EMAIL]


@pytest.mark.parametrize(
    ("email", "website", "expected"),
    [
        ("kim@mailinator.com", "", Resemblance(True, False, None)),
        ("archer.ann@gmail.com", "", Resemblance(False, False, 0.0)),
        (
            "kim@shop.ann-archer.example",
            "https://www.ann-archer.example/blog",
            Resemblance(False, True, None),
        ),
        ("kim@wordpress.com", "https://ann.wordpress.com", Resemblance(False, False, None)),
        ("kim@partner.example", "", Resemblance(False, True, None)),
    ],
)
def test_addresses_are_compared(
    program: Program, ann: Enrollment, email: str, website: str, expected: Resemblance
) -> None:
    ann.affiliate.website = website
    ann.affiliate.save()

    (facts,) = gather(program, *take(ann, order(email=email)))

    assert (facts.email.is_disposable, facts.email.own_domain) == (
        expected.is_disposable,
        expected.own_domain,
    )


def test_buyer_known_by_digest_alone_is_not_compared(program: Program, ann: Enrollment) -> None:
    (sale,) = take(ann, order(email="", metadata={"email_sha256": digest_of("kim@mail.example")}))

    (facts,) = gather(program, sale)

    assert facts.email == Resemblance()
    assert facts.buyer == {Mark.EMAIL: {buyers.email_mark("kim@mail.example")}}


def test_site_for_everybody_is_nobodys_own() -> None:
    sites = (
        "https://www.blog.ann.example/about",
        "https://www.instagram.com/ann",
        "https://ann.substack.com",
        "",
    )

    assert [own_site(one) for one in sites] == ["blog.ann.example", "", "", ""]


# --- tenancy, and how much is asked --------------------------------------------------------------------------
def test_other_programs_are_not_looked_into(
    program: Program, ann: Enrollment, other: Program, stranger: Enrollment
) -> None:
    (theirs,) = take(stranger, order("1", ago=HOUR))
    keep_sale_marks(other, gather(other, theirs))
    (ours,) = take(ann, order("1"))

    facts = gather(program, ours, theirs)

    assert [one.conversion for one in facts] == [ours.pk]
    assert facts[0].alike == ()


@pytest.mark.parametrize("count", [1, 100])
def test_as_many_queries_for_a_hundred_as_for_one(
    program: Program, ann: Enrollment, count: int, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    _click, tid = makers.make_click(ann, NOON - MINUTE, visitor=uuid4())
    orders = [order(str(number), ago=(count - number) * MINUTE) for number in range(count)]
    commissions.take_orders(program, [order("first", ago=3 * DAY, evidence=Evidence(tid=tid))], at=NOON)
    commissions.take_orders(
        program, [order("browser", ago=3 * DAY, metadata={"reported_by": "browser"})], at=NOON
    )
    sales = take(ann, *orders, order("told", ago=DAY, metadata={"reported_by": "browser"}))
    policy = Policy(program=program)

    with django_assert_max_num_queries(QUERIES):
        facts = sale_facts(program, sales, policy, at=NOON)

    assert len(facts) == count + 1

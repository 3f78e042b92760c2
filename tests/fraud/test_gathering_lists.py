"""What a program's lists say of sales: what is allowed is taken out of the facts, what is blocked is named."""

from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from fraud.checks.facts import Mark, Resemblance, SaleFacts
from fraud.gathering.accounts import account_facts
from fraud.gathering.lists import Lists
from fraud.gathering.sales import sale_facts
from fraud.models import KnownMark, ListEntry, Policy
from fraud.states import ListKind
from tests import makers
from tests.makers import NOON
from tracking import buyers
from tracking.models import Conversion
from tracking.orders import CustomerIn, Evidence

pytestmark = pytest.mark.django_db
OFFICE = buyers.network_mark("192.0.2.0")


def entry(program: Program, kind: ListKind, text: str, *, allow: bool = False) -> None:
    ListEntry.objects.create(program=program, kind=kind, text=text, is_allowed=allow)


def gathered(ann: Enrollment, **metadata: Any) -> SaleFacts:
    """A sale of Ann's: from 198.51.100.0 in France, by a throw-away mailbox, to Germany, billed in Austria."""
    program = ann.program
    _click, tid = makers.make_click(
        ann,
        NOON - timedelta(minutes=5),
        ip="198.51.100.0",
        country="FR",
        network_kind="data-center",
        referrer="https://deals.example/codes",
    )
    order = makers.make_order(
        customer=CustomerIn(email="kim@mailinator.com", country="DE"),
        evidence=Evidence(tid=tid),
        metadata={buyers.PAYER_COUNTRY: "AT", **metadata},
    )
    commissions.take_orders(program, [order], at=NOON)
    (facts,) = sale_facts(program, Conversion.objects.all(), Policy(program=program), at=NOON)
    return facts


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (ListKind.NETWORK, "198.51.100.0/24", ("198.51.100.0/24",)),
        (ListKind.NETWORK, "198.51.0.0/16", ("198.51.0.0/16",)),
        (ListKind.NETWORK, "198.51.100.0/25", ()),  # of the address only the /24 was kept: nobody knows
        (ListKind.NETWORK, "198.51.100.0", ()),
        (ListKind.NETWORK, "198.51.101.0/24", ()),
        (ListKind.EMAIL_DOMAIN, "mailinator.com", ("mailinator.com",)),
        (ListKind.COUNTRY, "DE", ("DE",)),
        (ListKind.COUNTRY, "AT", ("AT",)),
        (ListKind.COUNTRY, "FR", ("FR",)),
        (ListKind.COUNTRY, "US", ()),
        (ListKind.REFERRER, "deals.example", ()),
    ],
)
def test_blocked_things_are_named(
    program: Program, ann: Enrollment, kind: ListKind, text: str, expected: tuple[str, ...]
) -> None:
    entry(program, kind, text)

    assert gathered(ann).blocked == expected


def test_banned_page_is_named_by_its_entry(program: Program, ann: Enrollment) -> None:
    entry(program, ListKind.REFERRER, "deals.example/codes*")

    facts = gathered(ann)

    assert facts.click is not None
    assert (facts.click.referrer, facts.click.banned) == ("deals.example", "deals.example/codes*")


def test_mark_of_a_blocked_network_is_found(program: Program, ann: Enrollment) -> None:
    entry(program, ListKind.NETWORK, "192.0.2.0/24")
    entry(program, ListKind.NETWORK, "192.0.0.0/16")

    assert gathered(ann, **{buyers.NETWORK_MARK: OFFICE}).blocked == ("192.0.2.0/24",)


@pytest.mark.parametrize("text", ["198.51.100.0/24", "198.51.0.0/16"])
def test_allowed_network_says_nothing(program: Program, ann: Enrollment, text: str) -> None:
    entry(program, ListKind.NETWORK, text, allow=True)
    entry(program, ListKind.NETWORK, "198.0.0.0/8")

    facts = gathered(ann)

    assert facts.click is not None
    assert (facts.click.network, facts.blocked) == (None, ())
    assert Mark.NETWORK not in facts.buyer


def test_allowed_network_leaves_what_the_store_tells_of_another(program: Program, ann: Enrollment) -> None:
    entry(program, ListKind.NETWORK, "198.51.100.0/24", allow=True)

    assert gathered(ann, **{buyers.NETWORK_MARK: OFFICE}).buyer[Mark.NETWORK] == {OFFICE}


def test_allowed_network_makes_no_twins(program: Program, ann: Enrollment, bob: Enrollment) -> None:
    for one in (ann, bob):
        KnownMark.objects.create(program=program, enrollment=one, kind=Mark.NETWORK, digest=OFFICE, at=NOON)
    before = [facts.twins for facts in account_facts(program, [ann.pk])]
    entry(program, ListKind.NETWORK, "192.0.2.0/24", allow=True)

    after = [facts.twins for facts in account_facts(program, [ann.pk])]

    assert [twins and twins[0].marks for twins in before] == [{Mark.NETWORK: 2}]
    assert after == [()]


def test_allowed_domain_is_neither_thrown_away_nor_own(program: Program, ann: Enrollment) -> None:
    entry(program, ListKind.EMAIL_DOMAIN, "mailinator.com", allow=True)

    assert gathered(ann).email == Resemblance()


def test_allowed_page_is_never_banned(program: Program, ann: Enrollment) -> None:
    entry(program, ListKind.REFERRER, "*.example")
    entry(program, ListKind.REFERRER, "deals.example", allow=True)

    facts = gathered(ann)

    assert facts.click is not None
    assert facts.click.banned == ""


@pytest.mark.parametrize(
    ("country", "expected"), [("FR", ("", "DE", "AT")), ("DE", ("FR", "", "AT")), ("AT", ("FR", "DE", ""))]
)
def test_allowed_country_says_nothing(
    program: Program, ann: Enrollment, country: str, expected: tuple[str, str, str]
) -> None:
    entry(program, ListKind.COUNTRY, country, allow=True)

    facts = gathered(ann)

    assert facts.click is not None
    assert (facts.click.country, facts.country, facts.payer_country) == expected


def test_lists_of_other_programs_say_nothing(other: Program, ann: Enrollment) -> None:
    entry(other, ListKind.EMAIL_DOMAIN, "mailinator.com")

    assert gathered(ann).blocked == ()


def test_lists_are_read_at_once(program: Program, django_assert_num_queries: Any) -> None:
    entry(program, ListKind.COUNTRY, "DE", allow=True)
    entry(program, ListKind.NETWORK, "::ffff:192.0.2.0/120")

    with django_assert_num_queries(1):
        lists = Lists.of(program)

    assert lists.allows_country("de")
    assert not lists.allows_country("")
    assert lists.blocked.network("", (OFFICE,)) == "::ffff:192.0.2.0/120"

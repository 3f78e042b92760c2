"""The managers' pages of customers: what a line and a page say, who may see and block, and what it costs to ask."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions import actions as commissions
from commissions.models import Commission
from core.models import Event, User
from fraud import models, states  # whole modules: pytest takes what begins with "test" for tests
from fraud.actions import customers, policies
from fraud.actions.testimonies import testify as say
from fraud.checks.facts import Mark
from fraud.models import KnownMark
from tests import makers
from tests.fraud.admin.found import asked, keep
from tests.makers import NOON
from tracking.models import Customer
from tracking.orders import CustomerIn
from tracking.states import OrderState

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
LIST = "/admin/tracking/customer/"
DAY = timedelta(days=1)
BLOCKED = states.TestimonyKind.BLOCKED
WHY = "Three lost parcels in a row"


@pytest.fixture
def program(merchant: Any) -> Program:
    """Its customers stay bound to nobody, so that several affiliates may bring one."""
    made = makers.make_program(merchant)
    made.attribution_terms.update(bound_days=0)
    return made


def buys(who: Enrollment, name: str = "jane", net: int = 10000, **fields: Any) -> Commission:
    """An order of a customer of the shop."""
    buyer = CustomerIn(external_id=f"no-{name}", email=f"{name}@buyer.example")
    return makers.make_commission(who, net, customer=buyer, **fields)


def customer(name: str = "jane") -> Customer:
    return Customer.objects.get(external_id=f"no-{name}")


def listed(client: Client, **asked_for: str) -> list[str]:
    return [row.external_id for row in client.get(LIST, asked_for).context["cl"].result_list]


def page_of(client: Client, name: str = "jane", **asked_for: str) -> Any:
    return client.get(f"{LIST}{customer(name).pk}/change/", asked_for)


def refund(earned: Commission, net: int = 10000) -> None:
    assert earned.conversion
    number = earned.conversion.external_id
    back = makers.make_refund(gross=net)
    commissions.take_refunds(earned.program, "shop", number, [back], at=NOON + DAY)


def share(name: str, other: str, kind: Mark, digest: str) -> None:
    """Let two customers be known by one mark."""
    for one in (customer(name), customer(other)):
        sale = one.conversions.order_by("pk").first()
        KnownMark.objects.create(program=one.program, kind=kind, digest=digest, conversion=sale, at=NOON)


def test_line_says_what_became_of_the_orders(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    sale = buys(ann)
    buys(bob, net=20000)
    refund(sale)
    keep(ann, asked("blocked_customer", ann, sale=sale, figures={"system": "Shopify"}))
    say(sale.program, BLOCKED, "yes", by="Shopify", customer=customer(), at=NOON)
    customers.block(customer(), reason=WHY, actor=mia)

    (row,) = enter(mia).get(LIST).context["cl"].result_list

    found = row.record
    assert (found.orders, found.back, found.back_percent, found.findings) == (2, 1, 50, 1)
    assert found.affiliates == ("Ann Archer", "Bob Baker")
    assert found.blocked_by == ("You", "Shopify")
    assert found.last == NOON


def test_colleague_is_named_to_others(ann: Enrollment, mia: User, ada: User, enter: Enter) -> None:
    buys(ann)
    customers.block(customer(), reason=WHY, actor=mia)

    text = enter(ada).get(LIST).content.decode()

    assert "<small>Mia Manager</small>" in text


def test_customer_without_orders_that_count_has_a_line(program: Program, mia: User, enter: Enter) -> None:
    Customer.objects.create(program=program, source="shop", external_id="no-one")

    (row,) = enter(mia).get(LIST).context["cl"].result_list

    assert (row.record.orders, row.record.back_percent, row.record.last) == (0, 0, None)
    assert "No order of this customer was told yet." in page_of(enter(mia), "one").content.decode()


def test_search_knows_the_spelling_in_which_addresses_are_kept(
    ann: Enrollment, mia: User, enter: Enter
) -> None:
    buys(ann, "jane")
    buys(ann, "joe")
    client = enter(mia)

    assert listed(client, q="Jane+shop@Buyer.example") == ["no-jane"]
    assert listed(client, q="no-jo") == ["no-joe"]
    assert listed(client, q="@buyer.example") == ["no-joe", "no-jane"]
    assert listed(client, q="nobody") == []


def test_filters_find_the_blocked_and_those_with_findings(ann: Enrollment, mia: User, enter: Enter) -> None:
    for name in ("ours", "theirs", "free", "found"):
        buys(ann, name)
    customers.block(customer("ours"), reason=WHY, actor=mia)
    say(ann.program, BLOCKED, "Yes", by="Shopify", customer=customer("theirs"), at=NOON)
    say(ann.program, BLOCKED, "no", by="Shopify", customer=customer("free"), at=NOON)
    sale = Commission.objects.get(conversion__customer=customer("found"))
    keep(ann, asked("blocked_customer", ann, sale=sale, figures={"system": "Shopify"}))
    client = enter(mia)

    assert listed(client, blocked="yes") == ["no-theirs", "no-ours"]
    assert listed(client, blocked="us") == ["no-ours"]
    assert listed(client, blocked="system") == ["no-theirs"]
    assert listed(client, found="yes") == listed(client, found="open") == ["no-found"]


def test_page_shows_orders_findings_words_and_the_road(
    ann: Enrollment, mia: User, rita: User, enter: Enter
) -> None:
    sale = buys(ann)
    refund(sale, 4000)
    (case,) = keep(ann, asked("blocked_customer", ann, sale=sale, figures={"system": "Shopify"}))
    assert sale.conversion
    say(sale.program, states.TestimonyKind.RISK, "high", by="Signifyd", conversion=sale.conversion, at=NOON)
    customers.block(customer(), reason=WHY, actor=mia)

    answer = page_of(enter(rita))
    text = answer.content.decode()

    (row,) = answer.context["bought"]
    assert (row.credited, row.refunded.amount, row.findings, row.commission) == ("Ann Archer", 4000, 1, sale)
    assert "The buyer is blocked by Shopify." in text
    assert f"/admin/fraud/case/{case.pk}/change/" in text
    assert [(one.what, one.by, one.reason) for one in answer.context["said"]] == [
        ("blocked", "Mia Manager", WHY),
        ("high", "Signifyd", ""),
    ]
    assert next(step.words for step in answer.context["steps"]) == "Blocked"
    assert f"Mia Manager: {WHY}" in text
    assert not answer.context["verbs"], "a reviewer reads"


def test_order_that_does_not_count_is_shown(program: Program, mia: User, enter: Enter) -> None:
    order = makers.make_order("open", state=OrderState.OPEN, customer=CustomerIn(external_id="no-jane"))
    commissions.take_orders(program, [order], at=NOON)

    (row,) = page_of(enter(mia)).context["bought"]

    assert (row.conversion, row.credited, row.commission) == (None, "", None)


def test_others_are_known_by_the_same_marks(ann: Enrollment, mia: User, enter: Enter) -> None:
    for name in ("jane", "joe", "jim", "office"):
        buys(ann, name)
    share("jane", "joe", Mark.DEVICE, "d" * 64)
    share("jane", "joe", Mark.ADDRESS, "a" * 64)
    share("jane", "jim", Mark.PAYEE, "c" * 64)
    share("jane", "office", Mark.NETWORK, "f" * 64)
    customers.block(customer("jim"), reason=WHY, actor=mia)

    answer = page_of(enter(mia))
    text = answer.content.decode()

    assert [(one.customer, one.words, one.is_blocked) for one in answer.context["kin"]] == [
        (customer("joe"), "same postal address and browser", False),
        (customer("jim"), "same payment account", True),
    ]
    assert not [digest for digest in ("dddd", "aaaa", "cccc", "ffff") if digest in text]


def test_orders_are_turned_page_by_page(ann: Enrollment, mia: User, enter: Enter) -> None:
    for place in range(26):
        buys(ann, net=10000 + place)
    client = enter(mia)

    first, second = page_of(client), page_of(client, p="2")

    assert (len(first.context["bought"]), len(second.context["bought"])) == (25, 1)
    assert page_of(client, p="x\0").status_code == 200


def test_block_and_unblock_by_their_pages(ann: Enrollment, mia: User, enter: Enter) -> None:
    buys(ann)
    client, address = enter(mia), f"{LIST}{customer().pk}/do/"
    assert [verb.name for verb in page_of(client).context["verbs"]] == ["block"]

    refused = client.post(f"{address}block/", {"reason": ""})
    client.post(f"{address}block/", {"reason": WHY})
    assert refused.status_code == 200
    assert [verb.name for verb in page_of(client).context["verbs"]] == ["unblock"]
    assert models.Testimony.objects.get().word == "yes"

    client.post(f"{address}unblock/", {"reason": "Found"})
    assert (models.Testimony.objects.get().word, Event.objects.filter(kind="testimony.heard").count()) == (
        "",
        2,
    )


def test_many_are_blocked_at_once(ann: Enrollment, mia: User, enter: Enter) -> None:
    for name in ("jane", "joe", "jim"):
        buys(ann, name)
    chosen = {"action": "block", "_selected_action": [customer("jane").pk, customer("jim").pk]}

    enter(mia).post(LIST, {**chosen, "confirm": "1", "reason": WHY})

    assert {row.customer for row in models.Testimony.objects.all()} == {customer("jane"), customer("jim")}


@pytest.mark.parametrize("role", ["analyst", "finance", "reviewer"])
def test_who_only_reads_cannot_block(ann: Enrollment, program: Program, enter: Enter, role: str) -> None:
    buys(ann)
    client = enter(makers.make_member(program.merchant, role))

    answer = client.post(f"{LIST}{customer().pk}/do/block/", {"reason": WHY})

    assert (answer.status_code, models.Testimony.objects.count()) == (403, 0)
    assert not page_of(client).context["verbs"]


def test_another_company_finds_nobody(ann: Enrollment, stranger: Enrollment, eve: User, enter: Enter) -> None:
    buys(ann)
    client, address = enter(eve), f"{LIST}{customer().pk}/"

    assert listed(client) == []
    assert listed(client, q="jane") == []
    assert client.get(f"{address}change/").status_code == 302
    assert client.post(f"{address}do/block/", {"reason": WHY}).status_code == 302
    assert models.Testimony.objects.count() == 0


def test_what_was_found_on_oneself_is_for_colleagues(
    program: Program, mia: User, olga: User, enter: Enter
) -> None:
    own = makers.make_affiliate(program.merchant, "Mia Manager", user=mia)
    who = makers.make_enrollment(program, affiliate=own)
    sale = buys(who)
    (case,) = keep(who, asked("blocked_customer", who, sale=sale, figures={"system": "Shopify"}))
    link = f"/admin/fraud/case/{case.pk}/change/"

    mine = page_of(enter(mia))
    assert (mine.context["record"].findings, mine.context["bought"][0].findings) == (0, 0)
    assert link not in mine.content.decode()
    assert listed(enter(mia), found="yes") == []
    theirs = page_of(enter(olga))
    assert (theirs.context["record"].findings, link in theirs.content.decode()) == (1, True)


def test_page_says_where_a_block_holds_nothing(
    program: Program, ann: Enrollment, mia: User, enter: Enter
) -> None:
    buys(ann)
    assert "Fraud review is off in this program" in page_of(enter(mia)).content.decode()
    Program.objects.filter(pk=program.pk).update(is_screened=True)
    policies.set_check(program, "blocked_customer", actor=mia, action="note")
    assert "is only noted" in page_of(enter(mia)).content.decode()
    policies.set_check(program, "blocked_customer", actor=mia, on=False)

    assert "does not look at blocked customers" in page_of(enter(mia)).content.decode()


def test_conversion_leads_to_its_buyer(ann: Enrollment, mia: User, enter: Enter) -> None:
    sale = buys(ann)

    page = enter(mia).get(f"/admin/tracking/conversion/{sale.conversion_id}/change/").content.decode()

    assert f'href="{LIST}{customer().pk}/change/"' in page


def test_questions_do_not_grow_with_customers_and_orders(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    client, counts = enter(mia), []
    client.get(LIST)  # what is asked once for all pages is known then
    for rounds in (1, 5):
        for number in range(rounds):
            for who in (ann, bob):
                sale = buys(who, f"{rounds}-{number}", net=10000 + Commission.objects.count())
                keep(who, asked("blocked_customer", who, sale=sale, figures={"system": "Shopify"}))
            refund(sale)
            customers.block(customer(f"{rounds}-{number}"), reason=WHY, actor=mia)
            busy = buys(ann, "busy", net=20000 + Commission.objects.count())
            refund(busy)
        share("busy", f"{rounds}-0", Mark.DEVICE, "d" * 63 + str(rounds))
        with CaptureQueriesContext(connection) as listing:
            client.get(LIST)
        with CaptureQueriesContext(connection) as opening:
            page_of(client, "busy")
        counts.append((len(listing), len(opening)))

    assert counts[0] == counts[1]
    assert counts[0] < (40, 60)


def test_time_of_a_block_is_now(ann: Enrollment, mia: User, enter: Enter) -> None:
    buys(ann)
    before = timezone.now()

    enter(mia).post(f"{LIST}{customer().pk}/do/block/", {"reason": WHY})

    assert before <= models.Testimony.objects.get().at <= timezone.now()

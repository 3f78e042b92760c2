"""Equal payouts to one account, clocks that differ, calls that last: no credit pays two payouts, none is doubled."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from affiliates.models import Enrollment
from commissions.ledger import balances
from core.models import User
from core.money import Money
from integrations import actions
from integrations.actions.connections import store_of
from integrations.actions.credits.planning import unknown
from integrations.connectors.shopify import read_options
from integrations.connectors.shopify.credit import Till, open_till
from integrations.models import Connection
from payouts import actions as payouts
from payouts.checks import CHECKS
from payouts.models import Payout
from payouts.states import IllegalMove
from tests import makers
from tests.fakes.shopify_credit import CreditShop
from tests.integrations.credit_life import (  # noqa: F401 - fixtures
    ADDRESS,
    LATER,
    approve,
    choose,
    connect,
    its_connection,
    its_payee,
    its_payout,
    its_program,
    its_shop,
    now,
    send,
)
from tests.integrations.outgoing import last_try

pytestmark = pytest.mark.django_db


def told(connection: Connection, payout: Payout) -> str:
    """State of a payout's message."""
    state: str = connection.deliveries.get(object_key=f"payout:{payout.pk}").state
    return state


# --- equal payouts -----------------------------------------------------------------------------------------
def paid_twice_in_other_words(enrollment: Enrollment, opens: User, approves: User) -> Payout:
    """What the same affiliate earned in another program of the company: as much, to the same account."""
    other = makers.make_program(enrollment.program.merchant, slug="other", name="Other")
    makers.make_payable(makers.make_enrollment(other, affiliate=enrollment.affiliate))
    payout: Payout = approve(other, opens, approves).payouts.get()
    return payout


def elsewhere_at_the_same_shop(shop: CreditShop, eve: User) -> tuple[Payout, Connection]:
    """Another company's payout of as much to the same customer of the same shop."""
    merchant = makers.make_merchant("Elsewhere", eve)
    opens = makers.make_member(merchant, "manager", "max@elsewhere.example")
    program = makers.make_program(merchant)
    connection = connect(program, shop)
    them = makers.make_enrollment(program, "Zoe Zed")
    choose(them, connection.pk)
    makers.make_payable(them)
    return approve(program, opens, eve).payouts.get(), connection


def test_credit_of_another_company_at_the_same_shop_is_not_taken_for_ours(
    payout: Payout, connection: Connection, shop: CreditShop, eve: User
) -> None:
    theirs, their_connection = elsewhere_at_the_same_shop(shop, eve)
    shop.dropped = ["GiveCredit"]

    send(connection)
    send(their_connection, 2)
    send(connection, 20)

    assert (now(payout), now(theirs)) == (("paid", "9002"), ("paid", "9001"))
    assert len(shop.given) == 2


def test_credit_that_another_payout_took_meanwhile_is_given_again(
    payout: Payout,
    payee: Enrollment,
    connection: Connection,
    shop: CreditShop,
    mia: User,
    fin: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two programs with a connection each: what the one just gave, the other finds before it is written down."""
    second = paid_twice_in_other_words(payee, mia, fin)
    give = Till.give

    def give_and_be_overtaken(*given: object) -> str:
        number = give(*given)  # type: ignore[arg-type]
        payouts.begin_sending(second, shop=payout.shop, account="7001", seen=None, at=LATER)
        payouts.settle(second, reference=number, at=LATER)
        return number

    with monkeypatch.context() as patch:
        patch.setattr(Till, "give", give_and_be_overtaken)
        payout.shop = f"shopify:{connection.base_url}"
        send(connection)
    assert (now(payout)[0], now(second), told(connection, payout)) == ("sent", ("paid", "9001"), "due")

    send(connection, 30)

    assert (now(payout), len(shop.given)) == (("paid", "9002"), 2)
    assert [sentence for check in CHECKS for sentence in check()] == []


def test_credit_that_a_person_still_looks_for_is_not_taken_by_another_payout(
    payout: Payout, payee: Enrollment, connection: Connection, shop: CreditShop, mia: User, fin: User
) -> None:
    shop.lost = ["GiveCredit"]
    send(connection)
    actions.skip_delivery(connection.deliveries.get())
    actions.look_after_credits(at=LATER + timedelta(hours=1))
    second = paid_twice_in_other_words(payee, mia, fin)
    shop.dropped = ["GiveCredit"]

    send(connection, 2)
    send(connection, 20)

    assert (now(payout)[0], now(second)[0], len(shop.given)) == ("sent", "sent", 1)
    assert (payout.doubt, second.doubt) == (unknown(), unknown())


@pytest.mark.parametrize(("amount", "currency", "sent"), [(100, "JPY", "100"), (1234, "KWD", "1.234")])
def test_units_of_a_currency_are_its_own(
    connection: Connection, shop: CreditShop, amount: int, currency: str, sent: str
) -> None:
    till, money = open_till(store_of(connection)), Money(amount, currency)

    number = till.give("7001", money)

    assert f'"amount": "{sent}"' in till.talk.asked[-1]
    assert [one.number for one in till.list_given("7001", money, LATER)] == [number]
    assert till.list_given("7001", Money(amount + 1, currency), LATER) == ()


# --- clocks ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("minutes", [-30, 30])
def test_nothing_is_given_while_the_clocks_differ(
    payout: Payout, connection: Connection, shop: CreditShop, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    ahead = timedelta(minutes=minutes)
    with monkeypatch.context() as patch:
        patch.setattr(shop, "date", lambda: format_datetime(timezone.now() + ahead, usegmt=True))
        send(connection)
    connection.refresh_from_db()
    assert (now(payout)[0], told(connection, payout), shop.given) == ("approved", "due", [])
    assert "so no credit is given: set the server's clock" in connection.last_error

    send(connection, 70)

    assert (now(payout)[0], len(shop.given)) == ("paid", 1)


def test_approval_by_a_clock_that_was_ahead_hides_no_credit(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    """Approved at what was called noon; the clock was set back by half an hour before it was sent."""
    shop.clock = LATER - timedelta(minutes=29)
    shop.lost = ["GiveCredit"]

    send(connection, 0)
    Payout.objects.update(sent_at=LATER - timedelta(minutes=29))
    send(connection, 1)

    assert (now(payout), len(shop.given)) == (("paid", "9001"), 1)


# --- while it is under way ---------------------------------------------------------------------------------
def test_nobody_is_asked_to_decide_while_the_call_lasts(
    payout: Payout, connection: Connection, shop: CreditShop, fin: User, bob: Enrollment
) -> None:
    def skip_and_fail() -> None:
        actions.skip_delivery(connection.deliveries.get(), at=LATER)
        actions.look_after_credits(at=LATER + timedelta(minutes=5))
        with pytest.raises(IllegalMove):
            payouts.mark_failed(payout, reason="Skipped.", actor=fin)

    give = Till.give

    def give_slowly(till: Till, account: str, money: Money) -> str:
        skip_and_fail()
        return give(till, account, money)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Till, "give", give_slowly)
        send(connection)

    assert (now(payout), len(shop.given)) == (("paid", "9001"), 1)
    assert balances(bob)["payable"] == 0


def test_shop_that_stops_giving_credit_after_a_lost_call_gives_none(
    payout: Payout, connection: Connection, shop: CreditShop, bob: Enrollment
) -> None:
    shop.dropped = ["GiveCredit"]
    send(connection)
    actions.change_options(connection, options=read_options({}))

    send(connection, 30)

    assert (now(payout)[0], shop.given, balances(bob)["payable"]) == ("failed", [], 10000)


def test_connection_that_leads_to_another_shop_since_leaves_it_to_a_person(
    payout: Payout, connection: Connection, shop: CreditShop, settings: pytest.FixtureRequest
) -> None:
    shop.lost = ["GiveCredit"]
    send(connection)
    with CreditShop() as other:
        settings.OUTBOUND_ALLOWED_HOSTS = [shop.host, other.host]  # type: ignore[attr-defined]
        other.add(ADDRESS)
        Connection.objects.update(base_url=other.url)

        send(connection, 30)

        assert (now(payout)[0], payout.doubt, other.given) == ("sent", unknown(), [])


# --- who knows, and who decides ----------------------------------------------------------------------------
def test_answer_that_repeats_the_address_is_kept_without_it(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    wrong = {"message": f"{ADDRESS} is invalid", "extensions": {"value": {"emailAddress": ADDRESS}}}
    shop.failures.append((200, {"errors": [wrong]}, {}))

    send(connection)

    row = connection.deliveries.get()
    kept = last_try(row)
    assert "[e-mail] is invalid" in kept.answer
    assert ADDRESS not in kept.request + kept.answer + kept.outcome + row.note


def test_nobody_approves_what_goes_to_their_own_address(
    bob: Enrollment, connection: Connection, mia: User, fin: User
) -> None:
    choose(bob, connection.pk, fin.email)
    makers.make_payable(bob)
    batch = payouts.open_batch(bob.program, actor=mia, at=LATER)

    assert payouts.who_may_not_approve(batch, fin) == (
        "You would be paid by this batch; somebody else approves it."
    )

"""A payout is credited once, whatever is killed, lost or repeated; what cannot be found out waits for a person."""

from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment
from commissions.ledger import balances
from core.models import Event, User
from integrations import actions
from integrations.actions.credits.planning import unknown
from integrations.connectors.shopify.credit import Till
from integrations.models import Connection, Lane
from payouts import actions as payouts
from payouts.models import Payout
from payouts.states import IllegalMove
from tests import makers
from tests.fakes.shopify_credit import CreditShop
from tests.integrations.credit_life import (  # noqa: F401 - fixtures
    LATER,
    approve,
    connect,
    its_connection,
    its_payee,
    its_payout,
    its_program,
    its_shop,
    now,
    send,
    told,
)

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The worker is gone: nothing after it runs."""


def die(*_given: Any, **_named: Any) -> None:
    raise Killed


def send_and_die(connection: Connection, minutes: int = 1) -> None:
    """Be killed over it; the dead one's lease is over by the time that somebody else comes."""
    with pytest.raises(Killed):
        send(connection, minutes)
    Lane.objects.update(lease_token=None, lease_until=None)


# --- killed ------------------------------------------------------------------------------------------------
def test_worker_that_dies_between_call_and_commit_leaves_one_credit(
    payout: Payout, connection: Connection, shop: CreditShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(payouts, "settle", die)
        send_and_die(connection)
    assert (now(payout), len(shop.given)) == (("sent", "7001"), 1)

    send(connection, 2)

    assert (now(payout), len(shop.given)) == (("paid", "9001"), 1)
    assert told(connection)[0] == "done"


def test_worker_that_dies_before_the_call_is_followed_by_one_that_waits_and_gives_once(
    payout: Payout, connection: Connection, shop: CreditShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Till, "give", die)
        send_and_die(connection)

    send(connection, 5)
    early = (now(payout)[0], len(shop.given))
    send(connection, 15)

    assert early == ("sent", 0)
    assert (now(payout), len(shop.given)) == (("paid", "9001"), 1)


def test_worker_that_dies_over_the_look_up_has_moved_nothing(
    payout: Payout, connection: Connection, shop: CreditShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Till, "find_account", die)
        send_and_die(connection)
    assert now(payout)[0] == "approved"

    send(connection, 2)

    assert (now(payout)[0], len(shop.given)) == ("paid", 1)


def test_worker_that_dies_three_times_leaves_the_rest_to_a_person(
    payout: Payout, connection: Connection, shop: CreditShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(payouts, "settle", die)
        for minutes in (1, 2, 3):
            send_and_die(connection, minutes)
        send(connection, 4)
    actions.look_after_credits(at=LATER + timedelta(hours=1))

    assert (now(payout)[0], payout.doubt, len(shop.given)) == ("sent", unknown(), 1)
    assert told(connection)[0] == "dead"


# --- lost --------------------------------------------------------------------------------------------------
def test_answer_that_is_lost_is_found_in_the_account(
    payout: Payout, connection: Connection, shop: CreditShop, bob: Enrollment
) -> None:
    shop.lost = ["GiveCredit"]
    send(connection)
    assert (now(payout)[0], told(connection)[0], len(shop.given)) == ("sent", "due", 1)

    send(connection, 5)

    assert (now(payout), len(shop.given)) == (("paid", "9001"), 1)
    assert balances(bob)["paid"] == 10000


def test_request_that_is_lost_is_made_again_once_the_account_has_stayed_as_it_was(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    shop.dropped = ["GiveCredit"]
    send(connection)

    send(connection, 9)
    early = (now(payout)[0], len(shop.given))
    send(connection, 30)

    assert early == ("sent", 0)
    assert (now(payout), len(shop.given)) == (("paid", "9001"), 1)


def test_answers_that_are_lost_again_and_again_give_one_credit(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    shop.dropped, shop.lost = ["GiveCredit"], ["GiveCredit", "ListCredits"]

    for minutes in (1, 15, 40, 90, 300):
        shop.clock = LATER + timedelta(minutes=minutes)
        send(connection, minutes)

    assert (now(payout)[0], len(shop.given)) == ("paid", 1)


def test_answer_with_an_error_is_not_believed(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    shop.before["FindHolder"] = lambda: shop.failures.append((500, {"errors": "oops"}, {}))
    send(connection)  # the call itself is answered with 500, before it did anything
    assert (now(payout)[0], len(shop.given)) == ("sent", 0)
    shop.put("7001", "100.0")  # it was at work all the same

    send(connection, 5)

    assert (now(payout), len(shop.given)) == (("paid", "9001"), 1)


def test_other_credits_are_not_taken_for_ours(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    shop.clock = LATER - timedelta(days=1)
    shop.put("7001", "100.0")
    shop.clock = LATER
    shop.put("7001", "100.0", currency="BRL")
    shop.put("7001", "99.0")
    shop.put("7001", "100.0", kind="Debit")
    shop.put("7001", "100.0", event="ORDER_REFUND")
    shop.put("7002", "100.0")
    shop.lost = ["GiveCredit"]

    send(connection)
    send(connection, 5)

    assert now(payout) == ("paid", "9007")
    assert len(shop.given) == 7


def test_credit_of_another_payout_is_not_taken_for_ours(
    payout: Payout, payee: Enrollment, connection: Connection, shop: CreditShop, mia: User, fin: User
) -> None:
    send(connection)
    other = makers.make_program(payee.program.merchant, slug="other", name="Other")
    makers.make_payable(makers.make_enrollment(other, affiliate=payee.affiliate))
    second = approve(other, mia, fin).payouts.get()
    shop.dropped = ["GiveCredit"]

    send(connection, 2)
    send(connection, 20)

    assert (now(payout), now(second)) == (("paid", "9001"), ("paid", "9002"))
    assert len(shop.given) == 2


# --- in doubt ----------------------------------------------------------------------------------------------
@pytest.fixture
def doubted(payout: Payout, connection: Connection, shop: CreditShop) -> Payout:
    """Bob's payout, whose answer was lost; two credits stand there that may be it."""
    shop.lost = ["GiveCredit"]
    send(connection)
    shop.put("7001", "100.0")
    send(connection, 5)
    return payout


def test_two_credits_that_may_be_it_stop_for_a_person(
    doubted: Payout, connection: Connection, shop: CreditShop, bob: Enrollment
) -> None:
    send(connection, 60 * 24)

    assert (now(doubted)[0], doubted.doubt, len(shop.given)) == ("sent", unknown(), 2)
    assert told(connection) == ("dead", unknown())
    assert balances(bob)["in_transit"] == 10000
    assert Event.objects.filter(kind="payout.doubted").count() == 1


def test_person_who_looked_says_that_it_is_there(doubted: Payout, fin: User, bob: Enrollment) -> None:
    with pytest.raises(IllegalMove):
        payouts.mark_paid(doubted, reference="", actor=fin)
    payouts.mark_paid(doubted, reference="9001", actor=fin)

    assert (now(doubted), doubted.doubt) == (("paid", "9001"), "")
    assert balances(bob)["paid"] == 10000


def test_person_who_looked_says_that_it_is_not_there(
    doubted: Payout, connection: Connection, shop: CreditShop, fin: User, bob: Enrollment
) -> None:
    payouts.mark_failed(doubted, reason="It never came.", actor=fin)
    actions.replay_delivery(connection.deliveries.get())
    send(connection, 60 * 24)

    assert (now(doubted)[0], len(shop.given)) == ("failed", 2)
    assert balances(bob)["payable"] == 10000


def test_one_credit_is_not_noted_for_two_payouts(
    doubted: Payout, payee: Enrollment, mia: User, fin: User
) -> None:
    payouts.mark_paid(doubted, reference="9001", actor=fin)
    doubted.refresh_from_db()
    other = makers.make_program(payee.program.merchant, slug="other", name="Other")
    makers.make_payable(makers.make_enrollment(other, affiliate=payee.affiliate))
    second = approve(other, mia, fin).payouts.get()
    payouts.begin_sending(second, shop=doubted.shop, account="7001", seen=None, at=LATER)
    payouts.give_up(second, reason="", doubt=unknown(), at=LATER)

    with pytest.raises(IllegalMove):
        payouts.mark_paid(second, reference="9001", actor=fin)

    assert now(second) == ("sent", "7001")


def test_message_in_doubt_that_is_sent_again_looks_again_and_gives_nothing(
    doubted: Payout, connection: Connection, shop: CreditShop
) -> None:
    shop.given.clear()
    actions.replay_delivery(connection.deliveries.get())
    send(connection, 60 * 24)
    nothing = (now(doubted)[0], told(connection)[0], shop.calls["GiveCredit"])
    shop.put("7001", "100.0")
    actions.replay_delivery(connection.deliveries.get())
    send(connection, 60 * 48)

    assert nothing == ("sent", "dead", 1)
    assert (now(doubted)[0], doubted.doubt, shop.calls["GiveCredit"]) == ("paid", "", 1)


@pytest.mark.parametrize("why", ["gone", "many"])
def test_account_that_cannot_be_looked_through_stops_for_a_person(
    payout: Payout, connection: Connection, shop: CreditShop, why: str
) -> None:
    shop.dropped = ["GiveCredit"]
    send(connection)
    if why == "gone":
        shop.customers.clear()
    else:
        shop.page = 1
        shop.put("7001", "1.0")
        shop.put("7001", "2.0")

    send(connection, 20)

    assert now(payout)[0] == "sent"
    assert payout.doubt.startswith(unknown())
    assert shop.calls["GiveCredit"] == 0


def test_shop_that_is_cut_off_after_the_call_leaves_it_to_a_person(
    payout: Payout, connection: Connection, shop: CreditShop, fin: User
) -> None:
    shop.lost = ["GiveCredit"]
    send(connection)
    with pytest.raises(IllegalMove):
        payouts.mark_failed(payout, reason="Cut off.", actor=fin)

    actions.disconnect(connection, at=LATER)
    actions.look_after_credits(at=LATER + timedelta(hours=1))

    assert (now(payout)[0], payout.doubt) == ("sent", unknown())


def test_two_at_once_begin_it_once(
    payout: Payout, connection: Connection, shop: CreditShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one looks up the account, another, who holds the lane by now, begins: the first calls nobody."""
    find = Till.find_account

    def find_slowly(till: Till, address: str, currency: str) -> str:
        payouts.begin_sending(payout, shop="s", account="7001", seen=None, at=LATER)
        return find(till, address, currency)

    monkeypatch.setattr(Till, "find_account", find_slowly)

    send(connection)

    assert (now(payout)[0], shop.calls["GiveCredit"]) == ("sent", 0)
    assert told(connection)[0] == "due"


def test_nothing_is_ended_while_it_is_on_its_way(payout: Payout) -> None:
    assert actions.look_after_credits(at=LATER) == 0
    assert now(payout)[0] == "approved"

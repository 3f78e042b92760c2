"""Payouts as store credit: from the batch to the customer's account, and every way in which nothing is given."""

from datetime import timedelta

import pytest

from affiliates.models import Enrollment, Merchant, Payee, Program
from commissions.ledger import balances
from core.models import Event, User
from integrations import actions
from integrations.connectors.shopify import read_options, written
from integrations.models import Connection, Delivery
from payouts import actions as payouts
from payouts.actions import ApprovalRefused
from payouts.checks import CHECKS
from payouts.models import Payout
from payouts.states import IllegalMove
from tests import makers
from tests.fakes.shopify_credit import CreditShop
from tests.integrations.credit_life import (  # noqa: F401 - fixtures
    ADDRESS,
    LATER,
    OFFERED,
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
    told,
)
from tests.integrations.outgoing import last_try

pytestmark = pytest.mark.django_db
NO_CUSTOMER = (
    "The shop has no customer account with this e-mail address. Register there with it, or change the address in your "
    "payout details."
)


def test_batch_becomes_credit_and_the_payout_is_paid(
    payout: Payout, connection: Connection, shop: CreditShop, bob: Enrollment
) -> None:
    assert (payout.method, payout.state, balances(bob)["in_transit"]) == ("store_credit", "approved", 10000)

    send(connection)

    assert shop.amounts() == ["100.0"]
    assert shop.given[0]["amount"]["currencyCode"] == "EUR"
    assert now(payout) == ("paid", "9001")
    assert told(connection) == ("done", "The shop has put the amount on the customer's account.")
    assert balances(bob) == {"pending": 0, "payable": 0, "in_transit": 0, "paid": 10000}
    assert [sentence for check in CHECKS for sentence in check()] == []
    kinds = Event.objects.filter(subject_type="payouts.payout").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["payout.approved", "payout.sent", "payout.paid"]


def test_log_names_neither_address_nor_key(payout: Payout, connection: Connection) -> None:
    send(connection)

    request = last_try(connection.deliveries.get()).request
    assert "GiveCredit" in request
    assert ADDRESS not in request
    assert "shpat_" not in request
    assert connection.deliveries.get().body == {}


def test_message_that_is_sent_again_asks_the_shop_nothing(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    send(connection)
    asked = list(shop.asked)

    actions.replay_delivery(connection.deliveries.get(), again=True)
    send(connection, 60 * 24 * 365)

    assert (shop.asked, len(shop.given)) == (asked, 1)
    assert told(connection) == ("done", "The payout is paid already: nothing was asked of the shop.")


def test_approval_that_is_told_twice_lines_up_once(payout: Payout, connection: Connection) -> None:
    event = Event.objects.get(kind="payout.approved")

    actions.plan_credit(event, at=LATER)
    actions.plan_credit(event, at=LATER)

    assert Delivery.objects.count() == 1


# --- nothing is given --------------------------------------------------------------------------------------
def test_without_a_customer_account_the_payout_fails_with_words_for_the_affiliate(
    payout: Payout, connection: Connection, shop: CreditShop, bob: Enrollment
) -> None:
    shop.customers.clear()

    send(connection)

    assert now(payout)[0] == "failed"
    assert payout.failure == NO_CUSTOMER
    assert told(connection) == ("dead", NO_CUSTOMER)
    assert balances(bob)["payable"] == 10000
    assert shop.given == []


def test_currency_that_the_shop_does_not_sell_in_is_refused_before_anything_moves(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    shop.currencies = ["BRL"]

    send(connection)

    assert now(payout)[0] == "failed"
    assert payout.failure == "The shop does not sell in EUR, so a credit in it could not be spent there."
    assert shop.calls["GiveCredit"] == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("UNSUPPORTED_CURRENCY", "The shop keeps no store credit in EUR."),
        (
            "CREDIT_LIMIT_EXCEEDED",
            "The amount is more than a customer account of the shop can hold: spend some of it first.",
        ),
        ("NEGATIVE_OR_ZERO_AMOUNT", "The shop refuses the credit (NEGATIVE_OR_ZERO_AMOUNT)."),
    ],
)
def test_refusal_of_the_shop_frees_the_money(
    payout: Payout, connection: Connection, shop: CreditShop, bob: Enrollment, code: str, words: str
) -> None:
    shop.refusals = [code]

    send(connection)

    assert now(payout)[0] == "failed"
    assert (payout.failure, shop.given) == (words, [])
    assert balances(bob)["payable"] == 10000
    assert [sentence for check in CHECKS for sentence in check()] == []


def test_app_without_the_scope_waits_for_a_person_and_the_money_has_not_left(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    shop.scopes.remove("write_store_credit_account_transactions")

    send(connection)
    connection.refresh_from_db()
    assert (now(payout)[0], told(connection)[0]) == ("approved", "due")
    assert "write_store_credit_account_transactions" in connection.last_error

    shop.scopes.append("write_store_credit_account_transactions")
    send(connection, 70)

    assert (now(payout)[0], len(shop.given)) == ("paid", 1)


def test_test_of_the_connection_names_the_scopes(connection: Connection, shop: CreditShop) -> None:
    shop.scopes.remove("read_store_credit_accounts")

    sentence = actions.test_connection(connection)

    assert sentence == "The shop answers, but the app lacks these scopes: read_store_credit_accounts."


def test_scopes_are_asked_for_only_where_credit_is_given(program: Program, shop: CreditShop) -> None:
    connection = connect(program, shop, options=read_options({}))
    shop.scopes = [scope for scope in shop.scopes if "store_credit" not in scope]

    assert "scopes" not in actions.test_connection(connection)


# --- the connection ----------------------------------------------------------------------------------------
def test_paused_shop_gives_once_it_is_resumed(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    actions.pause(connection)
    send(connection)
    assert (now(payout)[0], shop.asked) == ("approved", [])

    actions.resume(Connection.objects.get(pk=connection.pk), at=LATER)
    send(connection, 5)

    assert (now(payout)[0], len(shop.given)) == ("paid", 1)


def test_shop_that_is_cut_off_before_anything_left_frees_the_money(
    payout: Payout, connection: Connection, bob: Enrollment
) -> None:
    actions.disconnect(connection, at=LATER)

    ended = actions.look_after_credits(at=LATER)

    assert ended == 1
    assert now(payout)[0] == "failed"
    assert payout.failure == "The shop could not be asked to give the credit."
    assert balances(bob)["payable"] == 10000


def test_shop_that_offers_no_credit_any_more_gives_none(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    actions.change_options(connection, options=read_options({}))

    send(connection)

    assert now(payout)[0] == "failed"
    assert payout.failure == "The shop gives no store credit any more. Choose another way to be paid."
    assert shop.asked == []


def test_batch_that_is_approved_after_the_shop_is_gone_fails_at_once(
    payee: Enrollment, connection: Connection, mia: User, fin: User
) -> None:
    makers.make_payable(payee)
    actions.disconnect(connection, at=LATER)

    payout = approve(payee.program, mia, fin).payouts.get()

    assert (payout.state, Delivery.objects.count()) == ("failed", 0)
    assert balances(payee)["payable"] == 10000


def test_shop_of_another_company_is_never_used(
    bob: Enrollment, shop: CreditShop, mia: User, fin: User, eve: User
) -> None:
    elsewhere = makers.make_program(makers.make_merchant("Elsewhere", eve))
    theirs = connect(elsewhere, shop)
    choose(bob, theirs.pk)
    makers.make_payable(bob)

    payout = approve(bob.program, mia, fin).payouts.get()

    assert (payout.state, Delivery.objects.count(), shop.asked) == ("failed", 0, [])


def test_second_program_of_the_company_pays_at_the_same_shop(
    payee: Enrollment, merchant: Merchant, connection: Connection, shop: CreditShop, mia: User, fin: User
) -> None:
    other = makers.make_program(merchant, slug="other", name="Other")
    makers.make_payable(makers.make_enrollment(other, affiliate=payee.affiliate))

    payout = approve(other, mia, fin).payouts.get()
    send(connection)

    assert (now(payout)[0], len(shop.given)) == ("paid", 1)


# --- people ------------------------------------------------------------------------------------------------
def test_nobody_pays_it_by_hand_as_well(payout: Payout, fin: User) -> None:
    with pytest.raises(IllegalMove):
        payouts.mark_sent(payout, reference="A1", actor=fin)
    with pytest.raises(IllegalMove):
        payouts.mark_paid(payout, reference="A1", actor=fin)

    assert now(payout) == ("approved", "")


def test_person_may_end_it_before_it_is_begun_and_nothing_is_given(
    payout: Payout, connection: Connection, shop: CreditShop, fin: User
) -> None:
    payouts.mark_failed(payout, reason="Wrong person.", actor=fin)

    send(connection)

    assert (now(payout)[0], shop.asked) == ("failed", [])
    assert told(connection) == (
        "done",
        "The payout has ended otherwise meanwhile: nothing was asked of the shop.",
    )


def test_details_that_change_before_the_approval_stop_the_batch(
    payee: Enrollment, connection: Connection, mia: User, fin: User
) -> None:
    makers.make_payable(payee)
    batch = payouts.open_batch(payee.program, actor=mia, at=LATER)
    choose(payee, connection.pk, "thief@shopper.example")

    with pytest.raises(ApprovalRefused):
        payouts.approve_batch(batch, actor=fin, at=LATER)


def test_details_that_change_afterwards_leave_the_approved_payout_where_it_was(
    payout: Payout, connection: Connection, shop: CreditShop, bob: Enrollment
) -> None:
    shop.add("thief@shopper.example", "7002")
    choose(bob, connection.pk, "thief@shopper.example")

    send(connection)

    assert (len(shop.amounts("7001")), shop.amounts("7002")) == (1, [])


# --- what is chosen ----------------------------------------------------------------------------------------
def test_shops_are_offered_while_they_give_credit(
    program: Program, merchant: Merchant, connection: Connection, shop: CreditShop
) -> None:
    other = makers.make_program(merchant, slug="other", name="Other")
    connect(other, shop, options=read_options({"store_credit": "yes"}))
    connect(other, shop, source="plain", options=read_options({}))

    offered = [each.name for each in actions.shops_that_give_credit(program)]
    actions.pause(connection)

    assert offered == ["Casa Clara", "Northwind"]
    assert [each.name for each in actions.shops_that_give_credit(program)] == ["Northwind"]


def test_other_companies_shops_are_not_offered(program: Program, shop: CreditShop, eve: User) -> None:
    connect(makers.make_program(makers.make_merchant("Elsewhere", eve)), shop)

    assert actions.shops_that_give_credit(program) == []


def test_settings_are_off_unless_they_are_chosen_and_come_back_as_entered() -> None:
    assert written(read_options({}))["store_credit"] == ""
    assert {name: written(read_options(OFFERED))[name] for name in OFFERED} == OFFERED


def test_same_address_at_another_shop_is_a_change(bob: Enrollment, connection: Connection) -> None:
    choose(bob, connection.pk)
    choose(bob, connection.pk)
    choose(bob, connection.pk + 1)

    assert list(Payee.objects.order_by("id").values_list("is_current", flat=True)) == [False, True]
    assert Payee.objects.latest("id").label == "b•••@shopper.example, Casa Clara"


def test_waiting_of_the_shop_costs_no_second_credit(
    payout: Payout, connection: Connection, shop: CreditShop
) -> None:
    shop.fail(503, {"errors": "busy"})

    send(connection)
    assert (now(payout)[0], told(connection)[0]) == ("approved", "due")
    send(connection, 5)

    assert (now(payout)[0], len(shop.given)) == ("paid", 1)
    assert payout.sent_at == LATER + timedelta(minutes=5)

"""The books' own examination: right books are silent, and each planted breach is one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from affiliates.models import Enrollment, Program
from commissions import actions as commissions, checks, ledger
from commissions.models import Commission, Entry, Reversal
from commissions.states import AccountKind, CommissionState, EntryKind
from core.models import User
from payouts import actions as payouts, checks as payout_checks
from payouts.models import Payout, PayoutItem
from payouts.states import PayoutState
from tests.makers import NOON, make_commission, make_order, make_payable, make_payee, make_refund

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=40)


def breaches() -> list[str]:
    return [sentence for check in (*checks.CHECKS, *payout_checks.CHECKS) for sentence in check()]


@contextmanager
def unguarded(table: str) -> Iterator[None]:
    """Go round the trigger that guards the books, as a broken disk would."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            yield
            cursor.execute("SET session_replication_role = DEFAULT")
            return
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table]
        )
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


def pay(enrollment: Enrollment, opener: User, approver: User) -> Payout:
    """A payout that was approved."""
    make_payee(enrollment)
    batch = payouts.open_batch(enrollment.program, actor=opener, at=LATER)
    payouts.approve_batch(batch, actor=approver, at=LATER)
    return batch.payouts.get(enrollment=enrollment)


def test_whole_life_leaves_the_books_right(program: Program, ann: Enrollment, mia: User, fin: User) -> None:
    make_payable(ann)
    declined = make_commission(ann, 5000)
    commissions.decline(declined, reason="Not a sale.", actor=mia)
    refunded = make_commission(ann, 8000, external_id="77")
    commissions.take_refunds(program, "shop", "77", [make_refund(gross=3000)])
    commissions.approve(refunded, at=LATER)
    commissions.take_refunds(program, "shop", "77", [make_refund(gross=1000)])
    commissions.adjust(ann, -500, reason="Counted twice.", actor=fin, at=NOON)
    payout = pay(ann, mia, fin)
    payouts.mark_failed(payout, reason="Account closed.", actor=fin)
    batch = payouts.open_batch(program, actor=mia, at=LATER + timedelta(days=1))
    payouts.approve_batch(batch, actor=fin, at=LATER + timedelta(days=1))
    payouts.mark_paid(batch.payouts.get(enrollment=ann), reference="SEPA", actor=fin)
    commissions.take_refunds(program, "shop", "77", [make_refund(gross=4000)])

    assert breaches() == []


def test_order_that_cannot_be_valued_is_no_breach(program: Program, ann: Enrollment) -> None:
    commissions.take_orders(program, [make_order(ref=ann.code, currency="USD")], at=NOON)

    assert breaches() == []


def test_entry_between_two_programs_is_found(ann: Enrollment, stranger: Enrollment) -> None:
    make_commission(ann)
    entry = Entry.objects.filter(commission__enrollment=ann).get()
    foreign = ledger.account(stranger.program, AccountKind.PENDING, stranger)
    with unguarded("commissions_entry"):
        Entry.objects.filter(pk=entry.pk).update(credit=foreign)

    assert list(checks.entries_are_whole()) == [
        f"Entry {entry.pk} ({entry}) mixes programs or currencies, or moves nothing."
    ]
    assert list(checks.entries_have_their_commission()) == [
        f"Entry {entry.pk} ({entry}) does not belong to its commission."
    ]


def test_entry_on_the_wrong_road_is_found(program: Program, ann: Enrollment) -> None:
    expense, paid = (
        ledger.account(program, AccountKind.EXPENSE),
        ledger.account(program, AccountKind.PAID, ann),
    )
    entry = ledger.post(EntryKind.SETTLEMENT, "payout:0", debit=expense, credit=paid, amount=5)

    assert entry is not None
    assert list(checks.entries_are_whole()) == [
        f"Entry {entry.pk} ({entry}) moves between accounts that its kind does not name."
    ]
    assert list(checks.balances_are_sums())[-1] == (
        f"Enrollment {ann.pk} was paid 0.05 EUR, but only 0.00 EUR was ever payable."
    )
    assert list(payout_checks.books_follow_payouts()) == [
        f"Enrollment {ann.pk} has 0.05 EUR paid, its payouts say 0.00 EUR."
    ]


def test_approval_without_an_entry_is_found(ann: Enrollment) -> None:
    commission = make_commission(ann)
    Commission.objects.filter(pk=commission.pk).update(state=CommissionState.APPROVED)

    assert list(checks.commissions_stand_where_they_should()) == [
        f"Commission {commission.pk} is approved, but no entry approves it."
    ]


def test_reversal_that_was_not_posted_is_found(ann: Enrollment) -> None:
    commission = make_commission(ann)
    Reversal.objects.create(commission=commission, number=1, cause="refund", amount=100, at=NOON)
    number = commission.conversion_id

    assert breaches() == [
        f"Commission {commission.pk} (pending) stands with 10.00 EUR on pending; 9.00 EUR would be right.",
        f"Enrollment {ann.pk} has 10.00 EUR pending, its commissions say 9.00 EUR.",
        f"Commission {commission.pk} of conversion {number} holds 9.00 EUR; 10.00 EUR would be right.",
    ]


def test_payout_that_is_not_its_items_is_found(ann: Enrollment, mia: User, fin: User) -> None:
    make_payable(ann)
    payout = pay(ann, mia, fin)
    PayoutItem.objects.filter(payout=payout).update(amount=9000)

    assert breaches() == [f"Payout {payout} pays 100.00 EUR, its items add up to 90.00 EUR."]


def test_payout_paid_behind_the_books_is_found(ann: Enrollment, mia: User, fin: User) -> None:
    make_payable(ann)
    payout = pay(ann, mia, fin)
    Payout.objects.filter(pk=payout.pk).update(state=PayoutState.PAID)

    assert breaches() == [
        f"Enrollment {ann.pk} has 100.00 EUR on its way, its payouts say 0.00 EUR.",
        f"Enrollment {ann.pk} has 0.00 EUR paid, its payouts say 100.00 EUR.",
    ]


def test_entry_paid_with_more_than_its_amount_is_found(ann: Enrollment, mia: User, fin: User) -> None:
    make_payable(ann)
    payout = pay(ann, mia, fin)
    item = PayoutItem.objects.get(payout=payout)
    PayoutItem.objects.filter(pk=item.pk).update(amount=item.amount + 1)

    assert list(payout_checks.entries_are_paid_once()) == [
        f"Entry {item.entry_id} ({item.entry}) is in payouts with {item.amount + 1} minor units."
    ]


def test_command_ends_with_1_and_a_sentence_per_breach(ann: Enrollment, capsys) -> None:
    commission = make_commission(ann)
    call_command("check_ledger")
    assert capsys.readouterr().out == f"The books are right: {Entry.objects.count()} entries.\n"

    Reversal.objects.create(commission=commission, number=1, cause="refund", amount=100, at=NOON)
    with pytest.raises(CommandError) as refused:
        call_command("check_ledger")

    assert refused.value.returncode == 1
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.django_db(transaction=True)
def test_command_keeps_no_writer_waiting(ann: Enrollment) -> None:
    from portal.management.commands.check_ledger import one_picture

    make_commission(ann)
    with one_picture():
        seen = Entry.objects.count()

    assert (seen, connection.in_atomic_block) == (Entry.objects.count(), False)
    call_command("check_ledger")

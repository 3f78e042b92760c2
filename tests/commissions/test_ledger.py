"""The books cannot be edited, and no bad entry gets in: asked of the database itself, not of our code."""

import pytest
from django.db import DatabaseError, connection, transaction

from affiliates.models import Enrollment, Program
from commissions import ledger
from commissions.models import Account, Entry
from commissions.states import AccountKind, EntryKind
from core.models import Event
from tests.makers import NOON, make_commission, make_enrollment, make_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(ann: Enrollment) -> Entry:
    return make_commission(ann).entries.get()


def refused(sql: str, *values: object) -> bool:
    before = list(Entry.objects.order_by("id").values())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return list(Entry.objects.order_by("id").values()) == before


def insert(entry: Entry, **changes: object) -> bool:
    row = {
        "program_id": entry.program_id,
        "kind": "bonus",
        "source": "attack:1",
        "debit_id": entry.debit_id,
        "credit_id": entry.credit_id,
        "amount": 100,
        "currency": "EUR",
        "at": NOON,
        "created_at": NOON,
    } | changes
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    return refused(f"INSERT INTO commissions_entry ({names}) VALUES ({marks})", *row.values())


def test_entry_cannot_be_changed(entry):
    assert refused("UPDATE commissions_entry SET amount = 1 WHERE id = %s", entry.pk)


def test_entry_cannot_be_deleted(entry):
    assert refused("DELETE FROM commissions_entry WHERE id = %s", entry.pk)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
def test_ledger_cannot_be_truncated(entry):
    assert refused("TRUNCATE commissions_entry CASCADE")


@pytest.mark.parametrize("amount", [0, -1])
def test_entry_moves_more_than_nothing(entry, amount):
    assert insert(entry, amount=amount)


def test_entry_has_two_accounts(entry):
    assert insert(entry, credit_id=entry.debit_id)


def test_entry_in_another_currency_than_its_accounts_is_refused(entry):
    assert insert(entry, currency="USD")


def test_accounts_of_two_currencies_are_refused(entry, program):
    dollars = Account.objects.create(program=program, kind=AccountKind.EXPENSE, currency="USD")
    assert insert(entry, credit_id=dollars.pk)


def test_accounts_of_two_programs_are_refused(entry, merchant):
    elsewhere = ledger.account(make_program(merchant), AccountKind.EXPENSE)
    assert insert(entry, credit_id=elsewhere.pk)


def test_same_source_twice_is_refused(entry):
    assert insert(entry, kind=entry.kind, source=entry.source)


def test_posting_the_same_source_twice_returns_the_first(entry):
    again = ledger.post(EntryKind.ACCRUAL, entry.source, debit=entry.debit, credit=entry.credit, amount=999)

    assert again == entry
    assert Entry.objects.filter(source=entry.source).count() == 1


def test_published_plan_version_cannot_be_changed(program):
    version = program.plans.get().versions.get()
    assert refused("UPDATE commissions_planversion SET number = 7 WHERE id = %s", version.pk)


def test_event_cannot_be_changed_or_deleted(entry):
    event = Event.objects.latest("id")
    assert refused("UPDATE core_event SET kind = 'nothing' WHERE id = %s", event.pk)
    assert refused("DELETE FROM core_event WHERE id = %s", event.pk)


def test_balances_are_sums_of_entries(program: Program, ann: Enrollment, sue: Enrollment):
    make_commission(ann)

    assert ledger.balances(ann)["pending"] == 1000
    assert ledger.program_balances(program) == {
        "expense": -1500,
        "exchange": 0,
        "write_off": 0,
        "pending": 1500,
        "payable": 0,
        "in_transit": 0,
        "paid": 0,
    }


def test_balances_of_many_take_two_queries(program, ann, sue, django_assert_num_queries):
    make_commission(ann)
    many = [ann.pk, sue.pk, make_enrollment(program, "Cid Carter").pk]

    with django_assert_num_queries(2):
        sums = ledger.balances_of(many)

    assert [sums[number]["pending"] for number in many] == [1000, 500, 0]

"""Where an affiliate is paid."""

import pytest
from django.db import connection

from affiliates.actions import set_payee
from affiliates.actions.payees import PayeeRefused
from affiliates.models import Payee
from tests.makers import IBAN, make_payee

pytestmark = pytest.mark.django_db


def test_details_are_sealed_and_shown_masked(bob):
    make_payee(bob)

    payee = Payee.objects.get()
    assert (payee.label, payee.details) == ("DE•• 3000", {"account": IBAN})
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM affiliates_payee")
        assert IBAN not in cursor.fetchone()[0]


def test_a_change_makes_a_new_row(bob):
    make_payee(bob)
    set_payee(bob.affiliate, "paypal", "Bob@Pay.example", holder="Bob", actor=bob.affiliate.user)

    assert list(Payee.objects.order_by("id").values_list("label", "is_current")) == [
        ("DE•• 3000", False),
        ("b•••@pay.example", True),
    ]


def test_same_details_change_nothing(bob):
    make_payee(bob)
    make_payee(bob)

    assert Payee.objects.count() == 1


def test_same_account_of_two_people_has_one_fingerprint(ann, bob):
    make_payee(ann)
    make_payee(bob)

    assert len(set(Payee.objects.values_list("fingerprint", flat=True))) == 1


def test_wrong_iban_is_refused(bob):
    with pytest.raises(PayeeRefused):
        set_payee(bob.affiliate, "bank", "DE00370400440532013000", holder="Bob", actor=bob.affiliate.user)
    assert Payee.objects.count() == 0


def test_manager_may_not_change_details(bob, mia):
    with pytest.raises(PermissionError):
        set_payee(bob.affiliate, "bank", IBAN, holder="Mia", actor=mia)
    assert Payee.objects.count() == 0


def test_long_address_is_shown_in_part(bob):
    address = f"a@{'b' * 60}.{'c' * 60}.example"

    payee = set_payee(bob.affiliate, "paypal", address, holder="Bob", actor=bob.affiliate.user)

    assert (len(payee.label), payee.details) == (60, {"account": address})

"""Where an affiliate is paid."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from affiliates.models import Affiliate, Payee, PayeeMethod
from affiliates.roles import demand
from core import events
from core.crypto import fingerprint
from core.models import User

LABEL = 60  # letters of what may be shown


class PayeeRefused(ValueError):
    """The details cannot be right."""


@transaction.atomic
def set_payee(
    affiliate: Affiliate,
    method: str,
    account: str,
    *,
    holder: str,
    actor: User,
    shop: tuple[int, str] | None = None,
    at: datetime | None = None,
) -> Payee:
    """Set where the affiliate is paid from now on (IBAN or address); the old details stay with old payouts.

    `shop` is asked for with store credit alone: the connection's number, and what affiliates call the shop. Whoever
    pays looks whether it is one of the affiliate's company; raises PayeeRefused.
    """
    affiliate = Affiliate.objects.select_for_update().get(pk=affiliate.pk)
    if affiliate.user_id != actor.pk:
        demand(actor, "see_payees", affiliate.merchant_id)
    account, label = read_account(method, account)
    details: dict[str, str | int] = {"account": account}
    if method == PayeeMethod.STORE_CREDIT:
        if shop is None:
            raise PayeeRefused(_("Choose the shop that gives the credit."))
        details["shop"], label = shop[0], f"{label}, {shop[1]}"[:LABEL]
    mark = _mark(method, account)
    current: Payee | None = Payee.objects.filter(affiliate=affiliate, is_current=True).first()
    if current is not None and current.details == details and current.holder == holder:
        return current
    Payee.objects.filter(affiliate=affiliate, is_current=True).update(is_current=False)
    payee: Payee = Payee.objects.create(
        affiliate=affiliate,
        method=method,
        holder=holder,
        details=details,  # type: ignore[misc]  # a sealed field takes any JSON value
        label=label,
        fingerprint=mark,
        changed_by=actor,
        changed_at=at or timezone.now(),
    )
    events.record(
        "payee.changed", payee, tenant=affiliate.merchant_id, actor=actor, at=at, data={"label": label}
    )
    return payee


def marks_of(account: str) -> list[str]:
    """Return the fingerprints of all payment details that go to this IBAN or address."""
    marks = []
    for method in PayeeMethod.values:
        try:
            marks.append(_mark(method, read_account(method, account)[0]))
        except PayeeRefused:
            continue
    return marks


def _mark(method: str, account: str) -> str:
    return fingerprint(f"{method}:{account}", purpose="payee")


def read_account(method: str, account: str) -> tuple[str, str]:
    """Return the account in its one spelling and as it may be shown; raise PayeeRefused with what is wrong."""
    if method == PayeeMethod.BANK:
        try:
            iban = IBAN(account)
        except SchwiftyException as wrong:
            raise PayeeRefused(
                _("This is not a valid IBAN: check for a missing or mistyped digit.")
            ) from wrong
        return str(iban), f"{iban.country_code}•• {str(iban)[-4:]}"
    address = account.strip().lower()
    name, at, host = address.partition("@")
    is_address = bool(name and at and "." in host)
    if method == PayeeMethod.STORE_CREDIT and not is_address:
        raise PayeeRefused(_("Enter the e-mail address of your customer account at the shop."))
    if method not in (PayeeMethod.PAYPAL, PayeeMethod.STORE_CREDIT) or not is_address:
        raise PayeeRefused(_("Enter the e-mail address of your PayPal account."))
    return address, f"{name[0]}•••@{host}"[:LABEL]

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
    affiliate: Affiliate, method: str, account: str, *, holder: str, actor: User, at: datetime | None = None
) -> Payee:
    """Set where the affiliate is paid from now on (IBAN or PayPal address); the old details stay with old payouts."""
    affiliate = Affiliate.objects.select_for_update().get(pk=affiliate.pk)
    if affiliate.user_id != actor.pk:
        demand(actor, "see_payees", affiliate.merchant_id)
    account, label = read_account(method, account)
    mark = fingerprint(f"{method}:{account}", purpose="payee")
    current: Payee | None = Payee.objects.filter(affiliate=affiliate, is_current=True).first()
    if current is not None and current.fingerprint == mark and current.holder == holder:
        return current
    Payee.objects.filter(affiliate=affiliate, is_current=True).update(is_current=False)
    payee: Payee = Payee.objects.create(
        affiliate=affiliate,
        method=method,
        holder=holder,
        details={"account": account},  # type: ignore[misc]  # a sealed field takes any JSON value
        label=label,
        fingerprint=mark,
        changed_by=actor,
        changed_at=at or timezone.now(),
    )
    events.record(
        "payee.changed", payee, tenant=affiliate.merchant_id, actor=actor, at=at, data={"label": label}
    )
    return payee


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
    if method != PayeeMethod.PAYPAL or not (name and at and "." in host):
        raise PayeeRefused(_("Enter the e-mail address of your PayPal account."))
    return address, f"{name[0]}•••@{host}"[:LABEL]

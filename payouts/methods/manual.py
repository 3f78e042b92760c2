"""A person pays at the bank or at PayPal from the batch's file, and notes the reference here."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from affiliates.models import Payee, PayeeMethod


class Manual:
    """Pays to bank accounts and to PayPal, by hand."""

    name = "manual"
    label: str | Promise = _("by hand")
    is_by_hand = True

    def takes(self, payee: Payee) -> bool:
        """A person can pay to a bank account and to PayPal."""
        return payee.method in (PayeeMethod.BANK, PayeeMethod.PAYPAL)

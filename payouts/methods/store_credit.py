"""A shop puts the amount on the affiliate's customer account; its connection does it and tells how it went.

How a shop is asked stands where systems are spoken to: integrations/actions/credits.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from affiliates.models import Payee, PayeeMethod


class StoreCredit:
    """Pays as credit at the shop that the affiliate chose, by a machine."""

    name = "store_credit"
    label: str | Promise = _("store credit")
    is_by_hand = False

    def takes(self, payee: Payee) -> bool:
        """Only to details that name a shop."""
        return payee.method == PayeeMethod.STORE_CREDIT and payee.shop is not None

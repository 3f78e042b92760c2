"""A person pays at the bank or at PayPal from the batch's file, and notes the reference here."""

from affiliates.models import Payee, PayeeMethod


class Manual:
    """Pays to every kind of payee, by hand."""

    name = "manual"

    def takes(self, payee: Payee) -> bool:
        """A person can pay to a bank account and to PayPal."""
        return payee.method in PayeeMethod.values

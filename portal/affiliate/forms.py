"""What affiliates fill in about themselves: their profile, where they are paid."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext, gettext_lazy as _

from affiliates.actions.payees import PayeeRefused, read_account
from affiliates.countries import names_of_countries
from affiliates.models import PayeeMethod
from integrations.actions import Shop


def _countries() -> list[tuple[str, str]]:
    named = names_of_countries(get_language() or "en")
    return [("", "—"), *sorted(named.items(), key=lambda known: (known[1], known[0]))]


BY_HAND = [(each.value, each.label) for each in (PayeeMethod.BANK, PayeeMethod.PAYPAL)]


def credit_at(connection: int) -> str:
    """Return what the form calls store credit at a shop."""
    return f"{PayeeMethod.STORE_CREDIT}:{connection}"


class ProfileForm(forms.Form):
    """What an affiliate says of itself."""

    name = forms.CharField(
        label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    company = forms.CharField(label=_("Company"), max_length=120, required=False)
    website = forms.URLField(
        label=_("Website or channel"), required=False, max_length=200, assume_scheme="https"
    )
    country = forms.ChoiceField(label=_("Country"), required=False, choices=_countries)
    phone = forms.CharField(
        label=_("Phone"), required=False, max_length=40, widget=forms.TextInput(attrs={"autocomplete": "tel"})
    )


class PayeeForm(forms.Form):
    """A bank account (IBAN), a PayPal address, or the address of a customer account at a shop that gives credit."""

    method = forms.ChoiceField(
        label=_("How you are paid"), choices=BY_HAND, widget=forms.RadioSelect, initial=PayeeMethod.BANK
    )
    holder = forms.CharField(
        label=_("Account holder"), max_length=120, help_text=_("The name that the account is kept under.")
    )
    account = forms.CharField(
        label=_("IBAN or PayPal address"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("It is stored sealed; afterwards only its end is shown."),
    )

    def __init__(self, *args: Any, shops: Sequence[Shop] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.shops = {credit_at(shop.connection): shop for shop in shops}
        if shops:
            self._offer_credit()

    def _offer_credit(self) -> None:
        words = [
            (value, gettext("Store credit at %(shop)s") % {"shop": shop.name})
            for value, shop in self.shops.items()
        ]
        self.fields["method"].choices = [*BY_HAND, *words]  # type: ignore[attr-defined]
        self.fields["account"].label = gettext("IBAN, PayPal address, or your e-mail address at the shop")
        self.fields["account"].help_text = gettext(
            "Store credit goes to the customer account that has this e-mail address. What you enter is stored sealed; "
            "afterwards only a part of it is shown."
        )

    def clean(self) -> dict[str, Any]:
        """Check the IBAN's check digits, or the address; a shop that was chosen becomes `shop`."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if shop := self.shops.get(values.get("method", "")):
            values |= {"method": PayeeMethod.STORE_CREDIT.value, "shop": (shop.connection, shop.name)}
        if "account" in values and "method" in values:
            try:
                read_account(values["method"], values["account"])
            except PayeeRefused as refused:
                self.add_error("account", str(refused))
        return values

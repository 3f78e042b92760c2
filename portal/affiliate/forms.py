"""What affiliates fill in about themselves: their profile, where they are paid."""

from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy as _

from affiliates.actions.payees import PayeeRefused, read_account
from affiliates.countries import names_of_countries
from affiliates.models import PayeeMethod


def _countries() -> list[tuple[str, str]]:
    named = names_of_countries(get_language() or "en")
    return [("", "—"), *sorted(named.items(), key=lambda known: (known[1], known[0]))]


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
    """A bank account (IBAN) or a PayPal address."""

    method = forms.ChoiceField(
        label=_("How you are paid"),
        choices=PayeeMethod.choices,
        widget=forms.RadioSelect,
        initial=PayeeMethod.BANK,
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

    def clean(self) -> dict[str, Any]:
        """Check the IBAN's check digits, or the address."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if "account" in values and "method" in values:
            try:
                read_account(values["method"], values["account"])
            except PayeeRefused as refused:
                self.add_error("account", str(refused))
        return values

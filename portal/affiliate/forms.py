"""What affiliates fill in: a new link, their profile, where they are paid."""

from typing import Any

from babel import Locale
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy as _

from affiliates.actions import DestinationRefused, check_destination
from affiliates.actions.links import SUB_IDS
from affiliates.actions.payees import PayeeRefused, read_account
from affiliates.models import PayeeMethod, Program

NOT_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


class LinkForm(forms.Form):
    """A link to any page that the program allows, with a name and sub ids."""

    destination = forms.URLField(label=_("Page of the shop"), max_length=2000, assume_scheme="https")
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=80,
        help_text=_("Only you see it, for example “Winter video”."),
    )
    sub_ids = forms.CharField(
        label=_("Sub ids"),
        required=False,
        max_length=400,
        help_text=_("Up to five marks of your own, by comma, for example: newsletter, header."),
    )

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.program = program
        self.fields["destination"].widget.attrs["placeholder"] = program.home_url

    def clean_destination(self) -> str:
        """Refuse what lies outside the program's hosts, with the reason."""
        try:
            return check_destination(self.program, self.cleaned_data["destination"])
        except DestinationRefused as refused:
            raise ValidationError(str(refused)) from refused

    def clean_sub_ids(self) -> list[str]:
        """The marks, without empty ones."""
        marks = [mark.strip() for mark in self.cleaned_data["sub_ids"].split(",") if mark.strip()]
        if len(marks) > SUB_IDS:
            raise ValidationError(_("At most five."))
        return marks


def _countries() -> list[tuple[str, str]]:
    names = Locale.parse((get_language() or "en").replace("-", "_")).territories
    known = [(name, code) for code, name in names.items() if len(code) == 2 and code not in NOT_COUNTRIES]
    return [("", "—"), *((code, name) for name, code in sorted(known))]


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

"""The application to a program, with an account (by allauth's sign-up rules) or of somebody signed in."""

from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.utils.translation import gettext_lazy as _


class Application(forms.Form):
    """What a program asks of whoever wants to promote it."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    website = forms.URLField(
        label=_("Website or channel"),
        required=False,
        max_length=200,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "url"}),
    )
    text = forms.CharField(
        label=_("How would you promote us?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("A few words about your readers, viewers or customers help us to answer quickly."),
    )
    accepts_terms = forms.BooleanField(label=_("I have read and accept the terms of this program."))


class ApplicationWithAccount(SignupForm, Application):  # type: ignore[misc]  # allauth ships no types
    """An application that also makes the account; a known address is answered like an unknown one."""

    field_order = ["name", "email", "password1", "password2", "website", "text", "accepts_terms"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["password1"].label = _("Choose a password")
        self.fields["password2"].label = _("The password again")
        for field in self.fields.values():
            if field.widget.attrs.get("placeholder") != "https://":
                field.widget.attrs.pop("placeholder", None)

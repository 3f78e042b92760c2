"""What the first day asks: who founds the installation, who joins it, which store it listens to."""

from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator
from django.http.request import validate_host
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.models import Role
from core.models import User
from core.money import EXPONENTS
from portal.setup.starters import STARTERS
from portal.theme import DEFAULT_COLOR

HOST = RegexValidator(
    r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?$", gettext_lazy("Write the host alone, without https://.")
)


def new_password() -> forms.CharField:
    """A field for a password that is chosen now."""
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(
        label=gettext_lazy("Choose a password"),
        strip=False,
        widget=widget,
        help_text=gettext_lazy("At least 12 characters."),
    )


class AccountForm(forms.Form):
    """A person's name and a password that keeps the rules."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = new_password()

    def __init__(self, *args: Any, address: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean(self) -> dict[str, Any]:
        """The password may not be like the person's own data."""
        values: dict[str, Any] = super().clean() or {}
        if password := values.get("password"):
            person = User(email=values.get("email") or self.address, name=values.get("name", ""))
            try:
                validate_password(password, person)
            except forms.ValidationError as weak:
                self.add_error("password", weak)
        return values


class StartForm(AccountForm):
    """Everything an empty installation needs to begin."""

    field_order = ["name", "email", "password", "company"]

    email = forms.EmailField(
        label=gettext_lazy("Your e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    company = forms.CharField(
        label=gettext_lazy("Company"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    program_name = forms.CharField(
        label=gettext_lazy("Program"), max_length=120, initial=gettext_lazy("Partner program")
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        max_length=3,
        initial="EUR",
        help_text=gettext_lazy("Its code, like EUR or USD."),
    )
    home_url = forms.URLField(
        label=gettext_lazy("Home page of the shop"),
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    allowed_hosts = forms.CharField(
        label=gettext_lazy("Further hosts that links may lead to"),
        required=False,
        help_text=gettext_lazy("By comma, like blog.example.com."),
    )
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), initial="UTC")
    starter = forms.ChoiceField(
        label=gettext_lazy("Affiliates get"),
        choices=[(key, starter.label) for key, starter in STARTERS.items()],
    )
    rate = forms.DecimalField(
        label=gettext_lazy("Share in per cent"),
        min_value=0,
        max_value=40,
        max_digits=6,
        decimal_places=2,
        initial=10,
    )
    brand_name = forms.CharField(
        label=gettext_lazy("Name that affiliates see"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("The company's, if you leave it empty."),
    )
    colour = forms.RegexField(
        r"^#[0-9a-fA-F]{6}\Z",
        label=gettext_lazy("Color"),
        initial=DEFAULT_COLOR,
        widget=forms.TextInput(attrs={"type": "color"}),
    )
    host = forms.CharField(
        label=gettext_lazy("Host of the partner portal"),
        max_length=253,
        validators=[HOST],
        help_text=gettext_lazy("Like partners.example.com."),
    )
    sender_email = forms.EmailField(
        label=gettext_lazy("Sender of e-mails"),
        required=False,
        help_text=gettext_lazy("The installation's own sender, if you leave it empty."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones: Any = self.fields["time_zone"]
        zones.choices = [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]

    def clean_email(self) -> str:
        """Addresses are kept in small letters."""
        return str(self.cleaned_data["email"]).strip().lower()

    def clean_currency(self) -> str:
        """A code of ISO 4217."""
        code = str(self.cleaned_data["currency"]).strip().upper()
        if code not in EXPONENTS:
            raise forms.ValidationError(_("This is not a currency code of ISO 4217, like EUR."))
        return code

    def clean_host(self) -> str:
        """A host that this installation answers for."""
        host = str(self.cleaned_data["host"]).strip().lower()
        if not validate_host(host.partition(":")[0], settings.ALLOWED_HOSTS):
            raise forms.ValidationError(_("Add this host to ALLOWED_HOSTS first: nothing answers there yet."))
        return host

    def clean(self) -> dict[str, Any]:
        """What was left empty follows from the rest."""
        values = super().clean()
        values["brand_name"] = values.get("brand_name") or values.get("company", "")[:80]
        home = urlsplit(values.get("home_url") or "").netloc.lower()
        further = [host.strip().lower() for host in str(values.get("allowed_hosts") or "").split(",")]
        values["allowed_hosts"] = list(dict.fromkeys(host for host in [home, *further] if host))
        return values


class InviteForm(forms.Form):
    """A colleague and what they may do."""

    email = forms.EmailField(label=gettext_lazy("E-mail"))
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.MANAGER)


class StoreForm(forms.Form):
    """A WooCommerce store; without keys its webhooks are made by hand."""

    name = forms.CharField(label=gettext_lazy("Name of the store"), max_length=80)
    source = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=60,
        initial="shop",
        help_text=gettext_lazy("Names this store in orders and in the API."),
    )
    base_url = forms.URLField(
        label=gettext_lazy("Address"),
        required=False,
        assume_scheme="https",
        help_text=gettext_lazy("Needed with keys."),
    )
    consumer_key = forms.CharField(label=gettext_lazy("Consumer key"), required=False, max_length=200)
    consumer_secret = forms.CharField(
        label=gettext_lazy("Consumer secret"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("WooCommerce, Settings, Advanced, REST API: read and write."),
    )

    def clean(self) -> dict[str, Any]:
        """Keys come in pairs and need the address they are for."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("consumer_key") or values.get("consumer_secret"):
            for name in ("base_url", "consumer_key", "consumer_secret"):
                if name not in self.errors and not values.get(name):
                    self.add_error(name, _("Enter the address and both keys, or no key at all."))
        return values

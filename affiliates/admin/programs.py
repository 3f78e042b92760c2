"""Programs and groups."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _, gettext_lazy

from affiliates import actions
from affiliates.cells import money_cell
from affiliates.destinations import DestinationRefused, NoHost, check_destination, plain_place
from affiliates.models import Group, Program
from affiliates.scoped_admin import ScopedAdmin, person
from core.money import Money, MoneyError, exponent

AMOUNTS = ("minimum_payout", "second_approval_above")


class ProgramForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """A program's settings; hosts are written one per line."""

    allowed_hosts = forms.CharField(
        label=gettext_lazy("Allowed hosts"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Where links may lead, one host per line, like shop.example.com."),
    )

    minimum_payout = forms.CharField(
        label=gettext_lazy("Minimum payout"),
        initial="50.00",
        help_text=gettext_lazy("Below it, amounts wait."),
    )
    second_approval_above = forms.CharField(
        label=gettext_lazy("Second approval above"),
        required=False,
        help_text=gettext_lazy("A batch above it needs two people. Empty: one is always enough."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in AMOUNTS:
            amount = getattr(self.instance, name)
            if self.instance.pk and amount is not None:
                self.initial[name] = f"{self.instance.money(amount).decimal:f}"
        if "allowed_hosts" in self.fields:
            self.initial["allowed_hosts"] = "\n".join(self.instance.allowed_hosts or [])

    def clean_allowed_hosts(self) -> list[str]:
        """The lines as a list of hosts; letters of all scripts may stand in them."""
        lines = [line.strip() for line in self.cleaned_data["allowed_hosts"].splitlines() if line.strip()]
        hosts, wrong = [], []
        for line in lines:
            try:
                hosts.append(plain_place(line))
            except NoHost:
                wrong.append(line)
        wrong += [host for host in hosts if "." not in host]
        if wrong:
            raise forms.ValidationError(
                _("Write hosts only, without https:// and paths: %s") % ", ".join(wrong)
            )
        return hosts

    def clean_home_url(self) -> str:
        """An address that links can lead to."""
        home = str(self.cleaned_data["home_url"])
        try:
            return check_destination(Program(home_url=home), home)
        except DestinationRefused as refused:
            raise forms.ValidationError(str(refused)) from refused

    def clean_currency(self) -> str:
        """A code of ISO 4217."""
        code = str(self.cleaned_data["currency"]).upper()
        try:
            exponent(code)
        except MoneyError as unknown:
            raise forms.ValidationError(str(unknown)) from unknown
        return code

    def clean_time_zone(self) -> str:
        """A zone of the tz database."""
        zone = str(self.cleaned_data["time_zone"])
        if zone not in available_timezones():
            raise forms.ValidationError(_("Write it like Europe/Lisbon."))
        return zone

    def clean(self) -> dict[str, Any]:
        """Amounts are written in the program's currency and kept in its minor units."""
        values: dict[str, Any] = super().clean() or {}
        currency = values.get("currency") or self.instance.currency
        for name in AMOUNTS:
            if currency and name in values:
                self.read_amount(values, name, currency)
        return values

    def read_amount(self, values: dict[str, Any], name: str, currency: str) -> None:
        """Turn one amount into minor units, or say what is wrong with it."""
        try:
            values[name] = Money.parse(values[name].strip(), currency).amount if values[name] else None
        except MoneyError as wrong:
            self.add_error(name, str(wrong))


@admin.register(Program)
class ProgramAdmin(ScopedAdmin):
    """One set of terms each."""

    form = ProgramForm
    manage = "manage_programs"
    fixed = ("merchant", "currency")
    list_display = ("name", "merchant", "currency", "minimum", "approval", "is_open")
    list_filter = ("is_open", "currency")
    list_select_related = ("merchant",)
    search_fields = ("name", "slug")
    fieldsets = (
        (
            None,
            {"fields": ("merchant", "name", "slug", "currency", "time_zone", "home_url", "allowed_hosts")},
        ),
        (gettext_lazy("Applications"), {"fields": ("is_open", "approval", "terms", "asks_acceptance")}),
        (
            gettext_lazy("Tracking"),
            {
                "fields": ("asks_consent", "browser_orders", "ip_policy", "duplicate_seconds", "raw_days"),
                "description": gettext_lazy("What is kept of visitors, and what their browsers may report."),
            },
        ),
        (gettext_lazy("Review"), {"fields": ("is_screened",)}),
        (gettext_lazy("What earns"), {"fields": ("includes_shipping", "includes_tax")}),
        (
            gettext_lazy("Payouts"),
            {
                "fields": ("minimum_payout", "second_approval_above", "debt_share"),
                "description": gettext_lazy("Amounts are in the program’s currency, like 50.00."),
            },
        ),
    )
    empty_words = gettext_lazy("A program says who may promote, what it pays in, and when it pays.")

    @admin.display(description=gettext_lazy("minimum payout"), ordering="minimum_payout")
    def minimum(self, row: Program) -> str:
        """The minimum as money."""
        return money_cell(row.money(row.minimum_payout))

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Program:
        """With the default attribution terms."""
        fields = {name: value for name, value in values.items() if name != "merchant"}
        return actions.create_program(values["merchant"], actor=person(request), **fields)

    def change(self, request: HttpRequest, row: Program, values: dict[str, Any]) -> None:
        """And say in the audit trail what changed."""
        actions.change_program(row, actor=person(request), **values)


@admin.register(Group)
class GroupAdmin(ScopedAdmin):
    """Affiliates that share a rate."""

    manage = "manage_affiliates"
    event = "group.changed"
    fixed = ("program",)
    list_display = ("name", "program")
    list_filter = ("program",)
    list_select_related = ("program",)
    search_fields = ("name",)
    fields = ("program", "name")
    empty_words = gettext_lazy("Put affiliates that share a rate into a group, then give the group a plan.")

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Group:
        """Make it."""
        return actions.create_group(values["program"], values["name"], actor=person(request))

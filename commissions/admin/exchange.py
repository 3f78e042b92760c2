"""Exchange rates: what the world publishes, and what a company enters for itself where nobody does."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.asked_twice import ask_twice
from affiliates.cells import when
from affiliates.models import Merchant
from affiliates.scoped_admin import ModelAdmin, ScopedAdmin, merchants_that_let, person
from commissions import actions
from commissions.exchange import is_by_hand, source_in_words, typed_for
from commissions.models import ExchangeRate
from commissions.rate_files import RateFileError, typed

MOMENT = "%Y-%m-%dT%H:%M"
FAR_OFF = 10  # per cent from the last rate known, from which on the confirmation says so


class RatesForm(forms.Form):
    """Rates of one moment, a line each, for one company."""

    merchant = forms.ModelChoiceField(
        label=gettext_lazy("Company"), queryset=Merchant.objects.none(), empty_label=None
    )
    rates = forms.CharField(
        label=gettext_lazy("What one euro buys"),
        widget=forms.Textarea(attrs={"rows": 5, "class": "code", "spellcheck": "false"}),
        max_length=5000,
        help_text=gettext_lazy(
            "A currency and a number on each line, like AED 3.9821. A program that does not pay in euros needs "
            "both currencies, the order’s and its own, entered together."
        ),
    )
    as_of = forms.DateTimeField(
        label=gettext_lazy("As of"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
        help_text=gettext_lazy("Empty: now. A rate holds for orders up to 72 hours after it."),
    )

    def clean_rates(self) -> str:
        """Every line must be a rate; what was typed stays as it is for the second look."""
        text: str = self.cleaned_data["rates"]
        try:
            typed(text)
        except RateFileError as wrong:
            raise forms.ValidationError(str(wrong).split("; ")) from wrong
        return text

    def clean_as_of(self) -> Any:
        """Nobody knows the rates of tomorrow."""
        moment = self.cleaned_data["as_of"]
        if moment and moment > timezone.now():
            raise forms.ValidationError(_("A rate cannot begin in the future."))
        return moment


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ScopedAdmin):
    """What one euro buys; published rates are for all to read, and nobody changes one."""

    manage = "manage_plans"
    can_add = False
    list_display = ("currency", "units", "as_of_time", "said_by")
    list_filter = ("currency",)
    ordering = ("-as_of", "currency")
    fields = ("currency", "units", "as_of_time", "said_by")
    readonly_fields = ("units", "as_of_time", "said_by")
    empty_words = gettext_lazy(
        "Rates come by themselves once an order comes in another currency than its program’s."
    )

    def lets(self, request: HttpRequest, verb: str, row: models.Model | None = None) -> bool:
        """What the world publishes may be read by every member; a rate entered by hand belongs to its company."""
        merchants = merchants_that_let(request, verb)
        if not isinstance(row, ExchangeRate) or not is_by_hand(row.source):
            return bool(merchants)
        return typed_for(row.source) in merchants

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A rate stays as it was said."""
        return False

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        """Published rates, and those of the person's own companies."""
        rows = ModelAdmin.get_queryset(self, request)
        return rows & actions.rates_for(merchants_that_let(request, self.read))

    @admin.display(description=gettext_lazy("one euro buys"))
    def units(self, row: ExchangeRate) -> str:
        """How many units."""
        return f"{row.rate.normalize():f}"

    @admin.display(description=gettext_lazy("as of"), ordering="as_of")
    def as_of_time(self, row: ExchangeRate) -> str:
        """When it was so."""
        return when(row.as_of)

    @admin.display(description=gettext_lazy("source"), ordering="source")
    def said_by(self, row: ExchangeRate) -> str:
        """Who said so."""
        return source_in_words(row.source)

    def get_urls(self) -> list[URLPattern]:
        """Entering rates has an address of its own."""
        view = self.admin_site.admin_view(self.enter_view)
        return [path("enter/", view, name="commissions_exchangerate_enter"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whoever manages plans gets a button for rates that nobody publishes."""
        tools = []
        if self.lets(request, "manage_plans"):
            tools.append((reverse("admin:commissions_exchangerate_enter"), _("Enter rates")))
        lead = _(
            "An order in another currency than its program’s is counted with one of these, once and for good."
        )
        return super().changelist_view(request, {"tools": tools, "lead": lead, **(extra_context or {})})

    def enter_view(self, request: HttpRequest) -> HttpResponse:
        """Rates by hand: typed, read once more, stored."""
        merchants = merchants_that_let(request, "manage_plans")
        if not merchants:
            raise PermissionDenied
        form = RatesForm(request.POST or None)
        companies = Merchant.objects.filter(pk__in=merchants).order_by("name")
        form.fields["merchant"].queryset = companies  # type: ignore[attr-defined]
        return ask_twice(
            request,
            self,
            form,
            title=_("Enter exchange rates"),
            button=_("Store the rates"),
            back=reverse("admin:commissions_exchangerate_changelist"),
            meaning=_in_words,
            act=lambda values: self.entered(request, values),
            lead=_(
                "For currencies that no bank publishes to us. They hold for the programs of your company only."
            ),
        )

    def entered(self, request: HttpRequest, values: dict[str, Any]) -> str:
        """Store them and lead to the list."""
        rows = actions.enter_rates(
            values["merchant"], typed(values["rates"]), actor=person(request), as_of=values["as_of"]
        )
        said = _("Stored: %(rates)s. What waited for them is valued within a minute.")
        self.message_user(request, said % {"rates": ", ".join(map(str, rows))})
        return reverse("admin:commissions_exchangerate_changelist")


def _in_words(values: dict[str, Any]) -> list[str]:
    """What will hold for whom, and where a rate is far from the last one known."""
    moment = values["as_of"] or timezone.now()
    said = {
        "company": values["merchant"],
        "from": date_format(timezone.localtime(moment), "j M Y, H:i"),
    }
    sentences = [_("For the programs of %(company)s, for orders made within 72 hours of %(from)s:") % said]
    for currency, rate in typed(values["rates"]).items():
        sentence = _("one euro buys %(rate)s %(currency)s.") % {"rate": f"{rate:f}", "currency": currency}
        last = actions.rates_for([values["merchant"].pk]).filter(currency=currency, as_of__lte=moment)
        known = last.order_by("-as_of").first()
        if known and abs(rate / known.rate - 1) * 100 >= FAR_OFF:
            sentence += " " + _("Is that right? The last one known is %(known)s.") % {
                "known": f"{known.rate.normalize():f}"
            }
        sentences.append(sentence)
    return sentences

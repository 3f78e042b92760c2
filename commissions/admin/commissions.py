"""What was earned: read-only rows, moved only by verbs with a confirmation."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.asked_twice import ask_twice
from affiliates.cells import chip, link, money_cell, money_text, when
from affiliates.models import Enrollment
from affiliates.scoped_admin import merchants_that_let, person
from affiliates.verb_admin import ReasonForm, Verb, VerbAdmin
from commissions import actions
from commissions.models import Commission
from commissions.states import CommissionKind, CommissionState, Screening
from commissions.words import explain, reason_of
from core.money import Money, MoneyError


class NoteForm(forms.Form):
    """A note that the affiliate will read; it may be left empty."""

    reason = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The affiliate reads it word for word in the letter. It may stay empty."),
    )


def _is_ready(row: Commission) -> bool:
    is_pending = row.state == CommissionState.PENDING and not row.is_held
    return is_pending and row.screening != Screening.WAITING and row.matures_at <= timezone.now()


VERBS = (
    Verb(
        name="approve",
        label=gettext_lazy("Approve"),
        ask=gettext_lazy("The amount becomes payable and goes into the next payout batch."),
        may="hold_commissions",
        run=actions.approve,
        done=gettext_lazy("Approved"),
        applies=_is_ready,
    ),
    Verb(
        name="hold",
        label=gettext_lazy("Put on hold"),
        ask=gettext_lazy(
            "It is neither approved nor paid until somebody releases it. The amount stays where it is."
        ),
        may="hold_commissions",
        run=actions.hold,
        done=gettext_lazy("On hold"),
        applies=lambda row: not row.is_held and row.state != CommissionState.DECLINED,
        form=ReasonForm,
    ),
    Verb(
        name="release",
        label=gettext_lazy("Release"),
        ask=gettext_lazy("The brake comes off. The date from which it may be approved still counts."),
        may="hold_commissions",
        run=actions.release,
        done=gettext_lazy("Released"),
        applies=lambda row: row.is_held,
        form=NoteForm,
    ),
    Verb(
        name="decline",
        label=gettext_lazy("Decline"),
        ask=gettext_lazy("The amount goes back to the program, for good."),
        may="decline_commissions",
        run=actions.decline,
        done=gettext_lazy("Declined"),
        applies=lambda row: row.state == CommissionState.PENDING,
        form=ReasonForm,
        is_danger=True,
    ),
)


class AdjustForm(forms.Form):
    """A bonus or correction by hand."""

    enrollment = forms.ModelChoiceField(label=gettext_lazy("Affiliate"), queryset=Enrollment.objects.none())
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[(kind.value, kind.label) for kind in (CommissionKind.BONUS, CommissionKind.CORRECTION)],
    )
    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        max_length=20,
        help_text=gettext_lazy(
            "In the program’s currency, like 25.00; a correction may be negative, like -12.50."
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The affiliate reads it, so write it for them."),
    )

    def clean(self) -> dict[str, Any]:
        """The amount is read in the currency of the affiliate's program."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("enrollment") and values.get("amount"):
            try:
                currency = values["enrollment"].program.currency
                values["money"] = Money.parse(values["amount"].strip(), currency, negative=True)
            except MoneyError as wrong:
                self.add_error("amount", str(wrong))
        return values


@admin.register(Commission)
class CommissionAdmin(VerbAdmin):
    """Earned amounts with their reasons."""

    verbs = VERBS
    tab_field = "state"
    confirm_display = ("enrollment", "conversion", "net_money", "state_chip")
    list_display = (
        "affiliate",
        "program",
        "order_number",
        "level",
        "net_money",
        "state_chip",
        "ripe",
        "earned",
    )
    list_filter = ("program", "is_held", "kind", "level")
    list_select_related = ("program", "enrollment__affiliate", "enrollment__program", "conversion")
    search_fields = ("enrollment__affiliate__name", "enrollment__affiliate__email", "conversion__external_id")
    ordering = ("-occurred_at", "-pk")
    fields = (
        ("affiliate_page", "program"),
        ("conversion_page", "level"),
        ("first_money", "taken_money", "net_money"),
        ("kind", "plan_version"),
        ("ripe", "approved"),
        "why",
    )
    readonly_fields = (
        *("affiliate_page", "conversion_page", "first_money", "taken_money", "net_money", "ripe", "approved"),
        *("state_chip", "why"),
    )
    empty_words = gettext_lazy("Commissions appear with the first order that an affiliate brought.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """With what was taken back."""
        return super().get_queryset(request).prefetch_related("reversals")

    def money_of(self, row: Commission) -> Money:
        """Its net amount."""
        return row.net

    @admin.display(description=gettext_lazy("affiliate"), ordering="enrollment__affiliate__name")
    def affiliate(self, row: Commission) -> str:
        """Who earned it."""
        return row.enrollment.affiliate.name

    @admin.display(description=gettext_lazy("affiliate"))
    def affiliate_page(self, row: Commission) -> str:
        """A link to the membership."""
        address = reverse("admin:affiliates_enrollment_change", args=[row.enrollment_id])
        return link(address, row.enrollment.affiliate)

    @admin.display(description=gettext_lazy("order"))
    def order_number(self, row: Commission) -> str:
        """The order's number, or what kind of adjustment it is."""
        return row.conversion.external_id if row.conversion else row.get_kind_display()

    @admin.display(description=gettext_lazy("conversion"))
    def conversion_page(self, row: Commission) -> str:
        """A link to the conversion."""
        if row.conversion is None:
            return "–"
        return link(reverse("admin:tracking_conversion_change", args=[row.conversion_id]), row.conversion)

    @admin.display(description=gettext_lazy("first worth"))
    def first_money(self, row: Commission) -> str:
        """What it was first worth."""
        return money_cell(row.money)

    @admin.display(description=gettext_lazy("taken back"))
    def taken_money(self, row: Commission) -> str:
        """What refunds took back."""
        return money_cell(row.money - row.net)

    @admin.display(description=gettext_lazy("worth now"), ordering="amount")
    def net_money(self, row: Commission) -> str:
        """What it is worth now."""
        return money_cell(row.net)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: Commission) -> str:
        """Its state, or that it is on hold."""
        return chip("held", _("on hold")) if row.is_held else chip(row.state, row.get_state_display())

    @admin.display(description=gettext_lazy("may be approved from"), ordering="matures_at")
    def ripe(self, row: Commission) -> str:
        """When it matures."""
        return when(row.matures_at)

    @admin.display(description=gettext_lazy("reason"))
    def why(self, row: Commission) -> str:
        """Why it is on hold or declined, or who gave it by hand and for what."""
        return reason_of(row) or "–"

    @admin.display(description=gettext_lazy("approved at"))
    def approved(self, row: Commission) -> str:
        """When it was approved."""
        return when(row.approved_at)

    @admin.display(description=gettext_lazy("earned at"), ordering="occurred_at")
    def earned(self, row: Commission) -> str:
        """When."""
        return when(row.occurred_at)

    def page_context(self, request: HttpRequest, row: Commission) -> dict[str, Any]:
        """How it was worked out, in words, and what was taken back."""
        sentences = explain(row.trace, row.enrollment_id, row.level) if row.trace else []
        return {
            **super().page_context(request, row),
            "row_title": f"{row.enrollment.affiliate}, {self.order_number(row)}",
            "hero_money": row.net,
            "hero_chip": self.state_chip(row),
            "hero_reason": reason_of(row),
            "sentences": [sentence.text for sentence in sentences],
            "reversals": row.reversals.order_by("number"),
        }

    def get_urls(self) -> list[URLPattern]:
        """The adjustment by hand has an address of its own."""
        view = self.admin_site.admin_view(self.adjust_view)
        return [path("adjust/", view, name="commissions_commission_adjust"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Finance gets a button for adjustments."""
        tools = []
        if self.lets(request, "adjust_commissions"):
            tools.append((reverse("admin:commissions_commission_adjust"), _("Adjust by hand")))
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def adjust_view(self, request: HttpRequest) -> HttpResponse:
        """A bonus or correction, payable at once."""
        merchants = merchants_that_let(request, "adjust_commissions")
        if not merchants:
            raise PermissionDenied
        form = AdjustForm(request.POST or None)
        rows = Enrollment.objects.filter(program__merchant__in=merchants).select_related(
            "affiliate", "program"
        )
        form.fields["enrollment"].queryset = rows.order_by("affiliate__name")  # type: ignore[attr-defined]
        return ask_twice(
            request,
            self,
            form,
            title=_("Adjust by hand"),
            button=_("Post the adjustment"),
            back=reverse("admin:commissions_commission_changelist"),
            meaning=_adjustment_in_words,
            act=lambda values: self.adjusted(request, values),
        )

    def adjusted(self, request: HttpRequest, values: dict[str, Any]) -> str:
        """Post it and lead to it."""
        row = actions.adjust(
            values["enrollment"],
            values["money"].amount,
            reason=values["reason"],
            actor=person(request),
            kind=CommissionKind(values["kind"]),
        )
        self.message_user(request, _("Posted: %(row)s") % {"row": row})
        return reverse("admin:commissions_commission_change", args=[row.pk])


def _adjustment_in_words(values: dict[str, Any]) -> list[str]:
    names = {"name": values["enrollment"].affiliate.name, "amount": money_text(values["money"])}
    if values["money"].amount < 0:
        first = _("%(amount)s: so much less for %(name)s in the next payout.") % names
    else:
        first = _("%(name)s gets %(amount)s, payable at once.") % names
    return [first, _("They read: “%(reason)s”") % {"reason": values["reason"]}]

"""Single payouts: sent, paid or failed, noted by hand with its reference or reason, or by the shop."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from affiliates.cells import chip, link, money_cell, when
from affiliates.verb_admin import ReasonForm, Verb, VerbAdmin
from core.money import Money
from payouts import actions
from payouts.methods import METHODS
from payouts.models import Payout
from payouts.states import PayoutState


class ReferenceForm(forms.Form):
    """Where the transfer can be found again."""

    reference = forms.CharField(
        label=_("Reference of the transfer"),
        max_length=120,
        help_text=_("From your bank, PayPal or the shop; the affiliate sees it on the statement."),
    )


VERBS = (
    Verb(
        name="sent",
        label=_("Mark as sent"),
        ask=_("Say so once you have sent the money. The affiliate gets an e-mail."),
        may="settle_payouts",
        run=actions.mark_sent,
        done=_("Marked as sent"),
        applies=lambda row: row.state == PayoutState.APPROVED and row.is_by_hand,
        form=ReferenceForm,
    ),
    Verb(
        name="paid",
        label=_("Mark as paid"),
        ask=_("The money has arrived. The books move it from “on its way” to “paid”."),
        may="settle_payouts",
        run=lambda row, *, actor, reference="": actions.mark_paid(row, reference=reference, actor=actor),
        done=_("Marked as paid"),
        applies=lambda row: row.may_be_paid,
        form=ReferenceForm,
    ),
    Verb(
        name="failed",
        label=_("It failed"),
        ask=_(
            "The money came back or never left. Everything in it is payable again and waits for the next batch."
        ),
        may="settle_payouts",
        run=actions.mark_failed,
        done=_("Marked as failed"),
        applies=lambda row: row.may_be_failed,
        form=ReasonForm,
        is_danger=True,
    ),
)


@admin.register(Payout)
class PayoutAdmin(VerbAdmin):
    """What each affiliate is paid."""

    verbs = VERBS
    tab_field = "state"
    confirm_display = ("number", "affiliate", "payee", "money")
    list_display = ("number", "affiliate", "program", "money", "state_chip", "reference", "made")
    list_filter = ("program", "method", ("doubt", admin.EmptyFieldListFilter))
    list_select_related = ("program", "enrollment__affiliate", "payee", "batch")
    search_fields = ("enrollment__affiliate__name", "enrollment__affiliate__email", "reference")
    ordering = ("-pk",)
    fields = (
        ("affiliate_page", "batch_page"),
        ("payee", "method_words"),
        ("state_chip", "reference"),
        "failure",
        ("made", "sent", "paid"),
    )
    readonly_fields = (
        "affiliate_page",
        "batch_page",
        "method_words",
        "state_chip",
        "made",
        "sent",
        "paid",
    )
    empty_words = _("Open a batch to collect what is payable.")

    def money_of(self, row: Payout) -> Money:
        """Its amount."""
        return row.money

    @admin.display(description=_("number"), ordering="pk")
    def number(self, row: Payout) -> str:
        """What people call it."""
        return row.number

    @admin.display(description=_("affiliate"), ordering="enrollment__affiliate__name")
    def affiliate(self, row: Payout) -> str:
        """Who is paid."""
        return row.enrollment.affiliate.name

    @admin.display(description=_("affiliate"))
    def affiliate_page(self, row: Payout) -> str:
        """A link to the membership."""
        address = reverse("admin:affiliates_enrollment_change", args=[row.enrollment_id])
        return link(address, row.enrollment.affiliate)

    @admin.display(description=_("batch"))
    def batch_page(self, row: Payout) -> str:
        """A link to the batch."""
        return link(reverse("admin:payouts_batch_change", args=[row.batch_id]), row.batch)

    @admin.display(description=_("method"), ordering="method")
    def method_words(self, row: Payout) -> str:
        """How it is paid."""
        return (
            f"{row.payee.get_method_display()}, {METHODS[row.method].label}"
            if row.is_by_hand
            else str(METHODS[row.method].label)
        )

    @admin.display(description=_("amount"), ordering="amount")
    def money(self, row: Payout) -> str:
        """How much."""
        return money_cell(row.money)

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, row: Payout) -> str:
        """Where it is."""
        return chip(row.state, row.get_state_display())

    @admin.display(description=_("made at"), ordering="created_at")
    def made(self, row: Payout) -> str:
        """When the batch was opened."""
        return when(row.created_at)

    @admin.display(description=_("sent at"))
    def sent(self, row: Payout) -> str:
        """When it left."""
        return when(row.sent_at)

    @admin.display(description=_("paid at"))
    def paid(self, row: Payout) -> str:
        """When it arrived."""
        return when(row.paid_at)

    def page_context(self, request: HttpRequest, row: Payout) -> dict[str, Any]:
        """Exactly the entries it pays."""
        items = row.items.select_related(
            "entry__commission__conversion", "entry__debit", "entry__credit", "payout"
        ).order_by("pk")
        return {
            **super().page_context(request, row),
            "items": items,
            "hero_money": row.money,
            "hero_chip": self.state_chip(row),
        }

"""Payout batches: opened, looked at, approved by somebody else, paid."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.asked_twice import ask_twice
from affiliates.cells import chip, money_cell, money_text, when
from affiliates.models import Program
from affiliates.scoped_admin import merchants_that_let, person
from affiliates.verb_admin import Verb, VerbAdmin
from commissions.ledger import program_balances
from core.money import Money
from payouts import actions
from payouts.batch_file import batch_csv
from payouts.models import Batch
from payouts.review import review
from payouts.states import BatchState


class CancelForm(forms.Form):
    """Why a draft is thrown away; it may be left empty."""

    reason = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=300, widget=forms.Textarea
    )


class LookedForm(forms.Form):
    """A person says that they looked."""

    looked = forms.BooleanField(
        label=gettext_lazy("I have looked at the flagged payouts"),
        error_messages={"required": gettext_lazy("Look at them first, then tick the box.")},
    )


class OpenForm(forms.Form):
    """Which program, up to when."""

    program = forms.ModelChoiceField(label=gettext_lazy("Program"), queryset=Program.objects.none())
    cut_off = forms.DateTimeField(
        label=gettext_lazy("Up to"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("What became payable later waits for the next batch. Empty: up to now."),
    )

    def clean_cut_off(self) -> datetime:
        """Never in the future."""
        cut_off: datetime = self.cleaned_data["cut_off"] or timezone.now()
        if cut_off > timezone.now():
            raise forms.ValidationError(_("The future is not known yet."))
        return cut_off


def _is_open(row: Batch) -> bool:
    return row.state in (BatchState.DRAFT, BatchState.HALF)


VERBS = (
    Verb(
        name="approve",
        label=gettext_lazy("Approve"),
        ask=gettext_lazy(
            "This freezes the batch: the amounts leave the payable accounts and are on their way. "
            "Above the program’s limit a second person must approve as well."
        ),
        may="approve_batch",
        run=lambda row, *, actor, looked=True: actions.approve_batch(row, actor=actor),
        done=gettext_lazy("Your approval stands"),
        applies=_is_open,
        form=LookedForm,
        in_bulk=False,
    ),
    Verb(
        name="cancel",
        label=gettext_lazy("Cancel the batch"),
        ask=gettext_lazy("The draft is thrown away; everything in it is payable as before."),
        may="open_batch",
        run=actions.cancel_batch,
        done=gettext_lazy("Cancelled"),
        applies=_is_open,
        form=CancelForm,
        is_danger=True,
        in_bulk=False,
    ),
)


@admin.register(Batch)
class BatchAdmin(VerbAdmin):
    """Payout runs."""

    verbs = VERBS
    tab_field = "state"
    confirm_display = ("__str__", "payout_count", "sum")
    list_display = ("__str__", "state_chip", "sum", "payout_count", "opened_by", "opened")
    list_filter = ("program",)
    list_select_related = ("program", "opened_by")
    ordering = ("-pk",)
    fields = (("program", "until"), ("opened_by", "opened"), "approved")
    readonly_fields = ("until", "opened", "approved")
    empty_words = gettext_lazy("Open a batch to collect what is payable.")

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the payouts, for the sums."""
        return super().get_queryset(request).prefetch_related("payouts")

    def money_of(self, row: Batch) -> Money:
        """What leaves the payout account."""
        return row.total

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: Batch) -> str:
        """Where it stands."""
        return chip(row.state, row.get_state_display())

    @admin.display(description=gettext_lazy("total"))
    def sum(self, row: Batch) -> str:
        """The sum of its payouts."""
        return money_cell(row.total)

    @admin.display(description=gettext_lazy("payouts"))
    def payout_count(self, row: Batch) -> int:
        """How many are paid."""
        return len(row.payouts.all())

    @admin.display(description=gettext_lazy("up to"))
    def until(self, row: Batch) -> str:
        """The cut-off."""
        return when(row.cut_off)

    @admin.display(description=gettext_lazy("opened at"), ordering="opened_at")
    def opened(self, row: Batch) -> str:
        """When."""
        return when(row.opened_at)

    @admin.display(description=gettext_lazy("approved at"))
    def approved(self, row: Batch) -> str:
        """When it was frozen."""
        return when(row.approved_at)

    def possible(self, request: HttpRequest, row: Batch) -> list[Verb]:
        """Whoever may not approve this very batch gets no button for it."""
        verbs = super().possible(request, row)
        refused = _is_open(row) and actions.who_may_not_approve(row, person(request))
        return [verb for verb in verbs if not (refused and verb.name == "approve")]

    def page_context(self, request: HttpRequest, row: Batch) -> dict[str, Any]:
        """Everything that a person needs to decide."""
        limit = row.program.second_approval_above
        refused = actions.who_may_not_approve(row, person(request)) if _is_open(row) else ""
        approves = self.lets(request, "approve_batch", row)
        return {
            **super().page_context(request, row),
            "review": review(row),
            "hero_money": row.total,
            "hero_chip": self.state_chip(row),
            "approvals": row.approvals.select_related("user").order_by("at"),
            "needs_two": limit is not None and row.total.amount > limit,
            "limit": row.program.money(limit) if limit is not None else None,
            "refused": refused if approves else "",
            "waits_for_finance": _is_open(row) and not approves,
            "shows_file": self.lets(request, "see_payees", row) and row.state == BatchState.APPROVED,
        }

    def get_urls(self) -> list[URLPattern]:
        """Opening and the file have addresses of their own."""
        wrap = self.admin_site.admin_view
        return [
            path("open/", wrap(self.open_view), name="payouts_batch_open"),
            path("<int:batch_id>/file.csv", wrap(self.file_view), name="payouts_batch_file"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A button opens a batch."""
        tools = []
        if self.lets(request, "open_batch"):
            tools.append((reverse("admin:payouts_batch_open"), _("Open a batch")))
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def open_view(self, request: HttpRequest) -> HttpResponse:
        """Choose a program and a cut-off, then see what is payable, then open."""
        merchants = merchants_that_let(request, "open_batch")
        if not merchants:
            raise PermissionDenied
        programs = Program.objects.filter(merchant__in=merchants)
        form = OpenForm(
            request.POST or None, initial={"program": programs[0]} if len(programs) == 1 else None
        )
        form.fields["program"].queryset = programs  # type: ignore[attr-defined]
        return ask_twice(
            request,
            self,
            form,
            title=_("Open a batch"),
            button=_("Open the batch"),
            back=reverse("admin:payouts_batch_changelist"),
            meaning=_opening_in_words,
            act=lambda values: self.open(request, values),
            lead=_(
                "It collects everything payable into a draft. Nothing is paid before somebody else approves it."
            ),
        )

    def open(self, request: HttpRequest, values: dict[str, Any]) -> str:
        """Open it and lead to it."""
        batch = actions.open_batch(values["program"], cut_off=values["cut_off"], actor=person(request))
        self.message_user(request, _("Opened. Another person approves it."))
        return reverse("admin:payouts_batch_change", args=[batch.pk])

    def file_view(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        """The approved batch as CSV, with the accounts to pay to; for those who pay."""
        batch = self.get_object(request, str(batch_id))
        if batch is None:
            return self.absent(request, str(batch_id))
        if not self.lets(request, "see_payees", batch) or batch.state != BatchState.APPROVED:
            raise PermissionDenied
        answer = HttpResponse(batch_csv(batch), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="batch-{batch.pk}.csv"'
        return answer


def _opening_in_words(values: dict[str, Any]) -> list[str]:
    program, cut_off = values["program"], timezone.localtime(values["cut_off"])
    payable = Money(program_balances(program)["payable"], program.currency)
    return [
        _("Program: %(program)s") % {"program": program},
        _("Everything that became payable up to %(time)s") % {"time": date_format(cut_off, "j M Y, H:i")},
        _("Payable in the program now: %(sum)s; whoever is below %(minimum)s waits.")
        % {"sum": money_text(payable), "minimum": money_text(program.money(program.minimum_payout))},
    ]

"""Move customers: which of them keep an older version, what another would have paid, and from when it shall hold."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from affiliates.cells import money_text
from affiliates.scoped_admin import ScopedAdmin, person
from commissions import actions
from commissions.admin.plan_editor.clock import begins_in_words, read_moment
from commissions.admin.plan_editor.publishing import in_force
from commissions.admin.plan_editor.views import address
from commissions.models import Plan, PlanVersion
from commissions.standing.pinned import Pinned, Rehearsal, pinned_by_version, rehearse_transfer
from commissions.states import IllegalMove


class TransferForm(forms.Form):
    """From which version to which, and from when."""

    from_version = forms.ModelChoiceField(
        label=gettext_lazy("Customers of"), queryset=PlanVersion.objects.none()
    )
    to_version = forms.ModelChoiceField(
        label=gettext_lazy("Shall earn by"), queryset=PlanVersion.objects.none()
    )
    effective_at = forms.CharField(
        label=gettext_lazy("From"),
        required=False,
        max_length=40,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        rows = plan.versions.order_by("-number")
        for name in ("from_version", "to_version"):
            field: Any = self.fields[name]
            field.queryset, field.label_from_instance = rows, _label

    def clean(self) -> dict[str, Any]:
        """The moment becomes `at`: None for at once."""
        values: dict[str, Any] = super().clean() or {}
        values["at"] = None
        text = str(values.get("effective_at") or "").strip()
        if text:
            try:
                values["at"] = read_moment(self.plan.program, text)
            except forms.ValidationError as wrong:
                self.add_error("effective_at", wrong)
        to_version = values.get("to_version")
        if values["at"] is None and to_version and to_version.effective_at > timezone.now():
            values["at"] = to_version.effective_at
        same = values.get("from_version") and values.get("from_version") == values.get("to_version")
        if same:
            self.add_error("to_version", _("Choose two different versions."))
        return values


def _label(version: PlanVersion) -> str:
    local = version.plan.program.local(version.effective_at)
    return _("Version %(number)s, from %(day)s") % {
        "number": version.number,
        "day": local.strftime("%Y-%m-%d"),
    }


def transfers_page(page: ScopedAdmin, request: HttpRequest, plan: Plan) -> HttpResponse:
    """Choose, read what it would mean, then move."""
    pinned = pinned_by_version(plan)
    form = TransferForm(request.POST or None, plan=plan, initial=_initial(plan, pinned))
    is_asked = form.is_bound and form.is_valid()
    if is_asked and "confirm" in request.POST:
        return _transfer(request, plan, form.cleaned_data)
    newest = plan.versions.order_by("-number").select_related("plan__program")
    context = {
        **page.admin_site.each_context(request),
        "title": _("Move customers"),
        "plan": plan,
        "form": form,
        "versions": [(version, pinned.get(version.pk, [])) for version in newest],
        "transfers": [
            (row, begins_in_words(plan, row.effective_at))
            for row in plan.transfers.select_related("from_version", "to_version", "made_by").order_by("-pk")
        ],
        "is_asked": is_asked,
        **(_preview(plan, form.cleaned_data, pinned) if is_asked else {}),
    }
    return TemplateResponse(request, "admin/commissions/plan/transfers.html", context)


def _initial(plan: Plan, pinned: dict[int, list[Pinned]]) -> dict[str, Any]:
    """The version in force, and the older one that most customers keep."""
    newest = in_force(plan, timezone.now())
    older = {key: len(rows) for key, rows in pinned.items() if newest is None or key != newest.pk}
    most = max(older, key=lambda key: older[key]) if older else None
    return {"to_version": newest.pk if newest else None, "from_version": most}


def _preview(plan: Plan, values: dict[str, Any], pinned: dict[int, list[Pinned]]) -> dict[str, Any]:
    moved = pinned.get(values["from_version"].pk, [])
    rehearsal = rehearse_transfer(moved, values["to_version"])
    return {
        "moved": moved,
        "rehearsal": rehearsal,
        "difference": rehearsal.new - rehearsal.old,
        "sentences": _sentences(plan, values, moved, rehearsal),
    }


def _sentences(plan: Plan, values: dict[str, Any], moved: list[Pinned], rehearsal: Rehearsal) -> list[str]:
    customers = len({one.customer for one in moved if one.customer is not None})
    many = ngettext("%(count)s subscription", "%(count)s subscriptions", len(moved)) % {"count": len(moved)}
    buyers = ngettext("%(count)s customer", "%(count)s customers", customers) % {"count": customers}
    told = {
        "many": many,
        "buyers": buyers,
        "number": values["to_version"].number,
        "begins": begins_in_words(plan, values["at"]),
    }
    first = _("%(many)s of %(buyers)s earn by version %(number)s %(begins)s.") % told
    if not rehearsal.payments:
        return [first, _("None of them paid in the last 90 days, so there is nothing to compare.")]
    paid = ngettext("%(count)s payment", "%(count)s payments", rehearsal.payments) % {
        "count": rehearsal.payments
    }
    sums = {"paid": paid, "old": money_text(rehearsal.old), "new": money_text(rehearsal.new)}
    found = [
        first,
        _("Their %(paid)s of the last 90 days earned %(old)s; this version would have paid %(new)s.") % sums,
    ]
    if rehearsal.is_cut:
        found.append(_("Only the newest payments were looked at."))
    return [*found, _("What they earned until then stays as it is.")]


def _transfer(request: HttpRequest, plan: Plan, values: dict[str, Any]) -> HttpResponse:
    try:
        actions.transfer_customers(
            plan, values["from_version"], values["to_version"], values["at"], actor=person(request)
        )
        messages.success(request, _("The customers are moved."))
    except IllegalMove as refusal:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(address("commissions_plan_transfers", plan))

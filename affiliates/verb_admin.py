"""Buttons that do something: every verb has its own page that says what will happen, and happens on POST only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import label_for_field, lookup_field, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import money_text
from affiliates.scoped_admin import ScopedAdmin, person, refused_in_words
from core.money import Money


class ReasonForm(forms.Form):
    """A reason that the affiliate will read."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The affiliate reads it, so write it for them."),
    )


def always(row: Any) -> bool:
    """Every row qualifies."""
    return True


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing a person may do to a row: `run(row, actor=..., **what the form asked)`."""

    name: str
    label: Any
    ask: Any
    may: str
    run: Callable[..., Any]
    done: Any
    applies: Callable[[Any], bool] = always
    form: type[forms.Form] = forms.Form
    is_danger: bool = False
    in_bulk: bool = True


class VerbAdmin(ScopedAdmin):
    """Pages of rows that have verbs; `confirm_display` names the columns of the confirmation."""

    verbs: ClassVar[tuple[Verb, ...]] = ()
    confirm_display: ClassVar[tuple[str, ...]] = ("__str__",)

    def money_of(self, row: Any) -> Money | None:
        """What a row adds to the total of a confirmation."""
        return None

    def possible(self, request: HttpRequest, row: Any) -> list[Verb]:
        """The verbs that this person may do to this row now."""
        return [verb for verb in self.verbs if verb.applies(row) and self.lets(request, verb.may, row)]

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """The buttons of the page about one row."""
        verbs = self.possible(request, row)
        return {
            **super().page_context(request, row),
            "verbs": verbs,
            "verb_route": f"admin:{self.verb_route}",
        }

    @property
    def verb_route(self) -> str:
        """The name of the address of this model's verbs."""
        return f"{self.opts.app_label}_{self.opts.model_name}_verb"

    def get_urls(self) -> list[URLPattern]:
        """One address per verb."""
        view = self.admin_site.admin_view(self.verb_view)
        return [path("<path:object_id>/do/<slug:verb>/", view, name=self.verb_route), *super().get_urls()]

    def verb_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Ask, then do; a row of another merchant answers like one that does not exist."""
        row = self.get_object(request, unquote(object_id))
        chosen = next((known for known in self.verbs if known.name == verb), None)
        if row is None or chosen is None:
            return self.absent(request, object_id)
        if not self.lets(request, chosen.may, row):
            raise PermissionDenied
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        form = self.form_of(chosen, row)(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            self.perform(request, chosen, [row], form.cleaned_data)
            return HttpResponseRedirect(back)
        return self.confirmation(request, chosen, [row], form, back=back)

    def form_of(self, verb: Verb, row: Any) -> type[forms.Form]:
        """What the verb asks for this row."""
        return verb.form

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The verbs for many rows at once, as far as the person's role goes."""
        allowed = [verb for verb in self.verbs if verb.in_bulk and self.lets(request, verb.may)]
        return {verb.name: (partial(_in_bulk, verb=verb), verb.name, verb.label) for verb in allowed}

    def bulk(self, request: HttpRequest, verb: Verb, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """Confirm and do a verb to the chosen rows; those it does not apply to stay as they are."""
        chosen = list(queryset)
        rows = [row for row in chosen if verb.applies(row) and self.lets(request, verb.may, row)]
        if not rows:
            self.message_user(
                request, _("None of the selected rows can be treated this way."), messages.WARNING
            )
            return None
        form = verb.form(request.POST if "confirm" in request.POST else None)
        if form.is_bound and form.is_valid():
            self.perform(request, verb, rows, form.cleaned_data)
            return None
        return self.confirmation(request, verb, rows, form, skipped=len(chosen) - len(rows))

    def perform(self, request: HttpRequest, verb: Verb, rows: Sequence[Any], values: dict[str, Any]) -> None:
        """Do the verb to each row; what is refused is said in the refusal's own words."""
        done = 0
        for row in rows:
            try:
                verb.run(row, actor=person(request), **values)
                done += 1
            except (ValueError, PermissionError, ValidationError) as refusal:
                self.message_user(request, f"{row}: {refused_in_words(refusal)}", messages.ERROR)
        if done:
            self.message_user(
                request, f"{verb.done}: {rows[0] if len(rows) == 1 else done}", messages.SUCCESS
            )

    def confirmation(
        self,
        request: HttpRequest,
        verb: Verb,
        rows: list[Any],
        form: forms.Form,
        back: str = ".",
        skipped: int = 0,
    ) -> TemplateResponse:
        """The page that says what will happen to which rows."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": verb.label,
            "verb": verb,
            "form": form,
            "rows": [(row.pk, self.cells(row)) for row in rows],
            "heads": [label_for_field(name, self.model, self) for name in self.confirm_display],
            "totals": self.totals(rows),
            "skipped": skipped,
            "back": back,
            "is_bulk": back == ".",
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/confirm.html", context)

    def cells(self, row: Any) -> list[Any]:
        """What a confirmation shows of a row."""
        values = []
        for name in self.confirm_display:
            field, _attribute, value = lookup_field(name, row, self)
            shown = getattr(row, f"get_{name}_display", None) if field is not None else None
            values.append(shown() if shown else value)
        return values

    def totals(self, rows: Sequence[Any]) -> list[str]:
        """The sums of the rows, one per currency."""
        sums: dict[str, Money] = {}
        for value in filter(None, (self.money_of(row) for row in rows)):
            sums[value.currency] = sums.get(value.currency, Money.zero(value.currency)) + value
        return [money_text(total) for total in sums.values()]


def _in_bulk(
    page: VerbAdmin, request: HttpRequest, queryset: models.QuerySet[Any], *, verb: Verb
) -> HttpResponse | None:
    return page.bulk(request, verb, queryset)

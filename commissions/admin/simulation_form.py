"""The question of a simulation as a form: which rules, over which period."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _, gettext_lazy

from commissions.models import Draft, Plan
from commissions.plan import PlanError, parse_plan
from commissions.rehearsal.strides import LAST, last

DRAFT = "draft"
OWN = "own"
MOST_ERRORS = 5
DAY = timedelta(days=1)


class DayInput(forms.DateInput):
    """A day, chosen in the browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class SimulationForm(forms.Form):
    """What of a plan is tried (its draft, or a version), and on which period of the program's clock.

    Once it is valid, `body` are the rules and `between` the two instants.
    """

    what = forms.ChoiceField(label=gettext_lazy("Rules"), widget=forms.RadioSelect)
    period = forms.ChoiceField(label=gettext_lazy("Period"), widget=forms.RadioSelect)
    first = forms.DateField(label=gettext_lazy("From"), required=False, widget=DayInput)
    until = forms.DateField(label=gettext_lazy("To"), required=False, widget=DayInput)

    def __init__(self, plan: Plan, *args: Any, at: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan, self.at = plan, at or timezone.now()
        self.today = plan.program.local(self.at).date()
        self.body: dict[str, Any] = {}
        self.between = self.at, self.at
        self.choices = _bodies(plan, self.at)
        for name, choices in (("what", self._whats()), ("period", self._periods())):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - both are, see above
            field.choices = choices
            if choices:
                field.initial = choices[0][0]

    def _whats(self) -> list[tuple[str, Any]]:
        return [(key, title) for key, (title, _body) in self.choices.items()]

    def _periods(self) -> list[tuple[str, Any]]:
        titles = {
            "month": _("Last month"),
            "quarter": _("Last quarter"),
            "year": _("Last 12 months"),
        }
        named = [(name, _with_detail(titles[name], _days(*last(name, self.today)))) for name in LAST]
        return [*named, (OWN, _("Own dates"))]

    def clean(self) -> dict[str, Any]:
        """The rules must be a plan, and the period must be over."""
        values: dict[str, Any] = super().clean() or {}
        if "what" in values:
            self.body = self.choices[values["what"]][1]
            try:
                parse_plan(self.body, self.plan.program.currency)
            except PlanError as wrong:
                self.add_error("what", [_("These rules are not finished:"), *_lines(wrong)])
        if values.get("period") == OWN:
            self._own_dates(values)
        elif "period" in values:
            self._take(*last(values["period"], self.today))
        return values

    def _own_dates(self, values: dict[str, Any]) -> None:
        first, until = values.get("first"), values.get("until")
        if first is None or until is None:
            if "first" not in self.errors and "until" not in self.errors:
                self.add_error("until" if first else "first", _("Say from which day to which."))
        elif until < first:
            self.add_error("until", _("The last day is before the first."))
        elif until > self.today:
            self.add_error("until", _("The future is not known yet."))
        else:
            self._take(first, until + DAY)

    def _take(self, first: date, after: date) -> None:
        program = self.plan.program
        self.between = program.span_of(first)[0], min(program.span_of(after)[0], self.at)


def _bodies(plan: Plan, at: datetime) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Key -> title and rules: the draft first, then the versions, the newest before the others."""
    found: dict[str, tuple[Any, dict[str, Any]]] = {}
    draft = Draft.objects.filter(plan=plan).select_related("updated_by").first()
    if draft is not None:
        who = draft.updated_by or _("nobody in particular")
        changed = _("changed %(day)s by %(who)s") % {"day": _day(draft.updated_at.date()), "who": who}
        found[DRAFT] = _with_detail(_("The draft"), changed), draft.body
    for version in plan.versions.order_by("-number"):
        begins = plan.program.local(version.effective_at).date()
        since = _("planned from %(day)s") if version.effective_at > at else _("in force from %(day)s")
        title = _("Version %(number)s") % {"number": version.number}
        found[str(version.number)] = _with_detail(title, since % {"day": _day(begins)}), version.body
    return found


def _with_detail(title: str, detail: str) -> Any:
    return format_html("{} <small>{}</small>", title, detail)


def _days(first: date, after: date) -> str:
    return f"{_day(first)} – {_day(after - DAY)}"


def _day(day: date) -> str:
    return date_format(day, "j M Y")


def _lines(wrong: PlanError) -> list[str]:
    shown = [f"{place}: {what}" for place, what in wrong.errors[:MOST_ERRORS]]
    more = len(wrong.errors) - len(shown)
    return [*shown, _("and %(count)s more") % {"count": more}] if more else shown

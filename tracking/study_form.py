"""The question of a model comparison as a form: which program, over which period of its clock."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.models import Program

OWN = "own"
DAY = timedelta(days=1)
PERIODS = {"90": 90, "30": 30, "365": 365}  # whole days before today


class DayInput(forms.DateInput):
    """A day, chosen in the browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class StudyForm(forms.Form):
    """Which program of those offered, and which period; once it is valid, `between` are the two instants."""

    program = forms.ModelChoiceField(Program.objects.none(), label=gettext_lazy("Program"))
    period = forms.ChoiceField(
        label=gettext_lazy("Period"),
        widget=forms.RadioSelect,
        initial="90",
        choices=[
            ("90", gettext_lazy("Last 90 days")),
            ("30", gettext_lazy("Last 30 days")),
            ("365", gettext_lazy("Last 365 days")),
            (OWN, gettext_lazy("Own dates")),
        ],
    )
    first = forms.DateField(label=gettext_lazy("From"), required=False, widget=DayInput)
    until = forms.DateField(label=gettext_lazy("To"), required=False, widget=DayInput)

    def __init__(
        self, programs: QuerySet[Any], *args: Any, at: datetime | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.at = at or timezone.now()
        self.between = self.at, self.at
        field = self.fields["program"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - it is, see above
        field.queryset = programs
        only = list(programs[:2])
        if len(only) == 1:
            field.initial = only[0].pk

    def clean(self) -> dict[str, Any]:
        """The period must be over; today counts up to now."""
        values: dict[str, Any] = super().clean() or {}
        program = values.get("program")
        if program is None or "period" not in values:
            return values
        today = program.local(self.at).date()
        if values["period"] == OWN:
            self._own_dates(program, values, today)
        else:
            self._take(program, today - PERIODS[values["period"]] * DAY, today)
        return values

    def _own_dates(self, program: Program, values: dict[str, Any], today: date) -> None:
        first, until = values.get("first"), values.get("until")
        if first is None or until is None:
            if "first" not in self.errors and "until" not in self.errors:
                self.add_error("until" if first else "first", _("Say from which day to which."))
        elif until < first:
            self.add_error("until", _("The last day is before the first."))
        elif until > today:
            self.add_error("until", _("The future is not known yet."))
        else:
            self._take(program, first, until + DAY)

    def _take(self, program: Program, first: date, after: date) -> None:
        self.between = program.span_of(first)[0], min(program.span_of(after)[0], self.at)

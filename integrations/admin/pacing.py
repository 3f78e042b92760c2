"""How fast a system is told: the form for its budget and its flow, and the button that sends a batch now."""

from copy import deepcopy

from django import forms
from django.utils.translation import gettext_lazy as _

from affiliates.verb_admin import Verb
from integrations import actions
from integrations.budgets import limit_of
from integrations.flows import BATCH, REAL_TIME, NoSchedule, is_batch, read_schedule
from integrations.gate import is_told
from integrations.models import Connection
from integrations.states import ConnectionState

FLOWS = ((REAL_TIME, _("At once, as it happens")), (BATCH, _("In batches, by a schedule")))


class PaceForm(forms.Form):
    """A budget of calls, and when messages go out."""

    budget = forms.IntegerField(
        label=_("Calls a day"),
        min_value=0,
        max_value=100_000_000,
        help_text=_(
            "0 for any number. You are told at 80 %; what is left over goes out after midnight, UTC."
        ),
    )
    flow = forms.ChoiceField(label=_("Messages go out"), choices=FLOWS)
    schedule = forms.CharField(
        label=_("Schedule of batches"),
        required=False,
        max_length=10,
        help_text=_("“hourly”, or a time of the day in the program’s time zone, as 06:30."),
    )

    def clean_schedule(self) -> str:
        """A schedule that can be meant."""
        try:
            return read_schedule(self.cleaned_data["schedule"])
        except NoSchedule as unclear:
            raise forms.ValidationError(str(unclear)) from unclear


def pace_form(row: Connection) -> type[forms.Form]:
    """The form, filled with what holds now."""
    present = {
        "budget": limit_of(row.options),
        "flow": BATCH if is_batch(row.options) else REAL_TIME,
        "schedule": row.options.get("schedule") or "hourly",
    }
    fields = deepcopy(PaceForm.base_fields)
    for name, field in fields.items():
        field.initial = present[name]
    return type("PaceForm", (PaceForm,), dict(fields))


def _can_be_paced(row: Connection) -> bool:
    return is_told(row) and row.state != ConnectionState.DISCONNECTED


VERBS = (
    Verb(
        name="pace",
        label=_("Budget and schedule"),
        ask=_("What waits and was not tried yet follows the new schedule."),
        may="manage_integrations",
        run=actions.pace,
        done=_("Budget and schedule set"),
        applies=_can_be_paced,
        form=PaceForm,
        in_bulk=False,
    ),
    Verb(
        name="send_now",
        label=_("Send now"),
        ask=_("What waits for the next slot goes out at once; later messages keep to the schedule."),
        may="manage_integrations",
        run=actions.send_now,
        done=_("On its way"),
        applies=lambda row: row.state == ConnectionState.ACTIVE and is_batch(row.options),
        in_bulk=False,
    ),
)

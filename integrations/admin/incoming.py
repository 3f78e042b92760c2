"""What a connection's page lets a person do with the messages that were received."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from affiliates.verb_admin import Verb
from integrations import actions
from integrations.admin.outgoing import DaysForm
from integrations.connectors import CONNECTORS
from integrations.models import Connection
from integrations.states import ConnectionState


class ReceivedForm(DaysForm):
    """Which messages are processed again."""

    stuck = forms.BooleanField(
        label=gettext_lazy("Only those that wait or could not be processed"), required=False, initial=True
    )


def reprocess(row: Connection, *, actor: Any, first: date, last: date, stuck: bool) -> Connection:
    """Have what was received on some days, in the program's time zone, processed again."""
    since, until = row.program.span_of(first)[0], row.program.span_of(last)[1]
    return actions.reprocess(row, since=since, until=until, is_stuck=stuck, actor=actor)


VERBS = (
    Verb(
        name="reprocess",
        label=gettext_lazy("Process a period again"),
        ask=gettext_lazy(
            "Messages received on these days are understood again from their first byte, one after another in the "
            "background. What they said before is not booked twice. To see first what would happen, choose some in the "
            "list of received messages: “Process again” shows it before it asks."
        ),
        may="manage_integrations",
        run=reprocess,
        done=gettext_lazy("Being processed again"),
        applies=lambda row: bool(CONNECTORS[row.connector].ROUTE) and row.state == ConnectionState.ACTIVE,
        form=ReceivedForm,
        in_bulk=False,
    ),
)

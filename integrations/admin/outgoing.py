"""What a connection's page says of the way out: the queue, the breaker, the last messages; and the verbs for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from affiliates.verb_admin import Verb
from integrations import actions, gate
from integrations.about import names_of
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Key
from integrations.connectors.records import KeepsRecords, is_shop
from integrations.message_words import SENT, kind_words, title_of
from integrations.models import Connection, Lane
from integrations.states import ConnectionState, DeliveryState

LATEST = 10
FEW = 4  # buttons that stand in a bar without a menu
IN_BAR = frozenset({"test", "webhooks", "fields", "send_now", "resume", "pause"})
KINDS = (*SENT, "record.contact", "record.deal", "record.customer", "record.order", "record.profile")
LONGEST = 10_000  # letters of a key or a query


def delivers(row: Connection) -> bool:
    """Whether the system is told our news."""
    return gate.is_told(row)


def options_asked(connector: str) -> tuple[Key, ...]:
    """What the connector asks for besides keys: settings in words."""
    found: tuple[Key, ...] = getattr(CONNECTORS[connector], "OPTIONS", ())
    return found


def options_read(connector: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as the connector keeps them; raises ValueError with a sentence."""
    asked = {key.name: values.get(key.name) or "" for key in options_asked(connector)}
    found: dict[str, Any] = CONNECTORS[connector].read_options(asked) if asked else {}  # type: ignore[attr-defined]
    return found


def options_form(row: Connection) -> type[forms.Form]:
    """The form for other settings, filled with the present ones."""
    written = CONNECTORS[row.connector].written(row.options)  # type: ignore[attr-defined]
    fields: dict[str, forms.Field] = {
        key.name: field_of(replace(key, is_required=False, is_secret=False), written.get(key.name, ""))
        for key in options_asked(row.connector)
    }
    return type("OptionsForm", (forms.Form,), fields)


def field_of(key: Key, initial: str = "") -> forms.Field:
    """The field of one thing that a connector asks for; a secret is never shown."""
    said = {"label": key.label, "help_text": key.help, "required": key.is_required, "initial": initial}
    if key.choices:
        return forms.ChoiceField(choices=key.choices, **said)
    if key.is_long:
        attributes: dict[str, Any] = {
            "rows": 6,
            "class": "vLargeTextField",
            "spellcheck": "false",
            "autocomplete": "off",
        }
        return forms.CharField(max_length=LONGEST, widget=forms.Textarea(attrs=attributes), **said)
    kind = forms.PasswordInput if key.is_secret else forms.TextInput
    attributes = {"class": "vTextField"} | ({"autocomplete": "off"} if key.is_secret else {})
    return forms.CharField(max_length=2000, widget=kind(attrs=attributes), **said)


class DaysForm(forms.Form):
    """Some days, both ends included."""

    first = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date", "class": "vDateField"})
    )
    last = forms.DateField(
        label=gettext_lazy("Up to and with"),
        widget=forms.DateInput(attrs={"type": "date", "class": "vDateField"}),
    )

    def clean(self) -> dict[str, Any]:
        """The period must have a day."""
        values = super().clean() or {}
        if values.get("first") and values.get("last") and values["first"] > values["last"]:
            raise forms.ValidationError(_("The period ends before it begins."))
        return values


class PeriodForm(DaysForm):
    """Which messages are sent again."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Only these messages"),
        required=False,
        choices=lambda: [("", _("All of them")), *((kind, kind_words(kind)) for kind in KINDS)],
    )
    delivered = forms.BooleanField(
        label=gettext_lazy("Those that were delivered and skipped, too"), required=False
    )


def replay_period(row: Connection, *, actor: Any, first: Any, last: Any, kind: str, delivered: bool) -> int:
    """Put the messages of some days, in the program's time zone, back in line."""
    since, until = row.program.span_of(first)[0], row.program.span_of(last)[1]
    ended = (DeliveryState.DEAD, DeliveryState.DONE, DeliveryState.SKIPPED)
    states = ended if delivered else (DeliveryState.DEAD,)
    return actions.replay_period(row, since=since, until=until, states=states, kind=kind, actor=actor)


def change_options(row: Connection, *, actor: Any, **values: Any) -> Connection:
    """Set the connector's own settings anew."""
    return actions.change_options(row, options=options_read(row.connector, values), actor=actor)


def has_fields_alone(row: Connection) -> bool:
    """Whether fields are made there and no webhooks: a system of people's records that never knocks."""
    kind = CONNECTORS[row.connector]
    is_people = isinstance(kind, KeepsRecords) and not is_shop(kind)
    return is_people and not kind.ROUTE and row.state != ConnectionState.DISCONNECTED


VERBS = (
    Verb(
        name="fields",
        label=gettext_lazy("Make or repair fields"),
        ask=gettext_lazy("We make our fields in your system, or repair them, with your keys."),
        may="manage_integrations",
        run=lambda row, *, actor: actions.register_webhooks(row, actor=actor),
        done=gettext_lazy("Fields looked after"),
        applies=has_fields_alone,
        in_bulk=False,
    ),
    Verb(
        name="options",
        label=gettext_lazy("Change settings"),
        ask=gettext_lazy("The new settings hold for what happens from now on."),
        may="manage_integrations",
        run=change_options,
        done=gettext_lazy("Settings changed"),
        applies=lambda row: bool(options_asked(row.connector)) and row.state != ConnectionState.DISCONNECTED,
        in_bulk=False,
    ),
    Verb(
        name="period",
        label=gettext_lazy("Send a period again"),
        ask=gettext_lazy(
            "Messages of these days that were given up go back in line, each with the id it had."
        ),
        may="manage_integrations",
        run=replay_period,
        done=gettext_lazy("Back in line"),
        applies=lambda row: delivers(row) and row.state != ConnectionState.DISCONNECTED,
        form=PeriodForm,
        in_bulk=False,
    ),
    Verb(
        name="disconnect",
        label=gettext_lazy("Disconnect"),
        ask=gettext_lazy(
            "The keys are forgotten, and what waits to be sent is dropped. This cannot be undone."
        ),
        may="manage_integrations",
        run=actions.cut_off,
        done=gettext_lazy("Disconnected"),
        applies=lambda row: row.state != ConnectionState.DISCONNECTED,
        is_danger=True,
        in_bulk=False,
    ),
)


def bar(verbs: Sequence[Verb]) -> dict[str, list[Verb]]:
    """Return the verbs that stand in the bar of a connection, and those behind “More”: what cannot be undone last."""
    if len(verbs) <= FEW:
        return {"verbs": list(verbs), "more_verbs": []}
    rest = [verb for verb in verbs if verb.name not in IN_BAR]
    return {
        "verbs": [verb for verb in verbs if verb.name in IN_BAR],
        "more_verbs": sorted(rest, key=lambda verb: verb.is_danger),
    }


def what_is_lost(row: Connection) -> str:
    """What a disconnection drops, in a sentence."""
    count = row.deliveries.filter(state=DeliveryState.DUE).count()
    sentence = ngettext(
        "%(n)s message waits to be sent; it is dropped.",
        "%(n)s messages wait to be sent; they are dropped.",
        count,
    )
    return (
        str(VERBS[-1].ask) + " " + (sentence % {"n": count} if count else _("No message waits to be sent."))
    )


def way_out(row: Connection, at: datetime | None = None) -> dict[str, Any]:
    """How things stand on the way out; empty for a system that is told nothing."""
    if not delivers(row):
        return {}
    now = at or timezone.now()
    latest = list(row.deliveries.defer("body").order_by("-id")[:LATEST])
    names = names_of([row.program.merchant_id], (each.object_key for each in latest))
    counts = dict(row.deliveries.order_by().values_list("state").annotate(Count("pk")))
    oldest = row.deliveries.filter(state=DeliveryState.DUE).aggregate(Min("occurred_at"))["occurred_at__min"]
    return {
        "standing": _standing(row, Lane.objects.filter(pk=row.pk).first(), now),
        "waiting": counts.get(DeliveryState.DUE, 0),
        "oldest": oldest,
        "dead": counts.get(DeliveryState.DEAD, 0),
        "latest": [
            (each, title_of(each.kind, each.object_key, names.get(each.object_key, ""))) for each in latest
        ],
        "options": _options(row),
    }


def _options(row: Connection) -> list[tuple[Any, str]]:
    asked = options_asked(row.connector)
    written = CONNECTORS[row.connector].written(row.options) if asked else {}  # type: ignore[attr-defined]
    return [(key.label, _chosen_words(key, written.get(key.name, "")) or "–") for key in asked]


def _chosen_words(key: Key, value: str) -> str:
    return str(dict(key.choices).get(value, value))


def _standing(row: Connection, lane: Lane | None, now: datetime) -> str:
    """Whether messages flow, and if not, why and until when."""
    if row.state == ConnectionState.DISCONNECTED:
        return _("The connection is cut: nothing is sent.")
    if row.state == ConnectionState.PAUSED:
        return _("The connection is paused: messages wait.")
    if lane is not None and lane.open_until is not None and lane.open_until > now:
        if actions.budget_of(row, now).is_spent:
            return _("The day’s calls are spent: messages wait until midnight, UTC. Nothing is lost.")
        minutes = int((lane.open_until - now).total_seconds() // 60) + 1
        words = {"failures": lane.failures, "minutes": minutes}
        return _("Failed %(failures)s times in a row: the next try is in %(minutes)s min at most.") % words
    if lane is not None and lane.failures:
        return _("The last try failed; messages are tried again.")
    return _("Messages go out.")

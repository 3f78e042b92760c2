"""Whether a connection needs a person: one answer for every page that tells of it."""

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from affiliates.cells import chip
from integrations.models import Connection, Trouble
from integrations.states import ConnectionState


def with_trouble(rows: "QuerySet[Connection]") -> "QuerySet[Connection]":
    """Return the connections with what has gone wrong with each for longest as `trouble`, None for nothing."""
    open_ones = Trouble.objects.filter(connection=OuterRef("pk"), ended_at=None).order_by("since", "pk")
    return rows.annotate(trouble=Subquery(open_ones.values("sentence")[:1]))


def needing_look(rows: "QuerySet[Connection]") -> "QuerySet[Connection]":
    """Return those that are active and in trouble, each with what is wrong as `trouble`."""
    wrong = ~Q(last_error="") | Q(trouble__isnull=False)
    return with_trouble(rows).filter(wrong, state=ConnectionState.ACTIVE)


def trouble_of(row: Connection) -> str:
    """Return what is wrong with a connection that is active; "" for nothing. Asks once if the row does not know."""
    if row.state != ConnectionState.ACTIVE:
        return ""
    if "trouble" not in row.__dict__:
        note_trouble(row, with_trouble(Connection.objects.filter(pk=row.pk)).get().__dict__["trouble"])
    return str(row.__dict__["trouble"] or row.last_error)


def note_trouble(row: Connection, sentence: str | None) -> None:
    """Note what was read of its troubles already, so that it is not asked once more."""
    row.__dict__["trouble"] = sentence


def standing_chip(row: Connection) -> SafeString:
    """Return a connection's state, or that it needs a look, as safe HTML."""
    return chip("failed", _("needs a look")) if trouble_of(row) else chip(row.state, row.get_state_display())

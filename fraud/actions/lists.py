"""Who and what is always let through or always looked at, who is not asked about, and who belongs together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Enrollment, Program
from affiliates.roles import demand
from commissions.states import IllegalMove
from core import events
from core.models import User
from fraud.checks import CHECKS
from fraud.lists.entries import plain_entry
from fraud.models import Exemption, ListEntry, Relation
from fraud.states import ListKind

LONGEST = timedelta(days=366)  # for a year, a leap year's too; who is still fine then is looked at once more
FOLLOWER = "fraud.tasks.rescreen_listed"  # of fraudlist.changed


@dataclass(slots=True)
class Added:
    """What became of entries: those that are new, those that moved over from the other list, those that stood there."""

    new: list[ListEntry] = field(default_factory=list)
    moved: list[ListEntry] = field(default_factory=list)
    known: list[ListEntry] = field(default_factory=list)

    @property
    def rows(self) -> list[ListEntry]:
        """All of them."""
        return [*self.new, *self.moved, *self.known]


def add_entry(
    program: Program,
    kind: str,
    text: str,
    *,
    is_allowed: bool = False,
    note: str = "",
    actor: User,
    at: datetime | None = None,
) -> ListEntry:
    """Put something on the program's allow or block list; raise EntryRefused for what is none of its kind.

    It stands on one of the two: what is on the other moves over.
    """
    return add_entries(program, kind, [text], is_allowed=is_allowed, note=note, actor=actor, at=at).rows[0]


@transaction.atomic
def add_entries(
    program: Program,
    kind: str,
    texts: Iterable[str],
    *,
    is_allowed: bool = False,
    note: str = "",
    actor: User,
    at: datetime | None = None,
) -> Added:
    """Put all of these on the program's allow or block list, or none and raise EntryRefused, as `add_entry`.

    Each change has an event, and the last one alone has sales looked at again: one round for all.
    """
    demand(actor, "manage_fraud", program.merchant_id)
    plain = list(dict.fromkeys(plain_entry(ListKind(kind), text) for text in texts))
    Program.objects.select_for_update(no_key=True).get(pk=program.pk)  # the same twice at one moment is one
    rows = ListEntry.objects.filter(program=program, kind=kind, text__in=plain)
    known = {row.text: row for row in rows}
    said: dict[str, Any] = {"is_allowed": is_allowed, "note": note.strip(), "created_by": actor}
    same = {"program": program, "kind": kind, "created_at": at or timezone.now()}
    added = Added()
    added.new = ListEntry.objects.bulk_create(
        [ListEntry(text=text, **same, **said) for text in plain if text not in known]
    )
    for row in (known[text] for text in plain if text in known):
        if row.is_allowed == is_allowed:
            added.known.append(row)
            continue
        row.is_allowed, row.note, row.created_by = is_allowed, note.strip(), actor
        row.save(update_fields=["is_allowed", "note", "created_by"])
        added.moved.append(row)
    changed = [(row, "added") for row in added.new] + [(row, "moved") for row in added.moved]
    with events.muted(FOLLOWER):
        for row, change in changed[:-1]:
            _tell("fraudlist.changed", row, actor, at, _said(row, change))
    for row, change in changed[-1:]:
        _tell("fraudlist.changed", row, actor, at, _said(row, change))
    return added


@transaction.atomic
def remove_entry(entry: ListEntry, *, actor: User, at: datetime | None = None) -> None:
    """Take something off the list; twice changes nothing. The event keeps what stood there."""
    demand(actor, "manage_fraud", entry.program.merchant_id)
    locked: ListEntry | None = ListEntry.objects.select_for_update().filter(pk=entry.pk).first()
    if locked is None:
        return
    _tell("fraudlist.changed", locked, actor, at, _said(locked, "removed"))
    locked.delete()


@transaction.atomic
def grant(
    enrollment: Enrollment,
    check_name: str = "",
    *,
    until: datetime,
    reason: str,
    actor: User,
    at: datetime | None = None,
) -> Exemption:
    """Leave an affiliate in peace from one check, or from all, for at most a year; the same again changes nothing.

    One that is in force for the same check gets the new end and reason.
    """
    program, now = enrollment.program, at or timezone.now()
    demand(actor, "manage_fraud", program.merchant_id)
    if check_name and check_name not in CHECKS:
        raise IllegalMove(_("There is no such check."))
    if not now < until <= now + LONGEST:
        raise IllegalMove(_("It must end in the future, within a year."))
    _not_about_oneself(actor, enrollment)
    Enrollment.objects.select_for_update(no_key=True).get(pk=enrollment.pk)
    why, before = _why(reason), {}
    exemption = exemption_of(enrollment, check_name, at=now)
    if exemption is None:
        exemption = Exemption(program=program, enrollment=enrollment, check_name=check_name, created_at=now)
    elif (exemption.expires_at, exemption.reason) == (until, why):
        return exemption
    else:
        before = {"before": {"until": exemption.expires_at.isoformat(), "reason": exemption.reason}}
    exemption.expires_at, exemption.reason, exemption.created_by = until, why, actor
    exemption.save()
    data = {"enrollment": enrollment.pk, "check": check_name, "until": until.isoformat(), "reason": why}
    _tell("exemption.granted", exemption, actor, at, {**data, **before})
    return exemption


def exemption_of(enrollment: Enrollment, check_name: str, *, at: datetime) -> Exemption | None:
    """Return the exemption from exactly this check ("": from all) that is in force, the one that lasts longest."""
    rows = Exemption.objects.in_force(at).filter(enrollment=enrollment, check_name=check_name)
    found: Exemption | None = rows.order_by("-expires_at", "-pk").first()
    return found


@transaction.atomic
def end_exemption(exemption: Exemption, *, actor: User, at: datetime | None = None) -> Exemption:
    """Ask about the affiliate again from now on; one that is over stays as it is."""
    now = at or timezone.now()
    demand(actor, "manage_fraud", exemption.program.merchant_id)
    locked: Exemption = Exemption.objects.select_for_update().get(pk=exemption.pk)
    if locked.expires_at <= now:
        return locked
    data = {"enrollment": locked.enrollment_id, "check": locked.check_name}
    locked.expires_at = now
    locked.save(update_fields=["expires_at"])
    _tell("exemption.ended", locked, actor, at, data)
    return locked


@transaction.atomic
def declare(
    one: Enrollment, other: Enrollment, *, reason: str, actor: User, at: datetime | None = None
) -> Relation:
    """Say that two affiliates belong together, so that what they share is not held against them; once is enough."""
    program = one.program
    demand(actor, "manage_fraud", program.merchant_id)
    if one.program_id != other.program_id or one.pk == other.pk:
        raise IllegalMove(_("Choose two affiliates of one program."))
    for enrollment in (one, other):
        _not_about_oneself(actor, enrollment)
    first, second = sorted((one, other), key=lambda row: row.pk)
    Enrollment.objects.select_for_update(no_key=True).get(pk=first.pk)
    known = relation_of(first, second)
    if known is not None:
        return known
    made = {"reason": _why(reason), "created_by": actor, "created_at": at or timezone.now()}
    relation: Relation = Relation.objects.create(program=program, one=first, other=second, **made)
    _tell("relation.declared", relation, actor, at, _pair(relation))
    return relation


def relation_of(one: Enrollment, other: Enrollment) -> Relation | None:
    """Return what was declared of two affiliates, whoever is named first."""
    first, second = sorted((one.pk, other.pk))
    found: Relation | None = Relation.objects.filter(one=first, other=second).first()
    return found


@transaction.atomic
def end_relation(relation: Relation, *, actor: User, at: datetime | None = None) -> None:
    """Say that two affiliates do not belong together any more; twice changes nothing. The event keeps the two."""
    demand(actor, "manage_fraud", relation.program.merchant_id)
    locked: Relation | None = Relation.objects.select_for_update().filter(pk=relation.pk).first()
    if locked is None:
        return
    _tell("relation.ended", locked, actor, at, _pair(locked))
    locked.delete()


def _said(entry: ListEntry, change: str) -> dict[str, object]:
    said = {"kind": entry.kind, "text": entry.text, "is_allowed": entry.is_allowed, "note": entry.note}
    return {"change": change, **said}


def _pair(relation: Relation) -> dict[str, object]:
    return {"one": relation.one_id, "other": relation.other_id, "reason": relation.reason}


def _not_about_oneself(actor: User, enrollment: Enrollment) -> None:
    if enrollment.affiliate.user_id == actor.pk:
        raise IllegalMove(_("Nobody decides what is looked at in their own earnings."))


def _why(reason: str) -> str:
    if not reason.strip():
        raise IllegalMove(_("Say why: colleagues will ask."))
    return reason.strip()[:300]


def _tell(
    kind: str,
    row: ListEntry | Exemption | Relation,
    actor: User,
    at: datetime | None,
    data: dict[str, object],
) -> None:
    program = row.program
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)

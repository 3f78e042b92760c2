"""The body of a message: the event, its program and affiliate, its subject as it stands now, and its own news."""

from typing import Any

from core.models import Event
from integrations.news.kinds import PUBLIC
from integrations.news.masking import masked
from integrations.news.subjects import SUBJECTS, Subject
from integrations.news.told import news_of
from integrations.news.values import moment


def body_of(event: Event) -> dict[str, Any]:
    """Return what outsiders are told of an event, as JSON; a subject that is gone is told by its id alone.

    Raises KeyError for a kind that is not PUBLIC.
    {"id", "kind", "at", "program", "affiliate", <noun of the subject>, "news"}: amounts are {"amount" (minor units),
    "currency", "text"}, times ISO 8601 in UTC.
    """
    if event.kind not in PUBLIC:
        raise KeyError(event.kind)
    subject = SUBJECTS[event.subject_type]
    row = subject.row(event.subject_id)
    body: dict[str, Any] = {
        "id": f"evt_{event.pk}",
        "kind": event.kind,
        "at": moment(event.at),
        "program": {"id": event.scope_id} if event.scope_id else None,
        "affiliate": None,
    }
    body |= {subject.noun: _gone(event)} if row is None else _standing(subject, row)
    body["news"] = news_of(event, body[subject.noun])
    told: dict[str, Any] = masked(body)
    return told


def _standing(subject: Subject, row: Any) -> dict[str, Any]:
    program, enrollment = subject.program(row), subject.enrollment(row)
    return {
        "program": {"id": program.pk, "name": program.name} if program else None,
        "affiliate": _affiliate(enrollment) if enrollment else None,
        subject.noun: subject.shape(row),
    }


def _affiliate(enrollment: Any) -> dict[str, Any]:
    """Who it is about, by the id and code that the API uses; `profile` is the same person in every program."""
    return {
        "id": enrollment.pk,
        "code": enrollment.code,
        "name": enrollment.affiliate.name,
        "profile": enrollment.affiliate_id,
    }


def _gone(event: Event) -> dict[str, Any]:
    number = event.subject_id
    return {"id": int(number) if number.isascii() and number.isdigit() else number}


def object_key(event: Event) -> str:
    """Return what an event is about where messages must keep their order: an order's whole life has one key."""
    return SUBJECTS[event.subject_type].key(event.subject_id)

"""The event's own news: what of its data is told, by kind. Whatever is not named here stays inside."""

from collections.abc import Callable
from typing import Any

from core.models import Event
from integrations.news.shapes import SPOKEN
from integrations.news.values import amount

Read = Callable[[dict[str, Any], str], Any]  # the event's data and its currency -> what is told


def _plain(name: str) -> Read:
    return lambda data, _currency: data.get(name)


def _amount(name: str) -> Read:
    return lambda data, currency: amount(data.get(name), currency) if currency else None


def _names(name: str) -> Read:
    """Only which fields changed: what they held before may be anything."""
    return lambda data, _currency: sorted(data.get(name) or ())


def _all_names(data: dict[str, Any], _currency: str) -> list[str]:
    return sorted(data)


def _spoken(*names: str) -> Read:
    """What a CRM says of a customer may be anything: only the fields that sort customers are told.

    It stands under the first of these names that is there: the CRM's own words only where they are called otherwise.
    """

    def read(data: dict[str, Any], _currency: str) -> dict[str, Any]:
        said: dict[str, Any] = next((data[name] for name in names if data.get(name)), {})
        return {name: pair for name, pair in said.items() if name in SPOKEN}

    return read


_REASON: dict[str, Read] = {"reason": _plain("reason")}
_TROUBLE: dict[str, Read] = {name: _plain(name) for name in ("trouble", "sentence", "since")}
NEWS: dict[str, dict[str, Read]] = {
    "program.changed": {"changed": _all_names},
    "terms.announced": {"version": _plain("version")},
    "terms.accepted": {"version": _plain("version"), "plan": _plain("plan"), "number": _plain("number")},
    "plan.published": {"previous": _plain("previous")},
    "affiliate.changed": {"changed": _names("fields")},
    "enrollment.refused": _REASON,
    "enrollment.suspended": _REASON,
    "enrollment.banned": _REASON,
    "enrollment.sponsored": {"from": _plain("from"), "to": _plain("to")},
    "link.changed": {"changed": _all_names},
    "coupon.changed": {"changed": _all_names},
    "directlink.refused": _REASON,
    "directlink.ended": _REASON,
    "order.revised": {"revision": _plain("revision"), "changed": _names("changes")},
    "conversion.parked": _REASON,
    "conversion.confirmed": {"goal": _plain("goal")},
    "conversion.exchanged": {
        "rate": _plain("rate"),
        "source": _plain("source"),
        "replaces": _plain("replaces"),
    },
    "decision.replaced": {"from": _plain("from"), "to": _plain("to")},
    "customer.status_changed": {
        "changes": _spoken("changes"),
        "changes_there": _spoken("changes_there", "changes"),
        "by": _plain("by"),
    },
    "commission.accrued": {"amount": _amount("amount"), "level": _plain("level")},
    "commission.reversed": {
        "amount": _amount("amount"),
        "left": _amount("left"),
        "cause": _plain("cause"),
    },
    "commission.held": {"reason": _plain("reason"), "was": _plain("was")},
    "commission.released": _REASON,
    "commission.declined": _REASON,
    "commission.reinstated": _REASON,
    "commission.adjusted": {"amount": _amount("amount"), "reason": _plain("reason")},
    "batch.cancelled": _REASON,
    "payout.failed": _REASON,
    "connection.troubled": _TROUBLE,
    "connection.recovered": _TROUBLE,
}


def news_of(event: Event, subject: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of the event's data; amounts are of its subject's currency."""
    currency = (subject.get("amount") or {}).get("currency", "")
    return {name: read(event.data, currency) for name, read in NEWS.get(event.kind, {}).items()}

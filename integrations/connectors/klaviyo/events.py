"""What happened to a customer, as an event on the profile: marketing starts from it."""

import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from core.jobs import Failure, Temporary
from integrations.connectors.base import Delivered, Key, Message, Refused, Store, telling
from integrations.connectors.klaviyo.api import Json, Talk, Wrong, rows
from integrations.connectors.klaviyo.profiles import KEY, PATH
from integrations.connectors.webhook.choices import Unclear
from integrations.news.kinds import kinds_of, noun_of

EVENTS = "/api/events"
USUAL = ("order.recorded", "refund.recorded", "commission.approved")
PATIENCE = timedelta(hours=1)  # so long an event waits for its customer's profile
AMOUNT = {"amount", "currency", "text"}
OPTIONS: tuple[Key, ...] = (
    Key(
        "kinds",
        gettext_lazy("Events"),
        gettext_lazy(
            "Kinds with commas between them; order.* is all of orders. Left empty: order.recorded, refund.recorded and "
            "commission.approved. Only what is about a customer goes there."
        ),
        is_secret=False,
    ),
)


def read_options(given: Mapping[str, str]) -> dict[str, Any]:
    """Return `kinds` as they are kept; raises Unclear for an unknown one."""
    kinds = [kind for kind in re.split(r"[\s,]+", given.get("kinds", "")) if kind]
    for kind in kinds:
        if not kinds_of(kind):
            raise Unclear(_("There are no events of the kind “%(kind)s”.") % {"kind": kind[:60]})
    return {"kinds": kinds}


def written(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options as a person enters them."""
    return {"kinds": ", ".join(options.get("kinds") or ())}


def wants(options: Mapping[str, Any], kind: str, body: Mapping[str, Any]) -> bool:
    """Say whether the kind was chosen and the event is about a customer."""
    chosen = options.get("kinds") or USUAL
    return any(kind in kinds_of(one) for one in chosen) and customer_of(kind, body) is not None


def customer_of(kind: str, body: Mapping[str, Any]) -> int | None:
    """Return the number of the customer that an event is about, None where it is about none."""
    noun = noun_of(kind)
    told = body.get(noun)
    if not isinstance(told, Mapping):
        return None
    found = told.get("id") if noun == "customer" else told.get("customer")
    number = found.get("id") if isinstance(found, Mapping) else found
    return number if isinstance(number, int) else None


def deliver(store: Store, message: Message) -> Delivered:
    """Make the event on the customer's profile, once whatever is tried again; raises Temporary, Misconfigured, Refused.

    One whose profile is not there yet waits for it an hour; after that nothing is made.
    """
    talk = Talk(store)
    try:
        profile = _profile(talk, f"customer:{customer_of(message.kind, message.body)}")
        if profile:
            talk.send("POST", EVENTS, event_of(message, profile))
            return talk.exchange()
        if timezone.now() - message.at < PATIENCE:
            raise Temporary(_("The customer has no profile at Klaviyo yet."))
    except Wrong as trouble:
        raise Refused(str(trouble), talk.exchange()) from trouble
    except Failure as trouble:
        raise telling(trouble, talk.exchange()) from trouble
    told = talk.exchange()
    note = _("The customer has no profile at Klaviyo that carries our key: no event was made.")
    return Delivered(told.status, told.answer, told.request, note=note, calls=told.calls, quota=told.quota)


def _profile(talk: Talk, key: str) -> str:
    """Return Klaviyo's number of the profile that carries our key."""
    query = {"filter": f'equals({KEY},"{key}")', "fields[profile]": KEY}
    return next((str(row["id"]) for row in rows(talk.get(PATH, query)) if isinstance(row.get("id"), str)), "")


def event_of(message: Message, profile: str) -> Json:
    """Return an event as Klaviyo takes it; `unique_id` makes it one, however often it is sent."""
    subject = message.body.get(noun_of(message.kind))
    told = dict(subject) if isinstance(subject, Mapping) else {}
    affiliate = message.body.get("affiliate")
    attributes: Json = {
        "metric": {"data": {"type": "metric", "attributes": {"name": metric_of(message.kind)}}},
        "profile": {"data": {"type": "profile", "id": profile, "attributes": {}}},
        "properties": {
            **_plain({name: value for name, value in told.items() if name != "customer"}),
            "affiliate": {name: affiliate.get(name) for name in ("name", "code")}
            if isinstance(affiliate, Mapping)
            else None,
        },
        "time": message.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "unique_id": message.id,
    }
    worth = next((told[name] for name in ("total", "gross", "amount") if _is_amount(told.get(name))), None)
    if worth is not None:
        attributes |= {"value": float(worth["text"]), "value_currency": worth["currency"]}
    return {"type": "event", "attributes": attributes}


def metric_of(kind: str) -> str:
    """Return how Klaviyo calls events of a kind: “Affiliate order recorded”."""
    return "Affiliate " + re.sub(r"[._]", " ", kind)


def _is_amount(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == AMOUNT


def _plain(value: Any) -> Any:
    """Return amounts as numbers, everything else as it is."""
    if _is_amount(value):
        return float(value["text"])
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value

"""Connecting: the fields and webhooks that are made, what is missing, and where new deals begin."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from core.jobs import Misconfigured
from integrations.connectors import record_options
from integrations.connectors.base import Key, Store
from integrations.connectors.pipedrive.api import V1, V2, Json, Talk, Wrong, has_keys, inside, rows
from integrations.connectors.pipedrive.defaults import wanted_fields
from integrations.connectors.pipedrive.fields import fields_of, make_fields, missing_fields
from integrations.connectors.pipedrive.verify import USER
from integrations.connectors.records import RemoteField
from integrations.connectors.webhook.choices import Unclear

RECORDS = ("contact", "deal")
HEARD = ("person", "deal")  # what Pipedrive tells us of
EVERY, VERSION = "*", "2.0"
OPTIONS: tuple[Key, ...] = (
    *record_options.OPTIONS,
    Key(
        "pipeline",
        gettext_lazy("Pipeline of new deals"),
        gettext_lazy("Its number, as in the address of its page; left empty, Pipedrive’s first one."),
        is_secret=False,
    ),
    Key(
        "stage",
        gettext_lazy("Stage of new deals"),
        gettext_lazy("Its number; left empty, the first one of the pipeline."),
        is_secret=False,
    ),
)
PLACES = ("pipeline", "stage")


def read_options(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what becomes a deal, and where new ones begin (by number), as it is kept; raises Unclear."""
    told = {name: str(given.get(name) or "").strip() for name in PLACES}
    if any(one and not (one.isascii() and one.isdigit() and len(one) < 10) for one in told.values()):
        raise Unclear(_("Pipeline and stage are numbers; they stand in the addresses of Pipedrive’s pages."))
    return {**record_options.read_options(given), **told}


def written(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options as a person enters them."""
    return {**record_options.written(options), **_places(options)}


def begin(store: Store) -> Json:
    """Return pipeline and stage of a new deal; afterwards they are the sales people's."""
    return {f"{name}_id": int(number) for name, number in _places(store.options).items() if number}


def _places(options: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(options.get(name) or "") for name in PLACES}


def register(store: Store, delivery_url: str) -> list[str]:
    """Make our fields, and the webhooks anew with the secret that holds now; then the former ones are taken away.

    For a moment there are both, so that nothing is missed: what is told twice counts once. Raises a Failure.
    """
    if not has_keys(store):
        raise Misconfigured(_key_missing())
    for kind in RECORDS:
        make_fields(store, kind, wanted_fields(kind))
    talk = Talk(store)
    former = _webhooks(talk, delivery_url)
    for what in HEARD:
        talk.send("POST", f"{V1}/webhooks", _wanted(store, what, delivery_url))
    for hook in former:
        _take_away(talk, hook)
    return []


def default_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return the fields that the mappings which work at once need, as we make them."""
    return wanted_fields(kind)


def check(store: Store, delivery_url: str) -> str:
    """Try the key; return a sentence that says what is missing."""
    if not has_keys(store):
        return _key_missing()
    talk = Talk(store)
    company = str(inside(talk.get(f"{V1}/users/me")).get("company_name") or "")[:80]
    missing = [
        f"{kind}.{name}"
        for kind in RECORDS
        for name in missing_fields(fields_of(talk, kind), wanted_fields(kind))
    ]
    if missing:
        names = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        return _("Pipedrive answers, but fields are missing: %(names)s. Press “Make or repair webhooks”.") % {
            "names": names
        }
    if off := _off(talk, delivery_url):
        return _(
            "Pipedrive answers, but these webhooks were deleted or switched off: %(names)s. Press “Make or repair "
            "webhooks”; until then changes are asked for by a schedule."
        ) % {"names": ", ".join(off)}
    if trouble := _beginning(talk):
        return trouble
    return _("Pipedrive answers for %(company)s; all fields and webhooks are there.") % {"company": company}


def lost_webhooks(store: Store, delivery_url: str) -> tuple[str, ...]:
    """Return of what we are not told any more; `register` mends it. Raises a Failure."""
    return tuple(_off(Talk(store), delivery_url))


def _off(talk: Talk, delivery_url: str) -> list[str]:
    """Return of what we are not told: its webhook is gone, or banned because we did not answer."""
    live = {hook.get("event_object") for hook in _webhooks(talk, delivery_url) if _is_live(hook)}
    return [what for what in HEARD if what not in live]


def _is_live(hook: Json) -> bool:
    is_on = hook.get("is_active") in (1, True) and not hook.get("remove_time")
    return is_on and hook.get("event_action") == EVERY and str(hook.get("version")) == VERSION


def _webhooks(talk: Talk, delivery_url: str) -> list[Json]:
    """Return those webhooks of the account that lead to us."""
    return [hook for hook in rows(talk.get(f"{V1}/webhooks")) if hook.get("subscription_url") == delivery_url]


def _wanted(store: Store, what: str, delivery_url: str) -> Json:
    return {
        "subscription_url": delivery_url,
        "event_action": EVERY,
        "event_object": what,
        "name": f"Affiliates: {what}",
        "version": VERSION,
        "http_auth_user": USER,
        "http_auth_password": str(store.keys.get("webhook_secret", "")),
    }


def _take_away(talk: Talk, hook: Json) -> None:
    """Delete a webhook; one that is gone already is no trouble."""
    number = hook.get("id")
    if not isinstance(number, int) or hook.get("remove_time"):
        return
    try:
        talk.send("DELETE", f"{V1}/webhooks/{number}")
    except Wrong as trouble:
        if trouble.status not in (404, 410):
            raise


def _beginning(talk: Talk) -> str:
    """Say what is wrong with where new deals begin, if anything was entered."""
    told = _places(talk.store.options)
    for name, path in (("pipeline", "pipelines"), ("stage", "stages")):
        if told[name] and told[name] not in [str(row.get("id")) for row in talk.all(f"{V2}/{path}")]:
            words = {"number": told[name]}
            if name == "stage":
                return _("Pipedrive answers, but there is no stage %(number)s for new deals.") % words
            return _("Pipedrive answers, but there is no pipeline %(number)s for new deals.") % words
    return ""


def _key_missing() -> str:
    return _(
        "The key is missing: copy the API token from Pipedrive > Personal preferences > API, and enter it."
    )

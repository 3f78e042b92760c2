"""Connecting: the webhook endpoint, made through the API or by hand, and what the key may read."""

from django.utils.translation import gettext as _

from core.jobs import Misconfigured
from integrations.connectors.base import Store
from integrations.connectors.body import Fields
from integrations.connectors.stripe_billing.api import VERSION, Talk, has_keys, is_live
from integrations.connectors.stripe_billing.reading import EVENTS

READS = (
    ("invoices",),
    ("checkout", "sessions"),
    ("refunds",),
    ("disputes",),
    ("events",),
)


def register(store: Store, delivery_url: str) -> list[str]:
    """Make the webhook endpoint, or mend it: its events, and that it is switched on.

    Return what a person must do by hand, in sentences. Stripe shows the secret of a new endpoint once, so it stands in
    the sentence that asks for it.
    """
    if not has_keys(store):
        return _by_hand(store, delivery_url)
    talk = Talk(store)
    try:
        standing = _endpoints(talk, delivery_url)
        if not standing:
            return [_enter(_make(talk, delivery_url))]
        for endpoint in standing:
            talk.post("webhook_endpoints", endpoint.text("id", 120), form=(("disabled", "false"), *_events()))
    except Misconfigured:
        return _by_hand(store, delivery_url)
    return [] if store.keys.get("signing_secret") else [_secret_missing()]


def check(store: Store, delivery_url: str) -> str:
    """Try the key by reading one row of each kind; return a sentence that says what is missing."""
    if not store.keys.get("signing_secret"):
        return _secret_missing()
    if not has_keys(store):
        return _(
            "No API key is set: refunds of invoices wait for their orders, and the click of a checkout reaches its "
            "subscription only by the subscription's own metadata."
        )
    talk = Talk(store)
    refused = [what for path in READS if (what := _refused(talk, path))]
    if len(refused) == len(READS):
        talk.rows(*READS[0], params=(("limit", "1"),))
    if refused:
        return _("Stripe answers, but the API key may not read: %(what)s.") % {"what": ", ".join(refused)}
    if _is_off(talk, delivery_url):
        return _("Stripe answers, but the webhook endpoint is missing, switched off or lacks events.")
    if is_live(store):
        return _("Stripe answers in live mode, and the key may read what is needed.")
    return _("Stripe answers in test mode: live payments do not count here.")


def _refused(talk: Talk, path: tuple[str, ...]) -> str:
    try:
        talk.rows(*path, params=(("limit", "1"),))
    except Misconfigured:
        return "/".join(path)
    return ""


def _is_off(talk: Talk, delivery_url: str) -> bool:
    """Say whether no endpoint brings us all events; a key that may not look does not know."""
    try:
        standing = _endpoints(talk, delivery_url)
    except Misconfigured:
        return False
    return not any(one.text("status", 20) == "enabled" and _brings_all(one) for one in standing)


def _brings_all(endpoint: Fields) -> bool:
    events = endpoint.values.get("enabled_events")
    enabled = {str(event) for event in events} if isinstance(events, list) else set()
    return "*" in enabled or enabled.issuperset(EVENTS)


def _endpoints(talk: Talk, delivery_url: str) -> list[Fields]:
    """Return those endpoints of the account that lead to us."""
    rows = talk.rows("webhook_endpoints", params=(("limit", "100"),))
    return [row for row in rows if row.values.get("url") == delivery_url]


def _make(talk: Talk, delivery_url: str) -> str:
    form = (("url", delivery_url), ("api_version", VERSION), *_events())
    return talk.post("webhook_endpoints", form=form).text("secret", 200)


def _events() -> tuple[tuple[str, str], ...]:
    return tuple(("enabled_events[]", kind) for kind in EVENTS)


def _enter(secret: str) -> str:
    return _(
        "The endpoint is made. Stripe shows its signing secret only now: "
        "enter it with “Change keys”: %(secret)s"
    ) % {"secret": secret}


def _secret_missing() -> str:
    return _(
        "The signing secret is missing, so no event is taken: copy it from the endpoint in "
        "Stripe > Developers > Webhooks, and enter it with “Change keys”."
    )


def _by_hand(store: Store, delivery_url: str) -> list[str]:
    left = [
        _("In Stripe > Developers > Webhooks, add an endpoint for this address: %(url)s")
        % {"url": delivery_url},
        _("API version %(version)s, and these events: %(events)s.")
        % {"version": VERSION, "events": ", ".join(EVENTS)},
    ]
    return left if store.keys.get("signing_secret") else [*left, _secret_missing()]

"""Connecting: the subscriptions that the shop must have, made through its API; what only a person can enter is said."""

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from core.jobs import Permanent
from integrations.connectors.base import Store
from integrations.connectors.body import Fields
from integrations.connectors.shop_options import tells_customers
from integrations.connectors.shop_records import wanted_fields
from integrations.connectors.shopify import documents
from integrations.connectors.shopify.api import ask, change, has_keys, plain_answers
from integrations.connectors.shopify.graph import nodes_of
from integrations.connectors.shopify.metafields import make_fields, missing_fields
from integrations.connectors.shopify.scopes import PAST, needed, scopes_of

TOPICS = (
    "ORDERS_CREATE",
    "ORDERS_PAID",
    "ORDERS_UPDATED",
    "ORDERS_CANCELLED",
    "ORDERS_EDITED",
    "ORDERS_DELETE",
    "ORDERS_RISK_ASSESSMENT_CHANGED",
    "REFUNDS_CREATE",
    "APP_UNINSTALLED",
)
DISPUTES = ("DISPUTES_CREATE", "DISPUTES_UPDATE")
HOOK_PAGES = 100
DISPUTE_SCOPE = "read_shopify_payments_disputes"


@plain_answers()
def register(store: Store, delivery_url: str) -> list[str]:
    """Make the subscriptions that the shop lacks and mend those that lead elsewhere or leave something out.

    Return what a person must do, in sentences: the privacy topics stand in the app's own settings, out of our reach.
    """
    if not has_keys(store):
        return [_no_keys()]
    wanted = {"uri": delivery_url, "format": "JSON"}
    standing = _standing(store, delivery_url)
    for topic in _topics(scopes_of(store)):
        hook = standing.get(topic)
        if hook is None:
            change(store, documents.MAKE_HOOK, "webhookSubscriptionCreate", topic=topic, hook=wanted)
        elif not _is_whole(hook, delivery_url):
            whole = {**wanted, "filter": "", "includeFields": []}
            change(
                store, documents.MEND_HOOK, "webhookSubscriptionUpdate", id=hook.text("id", 200), hook=whole
            )
    if tells_customers(store.options):
        make_fields(store, "customer", wanted_fields())
    return [
        _(
            "In the app's settings (Dev Dashboard > Versions > Compliance webhooks), enter this address for customer "
            "data requests, customer redaction and shop redaction: %(url)s"
        )
        % {"url": delivery_url}
    ]


@plain_answers()
def check(store: Store, delivery_url: str) -> str:
    """Try the address and the keys; return a sentence that says what is missing, or that all is well."""
    if not has_keys(store):
        return _no_keys()
    scopes = scopes_of(store)
    if missing := [scope for scope in needed(store) if scope not in scopes]:
        return _("The shop answers, but the app lacks these scopes: %(scopes)s.") % {
            "scopes": ", ".join(missing)
        }
    if missing := _lost(store, scopes, delivery_url):
        return _("The shop answers, but these webhooks are missing or changed: %(topics)s.") % {
            "topics": ", ".join(missing)
        }
    if tells_customers(store.options) and (missing := missing_fields(store, wanted_fields())):
        return _(
            "The shop answers, but customer metafields are missing: %(names)s. Press “Make or repair webhooks”."
        ) % {"names": ", ".join(missing)}
    if PAST not in scopes:
        return _(
            "The shop answers, and the app may read its orders of the last 60 days. Older ones need the scope "
            "%(scope)s; without it what happens to them may wait for a person."
        ) % {"scope": PAST}
    return _("The shop answers, and the app may read its orders.")


@plain_answers()
def lost_webhooks(store: Store, delivery_url: str) -> tuple[str, ...]:
    """Return the topics whose subscription is missing, was changed or leads elsewhere."""
    return tuple(_lost(store, scopes_of(store), delivery_url))


def _lost(store: Store, scopes: set[str], delivery_url: str) -> list[str]:
    live = _standing(store, delivery_url)
    return [
        topic for topic in _topics(scopes) if topic not in live or not _is_whole(live[topic], delivery_url)
    ]


def _no_keys() -> str:
    return _(
        "Enter the app's client id and secret (or, of an older app, its access token): without them orders come, but "
        "nothing can be asked, and the webhooks must be made by hand."
    )


def _topics(scopes: set[str]) -> tuple[str, ...]:
    return TOPICS + (DISPUTES if DISPUTE_SCOPE in scopes else ())


def _standing(store: Store, delivery_url: str) -> dict[str, Fields]:
    """Return the subscriptions that lead to this connection, by topic: at our present address or a former one."""
    path, found, after = urlsplit(delivery_url).path, dict[str, Fields](), None
    for _page in range(HOOK_PAGES):
        told = ask(store, documents.HOOKS, after=after)
        for hook in nodes_of(told, "webhookSubscriptions"):
            topic = hook.text("topic", 80)
            is_ours = urlsplit(hook.text("uri", 1000)).path == path
            if is_ours and (topic not in found or _is_whole(hook, delivery_url)):
                found[topic] = hook
        page = told.part("webhookSubscriptions").part("pageInfo")
        if page.values.get("hasNextPage") is not True:
            return found
        after = page.text("endCursor", 2000)
    raise Permanent(_("The shop repeats its list of webhooks without end."))


def _is_whole(hook: Fields, delivery_url: str) -> bool:
    """Whether a subscription sends all of each message to our present address."""
    is_cut = hook.text("filter", 400) or hook.values.get("includeFields")
    return hook.text("uri", 1000) == delivery_url and hook.text("format", 20) == "JSON" and not is_cut

"""Stripe Billing: signed events in; with an API key each is asked about, so that clicks and refunds find their way."""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Key
from integrations.connectors.stripe_billing.api import has_keys
from integrations.connectors.stripe_billing.asking import fetch_order, fetch_refund_lines
from integrations.connectors.stripe_billing.listing import count_orders, list_orders
from integrations.connectors.stripe_billing.reading import TESTIFIES, read
from integrations.connectors.stripe_billing.setup import check, register
from integrations.connectors.stripe_billing.verify import receive

NAME = "Stripe Billing"
ABOUT = _("Checkouts, invoices and renewals of subscriptions, refunds and disputes.")
KEYS: tuple[Key, ...] = (
    Key(
        "api_key",
        _("Restricted API key"),
        _(
            "Begins with rk_. It may read checkout sessions, invoices, payment intents, charges, refunds, disputes, "
            "promotion codes and events; with the right to write webhook endpoints the endpoint is made for you."
        ),
    ),
    Key(
        "signing_secret",
        _("Signing secret"),
        _("Begins with whsec_. Stripe shows it with the webhook endpoint; without it no event is taken."),
    ),
    Key(
        "mode",
        _("Mode"),
        _("Only without an API key: “test” counts test events alone, “live” or nothing live ones."),
        is_secret=False,
    ),
)
HAS_ADDRESS = False
IS_SEALED_BY_ITSELF = True
ROUTE = "hook"

__all__ = [
    "ABOUT",
    "HAS_ADDRESS",
    "KEYS",
    "NAME",
    "ROUTE",
    "TESTIFIES",
    "check",
    "count_orders",
    "fetch_order",
    "fetch_refund_lines",
    "has_keys",
    "list_orders",
    "read",
    "receive",
    "register",
]

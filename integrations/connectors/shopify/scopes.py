"""What the app may do in the shop, and whether it is the shop that was meant."""

from django.utils.translation import gettext as _

from core.jobs import Misconfigured
from integrations.connectors.base import Store
from integrations.connectors.body import Fields
from integrations.connectors.shop_options import makes_coupons, tells_customers, tells_orders
from integrations.connectors.shopify import documents
from integrations.connectors.shopify.address import host_of
from integrations.connectors.shopify.api import ask
from integrations.connectors.shopify.options import gives_credit

NEEDED = ("read_orders", "read_customers", "read_products")
PAST = "read_all_orders"
TO_TELL, TO_TAG, TO_MAKE_CODES = "write_customers", "write_orders", "write_discounts"
TO_GIVE_CREDIT = ("read_store_credit_accounts", "write_store_credit_account_transactions")


def needed(store: Store) -> tuple[str, ...]:
    """Return the scopes that the app must have; those to write only where the connection's settings ask for it."""
    telling = (TO_TELL,) if tells_customers(store.options) else ()
    tagging = (TO_TAG,) if tells_orders(store.options) else ()
    making = (TO_MAKE_CODES,) if makes_coupons(store.options) else ()
    return (*NEEDED, *telling, *tagging, *making, *(TO_GIVE_CREDIT if gives_credit(store.options) else ()))


def scopes_of(store: Store) -> set[str]:
    """Return what the app may do, where writing includes reading; raises Misconfigured at another shop's door."""
    told = ask(store, documents.INSTALLATION)
    domain = told.part("shop").text("myshopifyDomain").lower()
    if domain != host_of(store.base_url):
        raise Misconfigured(
            _("This is not the shop's own address: change it to https://%(domain)s.") % {"domain": domain}
        )
    return scopes_named(told)


def scopes_named(told: Fields) -> set[str]:
    """Return what an answer says that the app may do, where writing includes reading."""
    named = {row.text("handle", 80) for row in told.part("currentAppInstallation").rows("accessScopes")}
    return named | {"read_" + scope.removeprefix("write_") for scope in named if scope.startswith("write_")}


def demand_sight(store: Store) -> None:
    """Raise Misconfigured unless the app sees all orders: else one that is 60 days old looks like a deleted one."""
    if PAST not in scopes_of(store):
        raise Misconfigured(
            _(
                "Shopify shows the app no orders that are older than 60 days, so it cannot be told whether this one "
                "was deleted. Give the app the scope %(scope)s."
            )
            % {"scope": PAST}
        )

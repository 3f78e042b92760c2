"""What a person chooses for a shop at Shopify: what any shop offers, and whether affiliates are paid in its credit."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors import shop_options
from integrations.connectors.base import Key
from integrations.connectors.record_options import read_yes

CREDIT, NAME = "store_credit", "store_credit_name"
LONGEST_NAME = 40
TELLS_IF = (*shop_options.TELLS_IF, CREDIT)
OPTIONS: tuple[Key, ...] = (
    *shop_options.OPTIONS,
    Key(
        CREDIT,
        _("Pay affiliates in store credit"),
        _(
            "Affiliates may then choose it as how they are paid. What is approved is put on their customer account in "
            "the shop. It needs keys that may write store credit."
        ),
        is_secret=False,
        choices=shop_options.NO_YES,
    ),
    Key(
        NAME,
        _("What affiliates call this shop"),
        _("They read “Store credit at …”. Left empty, it is your company’s name."),
        is_secret=False,
    ),
)


def read_options(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the options as they are kept; raises Unclear with a sentence."""
    own = {
        CREDIT: read_yes(given.get(CREDIT, "")),
        NAME: " ".join(given.get(NAME, "").split())[:LONGEST_NAME],
    }
    return shop_options.read_options(given) | own


def written(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options as a person enters them."""
    own = {CREDIT: "yes" if gives_credit(options) else "", NAME: shop_name(options)}
    return shop_options.written(options) | own


def gives_credit(options: Mapping[str, Any]) -> bool:
    """Say whether affiliates may be paid in the shop's credit."""
    return options.get(CREDIT) is True


def shop_name(options: Mapping[str, Any]) -> str:
    """Return what affiliates call the shop, "" if nobody has said."""
    return str(options.get(NAME) or "")

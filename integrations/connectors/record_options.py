"""What a person chooses for a CRM: what becomes a deal there, and whether a deal won there counts here."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from integrations.connectors.base import Key
from integrations.connectors.webhook.choices import Unclear

NO_DEALS, PER_CUSTOMER, PER_ORDER = "none", "customer", "order"
DEALS = (NO_DEALS, PER_CUSTOMER, PER_ORDER)
YES, NO = ("yes", "true", "1", "on"), ("", "no", "false", "0", "off")
OPTIONS: tuple[Key, ...] = (
    Key(
        "deals",
        gettext_lazy("Deals"),
        gettext_lazy("What becomes a deal there."),
        is_secret=False,
        choices=(
            (NO_DEALS, gettext_lazy("none")),
            (PER_CUSTOMER, gettext_lazy("one for each customer, of their lifetime value")),
            (PER_ORDER, gettext_lazy("one for each order")),
        ),
    ),
    Key(
        "won_deals",
        gettext_lazy("Won deals count"),
        gettext_lazy("A deal that sales people win there is then a conversion here."),
        is_secret=False,
        choices=(("", gettext_lazy("no")), ("yes", gettext_lazy("yes"))),
    ),
)


def read_options(given: Mapping[str, str]) -> dict[str, Any]:
    """Return `deals` and `won_deals` as they are kept; raises Unclear with a sentence."""
    deals = given.get("deals", "").strip().lower() or NO_DEALS
    if deals not in DEALS:
        raise Unclear(_("Deals are one of: %(words)s.") % {"words": ", ".join(DEALS)})
    return {"deals": deals, "won_deals": read_yes(given.get("won_deals", ""))}


def written(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options as a person enters them."""
    return {
        "deals": str(options.get("deals") or NO_DEALS),
        "won_deals": "yes" if options.get("won_deals") else "",
    }


def read_yes(entered: str) -> bool:
    """Return what a person means by yes or no; raises Unclear for anything else."""
    word = entered.strip().lower()
    if word not in (*YES, *NO):
        raise Unclear(_("Say “yes” or “no” instead of “%(word)s”.") % {"word": word[:20]})
    return word in YES

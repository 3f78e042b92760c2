"""Who sent the buyer, as checkout sessions, invoices and subscriptions tell it; pure."""

from collections.abc import Iterable

from integrations.connectors.body import Fields
from integrations.connectors.stripe_billing.fields import id_of
from tracking.orders import Evidence

# Names under which a shop may have put them into metadata, the first one that is filled counts.
CLICK = ("tid", "click_id", "affiliate_click_id")
REFERENCE = ("ref", "affiliate", "affiliate_code")
COUPON = ("coupon", "coupon_code")


def evidence_of(objects: Iterable[Fields]) -> Evidence:
    """Return what objects tell, those first in line before the others; a click in metadata before any reference id."""
    rows = list(objects)
    metadata = [part for row in rows for part in _metadata(row)]
    named = [row.text("client_reference_id", 100) for row in rows]
    codes = [code for row in rows for code in _codes(row)] + [_first([part], COUPON) for part in metadata]
    return Evidence(
        tid=_first(metadata, CLICK) or next(filter(None, named), ""),
        ref=_first(metadata, REFERENCE),
        coupons=tuple(dict.fromkeys(filter(None, codes))),
    )


def names_a_way(said: Evidence) -> bool:
    """Say whether there is any evidence at all."""
    return bool(said.tid or said.ref or said.coupons)


def _metadata(row: Fields) -> list[Fields]:
    """The object's own metadata, then its subscription's, in the shapes before and since 2025-03."""
    parts = [row, row.part("parent").part("subscription_details"), row.part("subscription_details")]
    return [part.part("metadata") for part in parts]


def _first(metadata: list[Fields], names: Iterable[str]) -> str:
    found = (part.text(name, 100) for part in metadata for name in names)
    return next(filter(None, found), "")


def _codes(row: Fields) -> list[str]:
    """The texts of promotion codes, where they were asked for, and the names of coupons put on without one."""
    listed = row.values.get("discounts")
    told = [*(listed if isinstance(listed, list) else []), row.values.get("discount")]
    return [_code(Fields(one)) for one in told if isinstance(one, dict)]


def _code(discount: Fields) -> str:
    if discount.values.get("promotion_code"):
        told = discount.values["promotion_code"]
        return Fields(told).text("code", 100) if isinstance(told, dict) else ""
    return (id_of(discount, "coupon") or id_of(discount.part("source"), "coupon"))[:100]

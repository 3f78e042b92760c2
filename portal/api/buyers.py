"""What an order may tell of its buyer so that fraud review knows them again: plain in the request, never kept so."""

import json
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from core.crypto import fingerprint
from portal.api.fields import Country, Strict, Text
from tracking.buyers import ADDRESS_MARK, NETWORK_MARK, notes_of
from tracking.visits.addresses import LONGEST, whole_address

PLAIN = frozenset({"buyer_ip", "shipping_address"})  # what no table may hold as it was sent


class Ip(Text):
    """An IP address of version 4 or 6."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return it; the error does not repeat what was sent."""
        text = super().to_internal_value(data)
        if text and whole_address(text) is None:
            raise serializers.ValidationError(_("Write an IP address, like 198.51.100.7."))
        return text


class AddressRequest(Strict):
    """Where the goods go; without one of the three it says nothing."""

    street = Text(max_length=200, allow_blank=True, help_text="With the number of the house.")
    postcode = Text(max_length=20, required=False, allow_blank=True)
    country = Country(max_length=2, allow_blank=True)


class RiskRequest(Strict):
    """What the shop or the payment system thinks of the order."""

    level = Text(
        max_length=40,
        allow_blank=True,
        help_text="low, normal, medium, elevated, high, highest, critical; any other word is no assessment.",
    )
    by = Text(max_length=60, required=False, allow_blank=True, help_text="Which system says so.")


def without_marks(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return an order's metadata; ValidationError for the names of digests, which nobody outside can make."""
    taken = [name for name in (ADDRESS_MARK, NETWORK_MARK) if name in metadata]
    if taken:
        words = _("This name is reserved: send buyer_ip or shipping_address.")
        raise serializers.ValidationError({name: [words] for name in taken})
    return metadata


def notes(values: dict[str, Any]) -> dict[str, str]:
    """Return what the order's metadata keeps of a request's checked values."""
    address, risk = values.get("shipping_address") or {}, values.get("risk") or {}
    return notes_of(
        ip=values.get("buyer_ip") or "",
        **address,
        payer_country=values.get("payer_country") or "",
        risk=risk.get("level", ""),
        risk_by=risk.get("by") or values["source"],
    )


def unsaid(data: Any) -> Any:
    """Return a request's body with keyed digests for what no table may hold, of one order or of the items of many.

    A plain digest would not do: there are few enough IP addresses to try them all.
    """
    if not isinstance(data, dict):
        return data
    items = data.get("items")
    if isinstance(items, list):
        return {**data, "items": [_unsaid(item) for item in items]}
    return _unsaid(data)


def _unsaid(order: Any) -> Any:
    if not isinstance(order, dict):
        return order
    return {name: _sealed(value) if name in PLAIN else value for name, value in order.items()}


def _sealed(value: Any) -> str:
    return fingerprint(json.dumps(value, sort_keys=True), purpose="request")

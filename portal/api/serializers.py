"""What a request may say, and what it becomes: values for the verbs that take orders and refunds."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from core.money import EXPONENTS
from portal.api.buyers import AddressRequest, Ip, RiskRequest, notes, without_marks
from portal.api.fields import LARGEST, Amount, Country, Currency, Metadata, Moment, Strict, Text, Whole, YesNo
from portal.api.problems import invalid, pointed
from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn, RefundIn, RefundLineIn
from tracking.states import RefundKind

MOST_LINES = 500
MOST_UNITS = 1_000_000
OWN_SOURCE = "clicks"  # orders of this source are made here, from an affiliate's clicks
EXTRA_LINE = "+"  # names shipping or tax that a program pays on


class LineRequest(Strict):
    """One line of an order."""

    external_id = Text(max_length=120, help_text="The store's id of the line; refunds name it.")
    sku = Text(max_length=120, required=False, allow_blank=True)
    name = Text(max_length=300, required=False, allow_blank=True)
    product = Text(
        max_length=120, required=False, allow_blank=True, help_text="The store's id of the product."
    )
    category = Text(max_length=120, required=False, allow_blank=True)
    brand = Text(max_length=120, required=False, allow_blank=True)
    quantity = Whole(min_value=1, max_value=MOST_UNITS, required=False, default=1)
    net = Amount(
        help_text="After its own and its share of order discounts, before tax, for the whole quantity."
    )
    excluded = YesNo(required=False, default=False, help_text="It earns nothing, e.g. a gift card.")

    def validate_external_id(self, value: str) -> str:
        """Keep the one key that the plan itself uses free."""
        if value == EXTRA_LINE:
            raise serializers.ValidationError(_("This id is reserved."))
        return value


class CustomerRequest(Strict):
    """Who bought."""

    external_id = Text(max_length=120, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    is_new = YesNo(required=False, allow_null=True, help_text="null: the store does not say.")
    country = Country(max_length=2, required=False, allow_blank=True)
    phone = Text(max_length=40, required=False, allow_blank=True)


class EvidenceRequest(Strict):
    """Whatever may say who sent the buyer."""

    tid = Text(
        max_length=400, required=False, allow_blank=True, help_text="The click id of the landing page."
    )
    ref = Text(max_length=80, required=False, allow_blank=True, help_text="An affiliate's code.")
    coupons = serializers.ListField(child=Text(max_length=80), max_length=20, required=False)
    landing_url = Text(max_length=2000, required=False, allow_blank=True)


class SubscriptionRequest(Strict):
    """Of which subscription the order is a payment."""

    external_id = Text(max_length=120)
    payment_number = Whole(
        min_value=0,
        max_value=100_000,
        required=False,
        allow_null=True,
        help_text="Which paid period; 0: the trial. Without it, the payments told are counted.",
    )


class OrderRequest(Strict):
    """An order, lead or sign-up."""

    source = Text(max_length=60, help_text="Names the store.")  # type: ignore[assignment]  # the wire calls it so
    external_id = Text(max_length=120, help_text="The store's number of the order, unique in its source.")
    goal = Text(
        max_length=40,
        required=False,
        default="sale",
        help_text="What was reached: sale, lead, sign_up, install, or any name that a plan asks for.",
    )
    occurred_at = Moment(help_text="When it was ordered.")
    captured_at = Moment(required=False, allow_null=True, help_text="When it was paid.")
    revision_at = Moment(required=False, allow_null=True, help_text="When the store last changed it.")
    currency = Currency(max_length=3)
    total = Amount(help_text="What the customer paid, tax and shipping included.")
    tax = Amount(required=False, default=0)
    shipping = Amount(required=False, default=0)
    discount = Amount(required=False, default=0)
    lines = serializers.ListField(
        child=LineRequest(),
        required=False,
        max_length=MOST_LINES,
        help_text="What was bought; a lead has none.",
    )
    customer = CustomerRequest(required=False, allow_null=True)
    evidence = EvidenceRequest(required=False, allow_null=True)
    subscription = SubscriptionRequest(required=False, allow_null=True)
    channel = Text(max_length=40, required=False, allow_blank=True)
    metadata = Metadata(required=False, help_text="Any names and values, up to 8 kB; plans may ask for them.")
    buyer_ip = Ip(
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Kept as a keyed digest of its network alone.",
    )
    shipping_address = AddressRequest(
        required=False, allow_null=True, help_text="Kept as a keyed digest alone."
    )
    payer_country = Country(
        max_length=2,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Of the card, else of the bill.",
    )
    risk = RiskRequest(required=False, allow_null=True)

    def validate_source(self, value: str) -> str:
        """Keep the source of what is made here free."""
        if value == OWN_SOURCE:
            raise serializers.ValidationError(_("This name is reserved."))
        return value

    def validate_metadata(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """Keep the names of marks free."""
        return without_marks(metadata)

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse two lines of one id, and sums that no order has."""
        return _once_each(lines)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Without lines the base is total - tax - shipping, which must not be negative."""
        if not values.get("lines") and values["total"] < values["tax"] + values["shipping"]:
            raise serializers.ValidationError({"total": [_("It is less than tax and shipping together.")]})
        if sum(line["net"] for line in values.get("lines", ())) >= LARGEST:
            raise serializers.ValidationError({"lines": [_("The amount is too large.")]})
        return values


class UpdateRequest(OrderRequest):
    """A newer revision; what the address names may be left out."""

    source = Text(max_length=60, required=False)
    external_id = Text(max_length=120, required=False)


class RefundLineRequest(Strict):
    """What of one line went back."""

    external_id = Text(max_length=120)
    quantity = Whole(min_value=0, max_value=MOST_UNITS)
    net = Amount(required=False, allow_null=True, help_text="Without it, the quantity's part of the line.")


class RefundRequest(Strict):
    """Money that went back, or came back when a dispute was won."""

    source = Text(max_length=60)  # type: ignore[assignment]  # the wire calls it so
    conversion_external_id = Text(max_length=120, help_text="The store's number of the order.")
    external_id = Text(max_length=120, help_text="The store's number of the refund, unique in its source.")
    occurred_at = Moment()
    kind = serializers.ChoiceField(choices=RefundKind.choices, required=False, default=RefundKind.REFUND)
    currency = Currency(
        max_length=3,
        required=False,
        help_text="The order's; before it is known, else the program's is meant.",
    )
    lines = serializers.ListField(
        child=RefundLineRequest(), required=False, max_length=MOST_LINES, allow_empty=False
    )
    gross = Amount(required=False, help_text="What the customer got back, where no lines are known.")
    reason = Text(max_length=200, required=False, allow_blank=True)

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse two lines of one id."""
        return _once_each(lines)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """A refund has lines or a gross amount; a chargeback or cancellation may concern the whole order."""
        if "lines" in values and "gross" in values:
            raise serializers.ValidationError({"gross": [_("Send lines or a gross amount, not both.")]})
        if values["kind"] == RefundKind.REFUND and "lines" not in values and "gross" not in values:
            raise serializers.ValidationError({"lines": [_("Send lines or a gross amount.")]})
        return values


def read(kind: type[Strict], data: Any, **context: Any) -> dict[str, Any]:
    """Return the checked values of a request; raise the 422 problem with a pointer per wrong field."""
    found = kind(data=data, context=context)
    if not found.is_valid():
        raise invalid(pointed(found.errors))
    values: dict[str, Any] = found.validated_data
    return values


def read_order(data: Any, at: datetime | None = None) -> OrderIn:
    """Return the order that a request tells; without a revision time it is of `at`, else of when it was paid."""
    return _order(read(OrderRequest, data, currency=_currency(data)), at)


def read_refund(data: Any, currency: str) -> tuple[dict[str, Any], RefundIn]:
    """Return a request's values and the refund in them; amounts are of `currency` where it names none."""
    values = read(RefundRequest, data, currency=_currency(data) or currency)
    return values, _refund(values)


def _currency(data: Any) -> str | None:
    code = data.get("currency") if isinstance(data, Mapping) else None
    return code if isinstance(code, str) and code in EXPONENTS else None


def _order(values: dict[str, Any], at: datetime | None) -> OrderIn:
    made = values.get("captured_at") or values["occurred_at"]
    plain = (
        "source",
        "external_id",
        "goal",
        "occurred_at",
        "currency",
        "total",
        "tax",
        "shipping",
        "discount",
    )
    subscription = values.get("subscription") or {}
    evidence = values.get("evidence") or {}
    return OrderIn(
        **{name: values[name] for name in plain},
        revision_at=values.get("revision_at") or at or made,
        captured_at=values.get("captured_at"),
        lines=tuple(_line(line) for line in values.get("lines", ())),
        customer=CustomerIn(**(values.get("customer") or {})),
        evidence=Evidence(**{**evidence, "coupons": tuple(evidence.get("coupons", ()))}),
        subscription=subscription.get("external_id", ""),
        payment_number=subscription.get("payment_number"),
        channel=values.get("channel", ""),
        metadata={**values.get("metadata", {}), **notes(values)},
    )


def _line(values: dict[str, Any]) -> LineIn:
    category = values.get("category", "")
    rest = {name: value for name, value in values.items() if name != "category"}
    return LineIn(**rest, categories=(category,) if category else ())


def _refund(values: dict[str, Any]) -> RefundIn:
    lines = values.get("lines")
    return RefundIn(
        external_id=values["external_id"],
        kind=values["kind"],
        occurred_at=values["occurred_at"],
        gross=values.get("gross"),
        lines=None if lines is None else tuple(RefundLineIn(**line) for line in lines),
        final=lines is None,  # who tells us has the lines already, or never will
        reason=values.get("reason", ""),
    )


def _once_each(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = Counter(line["external_id"] for line in lines)
    if max(counts.values(), default=1) > 1:
        twice = [
            {"external_id": [_("Two lines have this id.")]} if counts[line["external_id"]] > 1 else {}
            for line in lines
        ]
        raise serializers.ValidationError(twice)
    return lines

"""An order as a value: what every door (API, store hook, import) hands in. Amounts are minor units of `currency`."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from tracking.states import OrderState, RefundKind

ADDED_LATER = ("brand",)  # fields of a line that older snapshots lack
EVIDENCE_LATER = ("referrer", "referred_at")  # and of the evidence
CUSTOMER_LATER = ("ours",)  # and of the customer
ENDED = (OrderState.VOID, OrderState.REFUNDED, OrderState.GONE)


@dataclass(frozen=True, slots=True)
class LineIn:
    """One line: `net` is for the whole quantity, after all discounts, before tax."""

    external_id: str
    net: int
    quantity: int = 1
    sku: str = ""
    name: str = ""
    product: str = ""
    categories: tuple[str, ...] = ()
    excluded: bool = False
    brand: str = ""


@dataclass(frozen=True, slots=True)
class CustomerIn:
    """The buyer as the store knows them; `is_new` is None when the store does not say.

    `ours` is the id of our own row, where a system names a customer whom we told it of. No door takes it from outside.
    """

    external_id: str = ""
    email: str = ""
    is_new: bool | None = None
    country: str = ""
    phone: str = ""
    ours: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Whatever may say who sent the buyer.

    `referrer` is the page of another site from which the store says that the buyer came, at `referred_at` if known.
    """

    tid: str = ""
    ref: str = ""
    coupons: tuple[str, ...] = ()
    landing_url: str = ""
    referrer: str = ""
    referred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundLineIn:
    """What of one line went back; `net` is None when only the quantity is known."""

    external_id: str
    quantity: int
    net: int | None = None


@dataclass(frozen=True, slots=True)
class RefundIn:
    """Money that went back: by lines where they are known, else gross; `final` says no lines will ever come."""

    external_id: str
    kind: str = RefundKind.REFUND
    occurred_at: datetime | None = None
    gross: int | None = None
    lines: tuple[RefundLineIn, ...] | None = None
    final: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderIn:
    """One revision of one order. `refunds` is None when the door says nothing of them, else the complete list."""

    source: str
    external_id: str
    occurred_at: datetime
    revision_at: datetime
    currency: str
    total: int
    captured_at: datetime | None = None
    goal: str = "sale"
    state: str = OrderState.SALE
    tax: int = 0
    shipping: int = 0
    discount: int = 0
    lines: tuple[LineIn, ...] = ()
    customer: CustomerIn = field(default_factory=CustomerIn)
    evidence: Evidence = field(default_factory=Evidence)
    refunds: tuple[RefundIn, ...] | None = None
    subscription: str = ""
    payment_number: int | None = None
    channel: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the order as plain JSON (times in ISO 8601).

        Fields that lines, evidence and customer did not always have are left out while they are empty, so that an
        order which says what it said before has the content it had before.
        """
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=_plain))
        plain["lines"] = [_without_empty(line, ADDED_LATER) for line in plain["lines"]]
        plain["customer"] = _without_empty(plain["customer"], CUSTOMER_LATER)
        plain["evidence"] = _without_empty(plain["evidence"], EVIDENCE_LATER)
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "OrderIn":
        """Read what `as_json` wrote."""
        values = dict(plain)
        for name in ("occurred_at", "revision_at", "captured_at"):
            values[name] = _when(values[name])
        values["lines"] = tuple(
            LineIn(**{**line, "categories": tuple(line["categories"])}) for line in plain["lines"]
        )
        values["customer"] = CustomerIn(**plain["customer"])
        values["evidence"] = _evidence(plain["evidence"])
        if plain["refunds"] is not None:
            values["refunds"] = tuple(_refund(refund) for refund in plain["refunds"])
        return cls(**values)

    def content_hash(self) -> str:
        """Return a digest of everything that the order says, its revision time apart."""
        content = self.as_json()
        del content["revision_at"]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def revision_key(self) -> str:
        """Return a text that sorts revisions: by the store's time, then refunds seen, then content.

        Stores tell the time of a change in whole seconds, so two revisions may carry the same one; the rest of
        the key makes the outcome independent of the order of arrival. Of two in one second, the one that ends the sale
        is the newer: sales end, and seldom begin anew.
        """
        end = "~" if self.state in ENDED else ""  # sorts after every digit
        told = f"{len(self.refunds or ()):04d}|{end}{self.content_hash()[:16]}"
        return f"{self.revision_at.timestamp():020.6f}|{told}"


def differences(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[Any]]:
    """Return field -> [old, new] for what two orders in JSON say differently, their revision time apart."""
    names = (set(old) | set(new)) - {"revision_at"}
    return {name: [old.get(name), new.get(name)] for name in sorted(names) if old.get(name) != new.get(name)}


def _evidence(plain: dict[str, Any]) -> Evidence:
    read = {"coupons": tuple(plain["coupons"]), "referred_at": _when(plain.get("referred_at"))}
    return Evidence(**{**plain, **read})


def _refund(plain: dict[str, Any]) -> RefundIn:
    lines = plain["lines"]
    parsed = None if lines is None else tuple(RefundLineIn(**line) for line in lines)
    return RefundIn(**{**plain, "lines": parsed, "occurred_at": _when(plain["occurred_at"])})


def _without_empty(line: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if value or name not in names}


def _when(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an order")

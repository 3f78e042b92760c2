"""What every connector is: a module that reads what a system sends and asks it what it did not say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tracking.orders import OrderIn, RefundLineIn

Keys = Mapping[str, Any]


class BadSignature(Exception):
    """The request does not come from the system that holds the secret."""


class Unreadable(ValueError):
    """The message cannot be taken as it is; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Received:
    """A genuine message, before it is understood; equal messages have equal `dedupe_key`s."""

    topic: str
    subject: str
    dedupe_key: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message means: an order to take, or one to ask the system about (`ask`, its number), or nothing.

    A question with a `note` may be left unasked, and the note says why; one without waits until it can be asked.
    """

    order: OrderIn | None = None
    ask: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """The far side, as a connector needs it: where it is, how it is called in orders, and its keys."""

    base_url: str
    source: str
    keys: Keys


class Connector(Protocol):
    """One folder each. What goes wrong outside raises Temporary, Permanent or Misconfigured."""

    def receive(self, store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
        """Check the signature (BadSignature) and name the message; None for a sign of life that says nothing."""

    def read(self, store: Store, topic: str, body: bytes) -> Reading:
        """Say what a message means; Unreadable says why it cannot be told."""

    def has_keys(self, store: Store) -> bool:
        """Say whether the system can be asked."""

    def fetch_order(self, store: Store, order: str) -> OrderIn | None:
        """Return the order as it is now, or None when the system has it no more."""

    def fetch_refund_lines(
        self, store: Store, order: str, refund: str, currency: str
    ) -> tuple[RefundLineIn, ...] | None:
        """Return what of which line went back: None if no lines are named, () if only shipping or fees did."""

    def register(self, store: Store, delivery_url: str) -> list[str]:
        """See to it that the system sends us its news; return what a person must still do, in sentences."""

    def check(self, store: Store, delivery_url: str) -> str:
        """Try the address and the keys; return a sentence that says how things stand."""

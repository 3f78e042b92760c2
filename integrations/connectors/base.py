"""What every connector is: a module that reads what a system sends and asks it what it did not say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

from core.jobs import Permanent, Temporary
from integrations.mapping import Table
from tracking.orders import OrderIn, RefundIn, RefundLineIn

Keys = Mapping[str, Any]
Words = Any  # a text, or one that is translated when it is read
QUERY = ":query"  # stands among the headers for the query of the address; no header can be called so


class BadSignature(Exception):
    """The request does not come from the system that holds the secret; the text says what to check."""


class Unsigned(BadSignature):
    """The request carries no signature: anybody may have sent it, so nothing is noted."""


class Stale(BadSignature):
    """The request was signed too long ago, or by a wrong clock: it may be a replay."""


class Unreadable(ValueError):
    """The message cannot be taken as it is; the text is a sentence for people."""


class Preparing(Temporary):
    """The system prepares what was asked, and is to be asked again: nothing is wrong; the text is for people."""


@dataclass(frozen=True, slots=True)
class Received:
    """A genuine message, before it is understood; equal messages have equal `dedupe_key`s."""

    topic: str
    subject: str
    dedupe_key: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """What a system says of an order, or of a buyer and all their orders, in its own word; "" takes it back.

    `kind` is one of fraud.states.TestimonyKind. `order` and `customer` are the system's numbers; an empty `order` is
    the one that the message leads to. `by` is who says so where it is not the system itself, as an app of a shop.
    """

    kind: str
    word: str
    order: str = ""
    customer: str = ""
    at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message means: an order or a refund to take, or an order to ask the system about, or nothing.

    `ask` is the number to ask about: a question with a `note` may be left unasked, and the note says why; one without
    waits until it can be asked. `untold` names the fields of the order that the message does not tell of: they stay as
    they are known. `of` is the number of the order that a refund is for, `currency` what it says its amount is in.
    `asks_changes`: records changed there, and the system is to be asked which, or of those that it names: `changed` are
    kind and number of some, `gone` of those that were deleted, `erased` of those whose person asked for it. `said` is
    what it testifies for fraud review.
    """

    order: OrderIn | None = None
    ask: str = ""
    note: str = ""
    untold: frozenset[str] = frozenset()
    refund: RefundIn | None = None
    of: str = ""
    currency: str = ""
    asks_changes: bool = False
    changed: tuple[tuple[str, str], ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    erased: tuple[tuple[str, str], ...] = ()
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A key that a system gives for a while; `keys` are those of ours that it replaced with it, to be kept."""

    value: str
    ends_at: datetime
    keys: Mapping[str, str] = field(default_factory=dict)


FetchToken = Callable[[Keys], Token]


class KeepsTokens(Protocol):
    """Keeps a short-lived key for all workers, and has it fetched once when it is over or was refused."""

    def __call__(self, fetch: FetchToken, *, refused: str = "") -> str:
        """Return a key that is good now; raises what `fetch` raises."""


@dataclass(frozen=True, slots=True)
class Store:
    """The far side, as a connector needs it: where it is, how orders call it, its keys and options.

    `currency` and `time_zone` are the program's; `fresh_token` keeps short-lived keys where a connection has them.
    `mappings` are those that hold, by direction and kind, where the connector has tables; `delivery_url` is where the
    system knocks, as the world writes it. `folder` is the program's own folder on this machine, "" if there is none.
    """

    base_url: str
    source: str
    keys: Keys
    currency: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    time_zone: str = "UTC"
    fresh_token: KeepsTokens | None = None
    mappings: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    delivery_url: str = ""
    folder: str = ""


def webhook_secrets(keys: Keys) -> list[str]:
    """Return the secrets that may sign: the present one, and the former while it is being replaced."""
    return [keys[name] for name in ("webhook_secret", "previous_secret") if keys.get(name)]


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a connector asks a person for: `name` in the connection's keys, or in its options if no secret.

    `choices` are value and words of all that can be chosen; one that `is_long` takes several lines.
    """

    name: str
    label: Words
    help: Words = ""
    is_secret: bool = True
    is_required: bool = False
    choices: tuple[tuple[str, Words], ...] = ()
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Some orders of a store, oldest change first; `cursor` asks for the next ones, None at the end.

    `refused` are orders that could not be read: number and the sentence why. `total` is how many the store says there
    are in all, if it does. `as_of` is when the store looked, where that was long before it was asked for the page.
    `said` is what the store testifies of these orders for fraud review.
    """

    orders: tuple[OrderIn, ...]
    cursor: str | None = None
    refused: tuple[tuple[str, str], ...] = ()
    total: int | None = None
    as_of: datetime | None = None
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What a far side is told: `id` is the same at every attempt, `kind` the event's, `about` the object's key."""

    id: str
    kind: str
    about: str
    at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a far side answered: the status, the beginning of what it said, and what was sent with secrets masked.

    `remote_id` is the far side's name of the object, where it gave one; `note` a sentence for people; `calls` how many
    calls it took; `quota` what is left of the far side's limits, by their names ({"daily_left": 1, "daily": 2}).
    """

    status: int
    answer: str
    request: str
    remote_id: str = ""
    note: str = ""
    calls: int = 1
    quota: Mapping[str, int] = field(default_factory=dict)


class Refused(Permanent):
    """The far side refuses this message for good; what it said stands in `delivered`, if it said anything."""

    def __init__(self, message: str, delivered: Delivered | None = None) -> None:
        super().__init__(message)
        self.delivered = delivered


class NotLet(Refused):
    """Our keys may not write this kind of record: others go on, and it is tried again hourly."""


class Gone(Permanent):
    """The far side wants to hear nothing more: the connection is switched off (HTTP 410)."""


Trouble = TypeVar("Trouble", bound=Exception)


def telling(trouble: Trouble, delivered: Delivered) -> Trouble:
    """Return the failure with what was sent and what came back, for the log of attempts."""
    trouble.delivered = delivered  # type: ignore[attr-defined]
    return trouble


def told_by(trouble: Exception) -> Delivered | None:
    """Return what was sent and what came back, if the connector has said so."""
    found = getattr(trouble, "delivered", None)
    return found if isinstance(found, Delivered) else None


@runtime_checkable
class KnowsAddresses(Protocol):
    """A connector to whose system people give more than one address or name, and mean the same."""

    def address_of(self, entered: str) -> str:
        """Return the address that is called for what was entered; "" for nothing."""


@runtime_checkable
class ListsOrders(Protocol):
    """A connector whose store can be asked for the orders that changed in a period.

    A module that says `POLLS = True` hears of nothing by itself: it is asked every minute instead of every five.
    """

    def list_orders(self, store: Store, since: datetime, until: datetime, cursor: str | None) -> OrderPage:
        """Return the next page of orders changed in [since, until), oldest first; raises a Failure."""

    def count_orders(self, store: Store, since: datetime, until: datetime) -> int | None:
        """Return how many orders changed in [since, until), or None where the store does not say."""


@runtime_checkable
class KeepsWebhooks(Protocol):
    """A connector whose system can be asked which webhooks it has: what it lost or switched off, `register` repairs."""

    def lost_webhooks(self, store: Store, delivery_url: str) -> tuple[str, ...]:
        """Return the names of those that should stand and do not; raises a Failure."""


@runtime_checkable
class Delivers(Protocol):
    """A connector that tells its system our news."""

    def wants(self, options: Mapping[str, Any], kind: str, body: Mapping[str, Any]) -> bool:
        """Say whether the connection, with these options, is to be told of an event of this kind and content."""

    def deliver(self, store: Store, message: Message) -> Delivered:
        """Tell it; raises Temporary, Misconfigured, Refused or Gone."""


@runtime_checkable
class Mapped(Protocol):
    """A connector whose records a person maps, field by field; its tables say which fields there are."""

    TABLES: tuple[Table, ...]


class Connector(Protocol):
    """One folder each. What goes wrong outside raises Temporary, Permanent or Misconfigured.

    `NAME` and `ABOUT` are for people, `KEYS` what they are asked for, `HAS_ADDRESS` whether the system has an address
    that we call; `ROUTE` names the address at which it knocks, "" if it never does. A module may also say that nobody
    calls the system (IS_CALLED = False), that it signs with a secret of its own and not with the one that we made
    (IS_SEALED_BY_ITSELF), or that it lives by being asked each minute (POLLS). TESTIFIES names the topics of messages
    that say something of an order for fraud review, and may come before it. What a connector can do besides is told by
    the protocols above: `isinstance(connector, ListsOrders)`.
    """

    NAME: Words
    ABOUT: Words
    KEYS: tuple[Key, ...]
    HAS_ADDRESS: bool
    ROUTE: str

    def receive(self, store: Store, headers: Mapping[str, str], body: bytes, at: datetime) -> Received | None:
        """Check the signature (BadSignature) and name the message; None for a sign of life that says nothing."""

    def read(self, store: Store, topic: str, body: bytes, headers: Mapping[str, str]) -> Reading:
        """Say what a message means, by its bytes and the headers kept; Unreadable says why it cannot be told."""

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

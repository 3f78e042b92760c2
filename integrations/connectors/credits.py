"""Credit that a shop keeps for its customers: what a connector must be able to do so that payouts are given as credit.

No shop that we know promises to give a credit once where it is asked for twice. So asking is split: whose account it
is, what that account was credited with of late, and the one call that moves money. Who calls them in which order, and
what is written down between, stands in integrations/actions/credits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from core.jobs import Permanent
from core.money import Money
from integrations.connectors.base import Delivered, Store


class NotGiven(Permanent):
    """The shop certainly gives nothing, for a reason that the affiliate may read: it names no vendor."""


class Untold(Permanent):
    """What an account was credited with cannot be found out; a person must look."""


@dataclass(frozen=True, slots=True)
class Given:
    """A credit that stands on an account: the shop's number of it, and when it was given."""

    number: str
    at: datetime


class Till(Protocol):
    """One conversation with a shop about one payout."""

    def find_account(self, address: str, currency: str) -> str:
        """Return the number of the customer with this address; NotGiven for none, or for the currency."""

    def list_given(self, account: str, money: Money, since: datetime) -> tuple[Given, ...]:
        """Return the credits of exactly this amount that an account was given since then; raises Untold."""

    def give(self, account: str, money: Money) -> str:
        """Give it and return the shop's number of it; NotGiven is a certain no, any other Failure says nothing."""

    def ahead(self) -> timedelta:
        """Return by how much the shop's clock is ahead of this machine's, as its last answer told; 0 if it did not."""

    def exchange(self, remote_id: str = "") -> Delivered:
        """Return what was asked and answered, for the log of attempts."""


@runtime_checkable
class GivesCredit(Protocol):
    """A connector whose shop keeps credit for its customers."""

    def gives_credit(self, options: Mapping[str, Any]) -> bool:
        """Say whether the connection, with these options, offers it to affiliates."""

    def shop_name(self, options: Mapping[str, Any]) -> str:
        """Return what affiliates call the shop, "" if nobody has said."""

    def open_till(self, store: Store) -> Till:
        """Begin a conversation; nothing is asked yet."""

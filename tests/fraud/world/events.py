"""What happened in a made-up program, and who did it: plain values, no database.

Times are seconds from the world's first midnight. Marks are readable here ("d12"): nobody in it is real.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fraud.checks.facts import AdMarker, Mark, Marks

FIRST_DAY = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday
RETURN_DAYS = 30  # the return window: refunds after it come after the approval
CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Person:
    """A buyer, or the one behind an account; "" is what nobody knows."""

    email: str
    phone: str = ""
    address: str = ""
    device: str = ""
    network: str = ""
    country: str = "DE"

    @property
    def marks(self) -> Marks:
        """What the person is known again by."""
        said = {
            Mark.EMAIL: self.email,
            Mark.PHONE: self.phone,
            Mark.ADDRESS: self.address,
            Mark.DEVICE: self.device,
            Mark.NETWORK: self.network,
        }
        return {mark: frozenset({value}) for mark, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Account:
    """One affiliate: what it says it does, who is behind it, where it is paid to, who recruited it (0: nobody)."""

    enrollment: int
    promotion: str
    person: Person
    payee: str
    sponsor: int = 0
    related: frozenset[int] = frozenset()

    @property
    def marks(self) -> Marks:
        """The person's, and the payee."""
        return {**self.person.marks, Mark.PAYEE: frozenset({self.payee})}

    @property
    def site(self) -> str:
        """The host of its website."""
        return f"site{self.enrollment}.example"


@dataclass(frozen=True, slots=True)
class Click:
    """One click as it was received; `kind` is of tracking.visits.networks, `visitor` "" without consent."""

    id: int
    enrollment: int
    at: float
    visitor: str
    network: str
    browser: str = "b0"
    kind: str = ""
    country: str = "DE"
    referrer: str = ""
    landed: bool | None = True
    fetch_dest: str | None = "document"
    fetch_user: bool | None = True
    is_bot: bool = False
    is_repeated: bool = False
    is_carrier: bool = False
    ads: tuple[AdMarker, ...] = ()
    brand_term: str = ""


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code of one affiliate's."""

    id: int
    enrollment: int
    is_offline: bool = False


@dataclass(frozen=True, slots=True)
class Sale:
    """One order credited to an affiliate: by `click`, else by `coupon`; `came_from` is where the visitor was before."""

    conversion: int
    enrollment: int
    at: float
    total: int
    buyer: Person
    number: str
    click: int = 0
    coupon: int = 0
    claims_new: bool | None = None
    goal: str = "sale"
    came_from: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back in full."""

    conversion: int
    at: float
    is_chargeback: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """Everything that happened, and the truth: what each fraud and each honest look-alike is.

    `schemes` and `lookalikes` are by enrollment, whoever is in neither is ordinary and honest; `planted` are the
    conversions that a scheme made or stole.
    """

    days: int
    accounts: Mapping[int, Account]
    clicks: tuple[Click, ...]
    sales: tuple[Sale, ...]
    refunds: tuple[Refund, ...]
    coupons: Mapping[int, Coupon]
    schemes: Mapping[int, str] = field(default_factory=dict)
    lookalikes: Mapping[int, str] = field(default_factory=dict)
    planted: Mapping[int, str] = field(default_factory=dict)

    @property
    def honest(self) -> frozenset[int]:
        """Everybody without a scheme."""
        return frozenset(self.accounts) - frozenset(self.schemes)

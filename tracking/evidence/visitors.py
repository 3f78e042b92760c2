"""Whose browsers an order may have come from: that of its click id, and those in which its customer was known."""

from dataclasses import dataclass, replace
from uuid import UUID

from affiliates.models import BrowserOrders
from tracking.attribution.touches import SKEW
from tracking.clickid import ClickId, read
from tracking.identity import keys_of
from tracking.models import Click, Identity, Order
from tracking.orders import Evidence, OrderIn

MOST_VISITORS = 50


@dataclass(frozen=True, slots=True)
class Visitors:
    """What the click id names, its row if it has come, its browser, and the customer's other browsers.

    `claimed` are browsers of which only a browser says that they are the customer's. `is_cut` says that the customer
    was known in more browsers than are looked at.
    """

    named: ClickId | None = None
    click: Click | None = None
    own: UUID | None = None
    others: frozenset[UUID] = frozenset()
    claimed: frozenset[UUID] = frozenset()
    is_cut: bool = False

    @property
    def all(self) -> frozenset[UUID]:
        """All browsers but those that are only claimed."""
        return self.others | {self.own} if self.own else self.others

    def with_claimed(self) -> "Visitors":
        """Return them as if the claimed ones were proven."""
        return replace(self, others=self.others | self.claimed, claimed=frozenset())

    def without_click(self) -> "Visitors":
        """Return them as if the order named no click."""
        return replace(self, named=None, click=None, own=None)


def visitors_of(order: Order, value: OrderIn, said: Evidence) -> Visitors:
    """Return the browsers by what was known when the order was made; a later log-in changes nothing of it."""
    named, click = click_of(order, said)
    own = click.visitor if click else None
    known = _known_under(order, keys_of_order(order, value))
    proven = list(dict.fromkeys(visitor for visitor, is_proven in known if is_proven))
    claimed = list(dict.fromkeys(visitor for visitor, is_proven in known if not is_proven))
    if order.program.browser_orders == BrowserOrders.REFUSE:
        claimed = []
    others = frozenset(proven[:MOST_VISITORS])
    return Visitors(
        named,
        click,
        own,
        others - {own},
        frozenset(claimed[:MOST_VISITORS]) - others - {own},
        len(proven) > MOST_VISITORS or len(claimed) > MOST_VISITORS,
    )


def keys_of_order(order: Order, value: OrderIn) -> tuple[str, ...]:
    """Return the keys under which the order's customer may be known, by the order's own word and its buyer's row."""
    customer, program = value.customer, order.program_id
    digest = str(value.metadata.get("email_sha256") or "")
    keys = keys_of(program, order.source, customer.external_id, customer.email, digest)
    if (row := order.customer) is not None:
        keys += keys_of(program, row.source, row.external_id, row.email)
    return tuple(dict.fromkeys(keys))


def click_of(order: Order, said: Evidence) -> tuple[ClickId | None, Click | None]:
    """Return what the click id names, and its row if it has come."""
    named = read(said.tid) if said.tid else None
    if named is None:
        return None, None
    rows = Click.objects.filter(pk=named.uuid, program=order.program_id)
    return named, rows.select_related("terms", "enrollment").first()


def _known_under(order: Order, keys: tuple[str, ...]) -> list[tuple[UUID, bool]]:
    """The browsers known under these keys by then, the proven first, then the newest; a few too many, if there are."""
    if not keys:
        return []
    rows = Identity.objects.filter(program=order.program_id, key__in=keys, at__lte=order.occurred_at + SKEW)
    # one browser may be known under several keys
    most = 2 * (MOST_VISITORS + 1) * len(keys)
    return list(rows.order_by("-is_proven", "-at", "-pk").values_list("visitor", "is_proven")[:most])

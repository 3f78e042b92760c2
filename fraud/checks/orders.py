"""Orders that are told twice, come in bunches, go back, or never were. Limits: rules 8, 12 and 16 of the research."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from fraud.checks.base import ROWS, Check, Limits, Measure
from fraud.checks.facts import PERSONAL, Alike, Mark, SaleFacts
from fraud.checks.sentences import MARKS, codes
from fraud.states import Action, Cause, Subject

QUARTER, DAY = 900, 86400  # seconds
PLACES = frozenset({Mark.ADDRESS, Mark.DEVICE})  # not the network: offices and carriers share one


def duplicate_order(facts: SaleFacts) -> Measure | None:
    """Count earlier orders with the same number, amount and currency, which another door has told.

    Two shops may number their orders alike: it is the same person as well, or the same quarter of an hour.
    """
    twice = [
        one
        for one in facts.alike
        if one.has_same_number
        and _costs_the_same(one, facts)
        and (one.marks & (PERSONAL | {Mark.DEVICE}) or abs(one.apart) <= QUARTER)
    ]
    return Measure(len(twice), figures={"count": len(twice)}, rows=_with(facts, twice))


def near_duplicate(facts: SaleFacts) -> Measure | None:
    """Return the seconds to the nearest order of the same person over the same amount, None if there is none."""
    same = [
        one
        for one in facts.alike
        if one.marks & PERSONAL and _costs_the_same(one, facts) and not one.has_same_number
    ]
    if not same:
        return None
    nearest = min(same, key=lambda one: one.apart)
    figures = {"seconds": round(nearest.apart), MARKS: codes(nearest.marks & PERSONAL)}
    return Measure(nearest.apart, figures=figures, rows=_with(facts, [nearest]))


def orders_in_a_row(facts: SaleFacts) -> Measure | None:
    """Count other orders of the day before from the same postal address or browser, by whomever."""
    if not PLACES & facts.buyer.keys():
        return None
    others = [
        one for one in facts.alike if one.marks & PLACES and 0 <= one.apart <= DAY and not one.has_same_number
    ]
    found = {mark for one in others for mark in one.marks & PLACES}
    return Measure(
        len(others), figures={"count": len(others), MARKS: codes(found)}, rows=_with(facts, others)
    )


def refunds_again(facts: SaleFacts) -> Measure | None:
    """Count the person's earlier orders for the same affiliate whose money went back."""
    if not PERSONAL & facts.buyer.keys():
        return None
    back = [
        one
        for one in facts.alike
        if one.came_back and one.marks & PERSONAL and one.enrollment == facts.enrollment
    ]
    return Measure(len(back), figures={"count": len(back)}, rows=_with(facts, back))


def new_customer_claim(facts: SaleFacts) -> Measure | None:
    """Count earlier orders of a buyer whom the order calls new."""
    if not facts.claims_new or facts.earlier is None:
        return None
    earlier = [one for one in facts.alike if one.marks & PERSONAL]
    return Measure(facts.earlier, figures={"count": facts.earlier}, rows=_with(facts, earlier))


def late_click(facts: SaleFacts) -> Measure | None:
    """Return the seconds from a click to the order, of a visitor whom another affiliate had brought before."""
    if facts.displaced is None or facts.click is None or facts.click.until_order is None:
        return None
    before = facts.displaced.until_order - facts.click.until_order
    if before <= 0 or facts.displaced.enrollment == facts.enrollment:
        return None
    figures = {"seconds": round(facts.click.until_order), "minutes": round(before / 60, 1)}
    rows = facts.rows() | {"clicks": tuple(one for one in (facts.click.id, facts.displaced.click) if one)}
    return Measure(facts.click.until_order, figures=figures, rows=rows)


def unconfirmed_order(facts: SaleFacts) -> Measure | None:
    """Return for how many hours only a browser knows of the order; the sample are others that the shop did confirm."""
    said = facts.unconfirmed
    if said is None:
        return None
    figures = {"hours": round(said.hours), "others": said.others}
    return Measure(said.hours, said.others, figures, facts.rows())


def _costs_the_same(one: Alike, facts: SaleFacts) -> bool:
    return (one.total, one.currency) == (facts.total, facts.currency)


def _with(facts: SaleFacts, others: list[Alike]) -> dict[str, tuple[Any, ...]]:
    return facts.rows(*(one.conversion for one in others[: ROWS - 1]))


IN_REVIEW = _("We look at this order together with others before it is paid.")
REVIEWED = _("We looked at this order together with others.")

CHECKS: tuple[Check[SaleFacts], ...] = (
    Check(
        name="duplicate_order",
        cause=Cause.ORDERS,
        subject=Subject.CONVERSION,
        title=_("The same order twice"),
        statistic=_("earlier orders with the same number, amount and buyer"),
        sentence=_("Told before with the same number and amount: %(count)s times."),
        plain=_("This order was counted before under the same number."),
        honest=_("Hardly anybody. Whoever told it twice, it is paid once."),
        measure=duplicate_order,
        limits=Limits(1),  # rule 12: the order's number is its identity
        weight=3.0,
        may_decline=True,
    ),
    Check(
        name="near_duplicate",
        cause=Cause.ORDERS,
        subject=Subject.CONVERSION,
        title=_("The same purchase again within minutes"),
        statistic=_("seconds to the person’s nearest order over the same amount"),
        sentence=_("Same %(marks)s and same amount as an order %(seconds)s seconds apart."),
        plain=IN_REVIEW,
        past=REVIEWED,
        honest=_("A second piece ordered at once, and orders that the shop splits."),
        measure=near_duplicate,
        limits=Limits(600),  # rule 12: ten minutes
        weight=1.5,
        is_low_bad=True,
    ),
    Check(
        name="orders_in_a_row",
        cause=Cause.ORDERS,
        subject=Subject.CONVERSION,
        title=_("Several orders from one place"),
        statistic=_("other orders from the same postal address or browser in the 24 hours before"),
        sentence=_("In the 24 hours before, orders with the same %(marks)s: %(count)s."),
        plain=IN_REVIEW,
        past=REVIEWED,
        honest=_("Offices, dormitories and parcel stations; a computer at a trade fair."),
        measure=orders_in_a_row,
        limits=Limits(3),  # our choice: a household orders two or three times on a sale's first day
        weight=1.0,
    ),
    Check(
        name="refunds_again",
        cause=Cause.ORDERS,
        subject=Subject.CONVERSION,
        title=_("Buys and sends back, again"),
        statistic=_("the person’s earlier orders for the same affiliate whose money went back"),
        sentence=_("Earlier orders of this person for the same affiliate whose money went back: %(count)s."),
        plain=_("Earlier orders of this customer were refunded. We wait whether this one stays."),
        past=_("Earlier orders of this customer were refunded."),
        honest=_("Customers of fashion, who order sizes to choose from."),
        measure=refunds_again,
        limits=Limits(2),  # our choice: once is a return, twice for the same affiliate is a habit
        weight=1.5,
    ),
    Check(
        name="new_customer_claim",
        cause=Cause.ORDERS,
        subject=Subject.CONVERSION,
        title=_("A new customer who bought before"),
        statistic=_("earlier orders of the buyer"),
        sentence=_("Called a new customer, with earlier orders: %(count)s."),
        plain=_("We check whether the customer of this order is a new one."),
        past=_("It was in question whether the customer of this order was a new one."),
        honest=_(
            "Customers who order as a guest, of whom the shop itself does not know that they came back."
        ),
        measure=new_customer_claim,
        limits=Limits(1),
        weight=1.0,
    ),
    Check(
        name="late_click",
        cause=Cause.ORDERS,
        subject=Subject.CONVERSION,
        title=_("Click at the checkout of somebody else’s visitor"),
        statistic=_("seconds from the click to the order, where another affiliate had brought the visitor"),
        sentence=_(
            "The click came %(seconds)s seconds before the order and %(minutes)s minutes after "
            "another affiliate’s click."
        ),
        plain=_("Your click came shortly before the order, of a visitor who was in the shop already."),
        honest=_("Buyers who look for a better price at the last moment and find it at this affiliate."),
        measure=late_click,
        limits=Limits(300),  # rule 8: five minutes; under 5 seconds Everflow calls it poaching
        weight=1.2,
        action=Action.NOTE,  # one is a buyer who looked for a code: the affiliate's own check compares with peers
        is_low_bad=True,
    ),
    Check(
        name="unconfirmed_order",
        cause=Cause.ORDERS,
        subject=Subject.CONVERSION,
        title=_("An order that the shop does not know"),
        statistic=_(
            "hours for which only a browser knows of the order; sample: others that the shop confirmed"
        ),
        sentence=_(
            "Only a browser told of this order, %(hours)s hours ago. "
            "Of the same time the shop confirmed %(others)s others."
        ),
        plain=_("The shop has not confirmed this order yet."),
        past=_("The shop had not confirmed this order."),
        honest=_(
            "Orders during an outage of the shop’s connection: then hardly any other is confirmed either."
        ),
        measure=unconfirmed_order,
        # Rule 16. Three days outlast a weekend's outage; five others show that the connection works (our choice).
        limits=Limits(72, sample=5),
        weight=3.0,
        may_decline=True,
    ),
)

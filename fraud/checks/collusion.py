"""Which affiliates act together: by what they and their buyers have in common, and by who buys through whom."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from fraud.checks.base import ROWS, Check, Limits, Measure
from fraud.checks.circles import SOLD_TO, WEAK, CircleFacts, RingFacts, ring_of
from fraud.checks.facts import Mark
from fraud.checks.sentences import codes, percent
from fraud.maths.counts import drawn_tail
from fraud.states import Cause, Subject

SURE = frozenset({Mark.PAYEE.value, Mark.CUSTOMER.value})  # one of them is as good as two others: 1.2 no. 10


def shared_marks(facts: CircleFacts) -> Measure | None:
    """Return the number of independent kinds of marks that join the affiliate with the one it is most joined with."""
    if facts.ties is None:
        return None
    kinds: dict[int, set[str]] = {}
    for tie in facts.ties:
        if tie.other not in facts.related:
            kinds.setdefault(tie.other, set()).add(tie.kind)
    other = max(sorted(kinds), key=lambda one: _independent(kinds[one]), default=None)
    if other is None:
        return Measure(0, 1, {"marks": [], "members": 1, "has_common_buyers": False, "ways": []})
    ways = [[list(step) for step in tie.way] for tie in facts.ties if tie.other == other]
    marks = codes(Mark(kind) for kind in kinds[other] if kind != SOLD_TO)
    figures = {
        "marks": marks,
        "members": len(facts.members),
        "has_common_buyers": SOLD_TO in kinds[other],
        "ways": ways,
    }
    rows = {"enrollments": (facts.affiliate, *sorted(kinds))[:ROWS]}
    return Measure(_independent(kinds[other]), len(kinds) + 1, figures, rows)


def _independent(kinds: set[str]) -> int:
    """Weak ones alone are none; and a browser is at home in a network, so that the two are one."""
    if kinds <= WEAK:
        return 0
    if Mark.DEVICE in kinds:
        kinds = kinds - {Mark.NETWORK.value}
    return sum(2 if kind in SURE else 1 for kind in kinds)


def customers_inside(facts: CircleFacts) -> Measure | None:
    """Return the share of the affiliate's buyers that belong to its circle, against a blind draw of all buyers."""
    others = facts.members - facts.related - {facts.affiliate}
    if facts.ties is None or not facts.customers:
        return None
    is_circle = len(others) > 0
    value = facts.inside / facts.customers if is_circle else 0.0
    blind = drawn_tail(facts.inside, facts.customers, facts.all_inside, facts.all_customers)
    figures = {
        "count": facts.inside,
        "of": facts.customers,
        "percent": percent(value),
        "usual": percent(facts.all_inside / facts.all_customers),
        "members": len(others) + 1,
    }
    rows = {"enrollments": (facts.affiliate, *sorted(others))[:ROWS]}
    return Measure(value, facts.customers, figures, rows, p=blind if is_circle else 1.0)


def tied_line(facts: RingFacts) -> Measure | None:
    """Return how many of its sponsors and recruits have marks in common with it or with each other."""
    if facts.tied is None:
        return None
    tied = sorted((facts.tied & facts.line) - facts.related - {facts.affiliate})
    figures = {"count": len(tied), "of": len(facts.line - {facts.affiliate})}
    return Measure(len(tied), len(facts.line), figures, {"enrollments": (facts.affiliate, *tied)[:ROWS]})


def line_buys_itself(facts: RingFacts) -> Measure | None:
    """Return the share of the line's orders that members of the line made through each other."""
    if len(facts.line) < 2 or not facts.orders:
        return None
    within = [one for one in facts.purchases if {one.buyer, one.seller} <= facts.line - facts.related]
    conversions = tuple(number for one in within for number in one.conversions)
    value = len(conversions) / facts.orders
    figures = {
        "count": len(conversions),
        "of": facts.orders,
        "percent": percent(value),
        "members": len(facts.line),
    }
    return Measure(value, facts.orders, figures, {"conversions": conversions[:ROWS]})


def circular_buying(facts: RingFacts) -> Measure | None:
    """Return the orders on the shortest circle in which affiliates buy through each other, back to the first."""
    if not facts.purchases:
        return None
    ring = ring_of(facts)
    legs = [one for one in facts.purchases if (one.buyer, one.seller) in ring]
    conversions = tuple(number for one in legs for number in one.conversions)
    names = [buyer for buyer, _seller in ring]
    figures = {"count": len(conversions), "members": len(ring)}
    rows = {"conversions": conversions[:ROWS], "enrollments": tuple(names)[:ROWS]}
    return Measure(len(conversions), max(1, len(ring)), figures, rows)


def _check(name: str, **words: Any) -> Check[Any]:
    return Check(name=name, cause=Cause.COLLUSION, subject=Subject.AFFILIATE, **words)


PLAIN = _(
    "Your account has much in common with other accounts, and we are looking at how they belong together."
)
PAST = _("Your account had much in common with other accounts.")

CHECKS: tuple[Check[Any], ...] = (
    _check(
        "circle_of_accounts",
        title=_("Accounts that belong together"),
        statistic=_(
            "independent kinds of marks that join two affiliates; a payment or shop account counts as two"
        ),
        sentence=_(
            "Joined with another affiliate by the same %(marks)s; %(members)s affiliates are joined in all."
        ),
        plain=PLAIN,
        past=PAST,
        honest=_("Agencies, families and people who share an office: declare them as related."),
        measure=shared_marks,
        limits=Limits(2, sample=2),  # 1.2 no. 10: 2 partners, 2 independent kinds, or 1 payee or identity
        weight=2.5,
    ),
    _check(
        "customers_in_circle",
        title=_("Buyers that belong to the affiliate’s own circle"),
        statistic=_("share of an affiliate’s buyers with whom it or its circle has marks in common"),
        sentence=_(
            "%(count)s of %(of)s buyers (%(percent)s %%) belong to a circle of %(members)s affiliates; of all buyers"
            " %(usual)s %% do."
        ),
        plain=_("Many of the people who bought through you have much in common with other accounts."),
        honest=_("A new affiliate whose first buyers are friends and family."),
        measure=customers_inside,
        limits=Limits(
            0.2, sample=10
        ),  # 1.2 no. 10 asks for a permutation null, which is `p`; share and sample are ours
        weight=2.0,
    ),
    _check(
        "tied_sponsor_line",
        title=_("Sponsors and recruits that are the same people"),
        statistic=_(
            "sponsors and recruits of an affiliate that have marks in common with it or with each other"
        ),
        sentence=_("Of %(of)s sponsors and recruits, %(count)s have marks in common."),
        plain=PLAIN,
        past=PAST,
        honest=_("Whoever recruits a spouse or a colleague has one such recruit."),
        measure=tied_line,
        limits=Limits(2, sample=3),  # our choice: one is a household, two are a ring of three
        weight=2.0,
    ),
    _check(
        "line_buys_from_itself",
        title=_("Sponsors and recruits that buy through each other"),
        statistic=_("share of the orders of a sponsor line that its own members made through each other"),
        sentence=_(
            "%(count)s of %(of)s orders (%(percent)s %%) of this line of %(members)s affiliates were made by its own"
            " members."
        ),
        plain=_("Many orders in your line were made by affiliates of the same line."),
        honest=_(
            "Affiliates who like what they recommend buy it, now and then through whoever recruited them."
        ),
        measure=line_buys_itself,
        limits=Limits(0.2, sample=10),  # our choice: a fifth of the turnover is more than trying the goods
        weight=1.5,
    ),
    _check(
        "circular_buying",
        title=_("Affiliates that buy through each other in a circle"),
        statistic=_("orders on the shortest circle of affiliates that buy through each other"),
        sentence=_("%(members)s affiliates buy through each other in a circle, with %(count)s orders."),
        plain=_("Orders through you and through other affiliates were made by each other."),
        honest=_("Two friends who each buy once through the other make two orders."),
        measure=circular_buying,
        limits=Limits(3, sample=2),  # our choice: one more than one favor each way
        weight=2.0,
    ),
)

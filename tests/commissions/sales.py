"""Sales and counters drawn at random, in the words of the plans of `tests.commissions.plans`."""

from fractions import Fraction

from hypothesis import strategies as st

from commissions.counters import SPENT, Counters, Window
from commissions.plan import Plan, parse_plan
from commissions.sale import Credit, Earner, Line, Sale
from tests.commissions.plans import (
    BRANDS,
    CATEGORIES,
    COUPONS,
    CURRENCIES,
    GOALS,
    GROUPS,
    MOMENTS,
    PARTNERS,
    PRODUCTS,
    SKUS,
    SUB_IDS,
    Json,
    plans,
    some,
)

Case = tuple[Json, Plan, Sale, Counters]
metadata = st.dictionaries(
    st.sampled_from(["seats", "kind", "x"]),
    st.one_of(
        st.integers(0, 20),
        st.floats(),
        st.text(max_size=4),
        st.booleans(),
        st.none(),
        st.lists(st.one_of(st.integers(0, 20), st.none(), st.lists(st.text(max_size=2))), max_size=3),
        st.just({"deep": [1]}),
    ),
)


@st.composite
def line_lists(draw: st.DrawFn, least: int = 0, most_net: int = 200_00) -> tuple[Line, ...]:
    """Lines with keys of their own."""
    return tuple(
        Line(
            key=f"l{at}",
            sku=draw(st.sampled_from(["", *SKUS])),
            product=draw(st.sampled_from(["", *PRODUCTS])),
            categories=tuple(draw(some(CATEGORIES))),
            quantity=draw(st.integers(0, 5)),
            net=draw(st.one_of(st.integers(0, most_net), st.just(0))),
            excluded=draw(st.integers(0, 9)) == 0,
            brand=draw(st.sampled_from(["", *BRANDS])),
        )
        for at in range(draw(st.integers(least, 4)))
    )


@st.composite
def credit_lists(draw: st.DrawFn) -> tuple[Credit, ...]:
    """One to three affiliates whose shares add up to 1, with sponsors of whom some are not active."""
    weights = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    people = draw(st.permutations(range(1, 9)))
    return tuple(
        Credit(
            people[at], Fraction(weight, sum(weights)), _chain(draw), "", draw(st.sampled_from(["", *GROUPS]))
        )
        for at, weight in enumerate(weights)
    )


def _chain(draw: st.DrawFn) -> tuple[Earner, ...]:
    return tuple(
        Earner(
            level,
            draw(st.integers(10, 14)),
            draw(st.integers(0, 3)) > 0,
            "",
            draw(st.sampled_from(["", *GROUPS])),
        )
        for level in range(2, 2 + draw(st.sampled_from([0, 1, 2, 10])))
    )


sales = st.builds(
    Sale,
    goal=st.sampled_from(["sale", *GOALS]),
    currency=st.just("EUR"),
    lines=line_lists(),
    credits=credit_lists(),
    extra_base=st.sampled_from([0, 0, 490]),
    new_customer=st.sampled_from([True, False, None]),
    country=st.sampled_from(["", "de", "AT"]),
    coupons=some(COUPONS).map(tuple),
    sub_ids=some(SUB_IDS).map(tuple),
    channel=st.sampled_from(["", "app"]),
    payment=st.one_of(st.none(), st.integers(1, 14)),
    months=st.one_of(st.none(), st.integers(0, 14)),
    at=st.one_of(st.none(), MOMENTS),
    order_currency=st.sampled_from(["", *CURRENCIES]),
    metadata=metadata,
    partners=st.sampled_from([{}, PARTNERS, {"studio": 1}]),
)


@st.composite
def counters_for(draw: st.DrawFn, plan: Plan, sale: Sale) -> Counters:
    """What those credited, and those whom a plan splits with, had reached before."""
    people = [*(credit.enrollment_id for credit in sale.credits), *sale.partners.values()]
    own = [window for window in plan.windows if window.metric != SPENT]
    budgets = [window for window in plan.windows if window.metric == SPENT]
    values = st.integers(0, 400_00)

    def drawn(windows: list[Window]) -> dict[Window, int]:
        return {window: draw(values) for window in windows if draw(st.booleans())}

    final = {person: drawn(own) for person in people} if draw(st.booleans()) else {}
    return Counters({person: drawn(own) for person in people}, drawn(budgets), final)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A plan, a sale, and how far everybody had come."""
    body = draw(plans)
    plan, sale = parse_plan(body, "EUR"), draw(sales)
    return body, plan, sale, draw(counters_for(plan, sale))

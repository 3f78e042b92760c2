"""Plans and deals that the naive model understands, drawn at random: small sums near the steps, few instants."""

from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from tests.commissions.deals import Back, Deal, Item

CATEGORIES = ["shoes", "mugs", ""]
SPONSORS = {"ann": ("sue",), "bob": ()}
# the program's clock: about the ends of November, two at one instant, and a rolling month apart
TIMES = [
    datetime(2026, 10, 31, 23, 59),  # noqa: DTZ001
    datetime(2026, 11, 1),  # noqa: DTZ001
    datetime(2026, 11, 4, 10),  # noqa: DTZ001
    datetime(2026, 11, 4, 10),  # noqa: DTZ001
    datetime(2026, 11, 15, 12),  # noqa: DTZ001
    datetime(2026, 12, 4, 10),  # noqa: DTZ001
    datetime(2027, 1, 2, 8),  # noqa: DTZ001
]
CLOSINGS = [datetime(2026, 11, 2), datetime(2026, 12, 2), datetime(2027, 1, 5)]  # noqa: DTZ001

rates = st.sampled_from(["0", "2.5", "10", "12.3456", "15", "20", "33.3333"])
amounts = st.integers(0, 4000).map(lambda cents: f"{cents // 100}.{cents % 100:02}")
metrics = st.sampled_from(["base", "base", "base", "conversions", "commission"])


@st.composite
def brackets(draw: st.DrawFn, modes: tuple[str, ...] = ("marginal", "retroactive")) -> dict[str, Any]:
    """Steps that a few sales of some hundred reach."""
    metric, mode = draw(metrics), draw(st.sampled_from(modes))
    periods = ["month", "quarter", "year"] + ["all_time", "days:30", "days:30"] * (mode == "marginal")
    highest = {"base": 900, "conversions": 4, "commission": 90}[metric]
    starts = [0, *sorted(draw(st.sets(st.integers(1, highest), min_size=1, max_size=3)))]
    pays, values = draw(st.sampled_from([("rate", rates), ("rate", rates), ("amount", amounts)]))
    paid = draw(st.lists(values, min_size=len(starts), max_size=len(starts), unique=True))
    steps = [{"from": str(start), pays: value} for start, value in zip(starts, paid, strict=True)]
    return {
        "type": "brackets",
        "metric": metric,
        "period": draw(st.sampled_from(periods)),
        "mode": mode,
        "steps": steps,
    }


simple = st.one_of(
    rates.map(lambda rate: {"type": "percent", "rate": rate}),
    st.builds(
        lambda kind, amount: {"type": kind, "amount": amount},
        st.sampled_from(["fixed_per_order", "fixed_per_item"]),
        amounts,
    ),
)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """A rule for all, perhaps others for a category; perhaps a sponsor's level, caps, a bonus. One is retroactive."""
    first = st.one_of(brackets(), brackets(), brackets(), simple)
    others = st.lists(st.one_of(brackets(("marginal",)), simple), max_size=2)
    rewards = [draw(first), *draw(others)]
    rules = [
        {"id": f"r{at}", "name": f"Rule {at}", "reward": reward, "when": {"categories": draw(_wanted(at))}}
        for at, reward in enumerate(rewards)
    ]
    body: dict[str, Any] = {"schema": 2, "rules": rules}
    body["max_total_rate"] = draw(st.sampled_from(["35", "50", "100"]))
    if draw(st.booleans()):
        basis = draw(st.sampled_from(["base", "level_1", "below"]))
        body["levels"] = [{"level": 2, "rate": draw(rates), "basis": basis}]
    body["caps"] = draw(st.lists(caps(), max_size=2))
    body["bonuses"] = draw(st.lists(bonus, max_size=1))
    return body


def _wanted(at: int) -> st.SearchStrategy[list[str]]:
    """The first rule is mostly for all, the others for a category or for all."""
    every: list[str] = []
    return st.sampled_from([every, every, every, ["shoes"]] if at == 0 else [["shoes"], ["mugs"], every])


@st.composite
def caps(draw: st.DrawFn) -> dict[str, Any]:
    """What some sales of some hundred come near to."""
    of = draw(st.sampled_from(["conversion", "affiliate", "program"]))
    if of == "conversion":
        return {"of": of, "amount": str(draw(st.integers(5, 120)))}
    period = draw(st.sampled_from(["month", "quarter", "days:30", "all_time"]))
    return {"of": of, "period": period, "amount": str(draw(st.integers(10, 250)))}


bonus = st.builds(
    lambda metric, period, target: {
        "id": "b",
        "name": "Bonus",
        "amount": "12.34",
        "metric": metric,
        "period": period,
        "target": str(target),
    },
    st.sampled_from(["base", "conversions", "commission"]),
    st.sampled_from(["month", "quarter", "all_time"]),
    st.integers(1, 600),
)

# --- deals -------------------------------------------------------------------------------------------------

nets = st.one_of(st.integers(1, 60000), st.sampled_from([10000, 50000, 100, 1]))
item_lists = st.lists(
    st.tuples(nets, st.integers(1, 3), st.sampled_from(CATEGORIES)), min_size=1, max_size=3
).map(lambda rows: tuple(Item(f"l{at}", *row) for at, row in enumerate(rows)))


@st.composite
def backs(draw: st.DrawFn, items: tuple[Item, ...], number: str) -> Back:
    """A part of a line, a gross amount, a chargeback, or all of it."""
    kind = draw(st.sampled_from(["line", "line", "whole line", "gross", "chargeback", "cancellation"]))
    item = draw(st.sampled_from(items))
    if kind == "line":
        return Back(
            number, "refund", item.key, draw(st.integers(0, item.quantity)), draw(st.integers(0, item.net))
        )
    if kind == "whole line":
        return Back(number, "refund", item.key, item.quantity, item.net)
    if kind == "gross":
        return Back(number, "refund", amount=draw(st.integers(0, sum(one.net for one in items))))
    if kind == "chargeback":
        return Back(number, "chargeback", amount=draw(st.one_of(st.none(), st.integers(0, 30000))))
    return Back(number, "cancellation")


@st.composite
def deals(draw: st.DrawFn, number: int) -> Deal:
    """A deal as it is known at last."""
    items, seller = draw(item_lists), draw(st.sampled_from(["ann", "ann", "bob"]))
    told = tuple(draw(backs(items, f"r{at}")) for at in range(draw(st.sampled_from([0, 0, 0, 1, 2]))))
    if len([back for back in told if back.kind == "chargeback"]) == 1 and draw(st.booleans()):
        told = (*told, Back("won", "chargeback_won"))
    return Deal(
        number=number,
        seller=seller,
        at=draw(st.sampled_from(TIMES)),
        items=items,
        total=sum(item.net for item in items) + draw(st.sampled_from([0, 0, 777])),
        sponsors=SPONSORS[seller],
        is_sale=draw(st.integers(0, 6)) > 0,
        backs=told,
        declined=frozenset(
            draw(st.lists(st.sampled_from([1, 2]), max_size=1)) if draw(st.integers(0, 4)) == 0 else ()
        ),
    )


@st.composite
def lives(draw: st.DrawFn) -> tuple[dict[str, Any], list[Deal]]:
    """A plan, and what happened under it."""
    return draw(plans()), [draw(deals(number)) for number in range(draw(st.integers(1, 7)))]

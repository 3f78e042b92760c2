"""Plans of all features, drawn at random: few words, so that conditions often hold."""

from datetime import datetime
from typing import Any

from hypothesis import strategies as st

Json = Any
GOALS = ["sale", "lead", "install"]
PRODUCTS, SKUS = ["boot", "mug"], ["BOOT-42", "MUG", "007"]
CATEGORIES, BRANDS = ["shoes", "gifts", "new"], ["Acme", "Nord"]
COUNTRIES, CURRENCIES = ["DE", "AT"], ["EUR", "USD"]
COUPONS, GROUPS, SUB_IDS = ["LENA10", "SUMMER"], ["Gold", "Silver"], ["a", "b"]
PARTNERS = {"studio": 8, "lena": 9}
PERIODS = ["month", "quarter", "year", "all_time", "days:1", "days:30", "days:366"]
METRICS = ["base", "conversions", "commission"]
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 2, 28))  # noqa: DTZ001 - the program's clock

rates = st.decimals(0, 40, places=4).map(lambda rate: f"{rate.normalize():f}")
amounts = st.decimals(0, 300, places=2).map(str)


def some(words: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), unique=True, max_size=2)


# --- plans -------------------------------------------------------------------------------------------------


@st.composite
def ranges(draw: st.DrawFn, values: st.SearchStrategy[Any], write: Any = lambda value: value) -> Json:
    """From, to, both or neither, the second above the first."""
    low, high = sorted(draw(st.lists(values, min_size=2, max_size=2, unique=True)))
    row = {"from": write(low), "to": write(high)}
    for key in draw(st.lists(st.sampled_from(["from", "to"]), unique=True)):
        del row[key]
    return row


def day_or_minute(moment: datetime) -> str:
    return moment.date().isoformat() if moment.minute % 2 else f"{moment:%Y-%m-%dT%H:%M}"


def is_read_late(row: Json) -> bool:
    """Say whether a range of dates still ends after it begins, however its ends are written."""
    return len(row) < 2 or row["from"][:10] < row["to"][:10]


TEXT_FIELDS = [
    "sku",
    "product",
    "category",
    "brand",
    "country",
    "coupon",
    "group",
    "metadata.seats",
    "channel",
]
NUMBER_FIELDS = ["order_value", "line_value", "quantity", "payment", "months", "metadata.seats"]
words = st.sampled_from([*SKUS, *CATEGORIES, *COUPONS, "DE", "10", "true", "x"])
tests = st.one_of(
    st.fixed_dictionaries({"field": st.sampled_from(TEXT_FIELDS + NUMBER_FIELDS), "op": st.just("exists")}),
    st.fixed_dictionaries(
        {
            "field": st.sampled_from(TEXT_FIELDS),
            "op": st.sampled_from(["is", "is_not", "contains", "starts_with"]),
            "value": words,
        }
    ),
    st.fixed_dictionaries(
        {
            "field": st.sampled_from(TEXT_FIELDS),
            "op": st.sampled_from(["in", "not_in"]),
            "value": st.lists(words, min_size=1, max_size=3),
        }
    ),
    st.fixed_dictionaries(
        {
            "field": st.sampled_from(NUMBER_FIELDS),
            "op": st.sampled_from(["is", "above", "at_least", "below", "at_most"]),
            "value": st.one_of(st.integers(-5, 200).map(str), amounts),
        }
    ),
)


def joined(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """All or any of up to three."""
    parts = st.lists(inner, min_size=1, max_size=3)
    return st.dictionaries(st.sampled_from(["all", "any"]), parts, min_size=1, max_size=1)


wheres = st.one_of(tests, joined(tests), joined(st.one_of(tests, joined(tests))))

whens = st.fixed_dictionaries(
    {},
    optional={
        "goal": st.sampled_from(["sale", *GOALS]),
        "products": some(PRODUCTS),
        "skus": some(SKUS),
        "categories": some(CATEGORIES),
        "brands": some(BRANDS),
        "customer": st.sampled_from(["new", "returning", None]),
        "countries": some(COUNTRIES),
        "currencies": some(CURRENCIES),
        "coupons": some(COUPONS),
        "groups": some(GROUPS),
        "sub_ids": some(SUB_IDS),
        "order_value": ranges(st.integers(0, 300), lambda value: f"{value}.00"),
        "payment": ranges(st.integers(1, 14)),
        "months": ranges(st.integers(0, 14)),
        "dates": ranges(MOMENTS, day_or_minute).filter(is_read_late),
        "where": wheres,
    },
)
fixed = st.fixed_dictionaries(
    {"type": st.sampled_from(["fixed_per_order", "fixed_per_item"]), "amount": amounts}
)


@st.composite
def brackets(draw: st.DrawFn) -> Json:
    """Steps that rise from 0, all with a rate or all with an amount."""
    metric = draw(st.sampled_from(METRICS))
    mode = draw(st.sampled_from(["marginal", "retroactive"]))
    period = draw(st.sampled_from(PERIODS[:3] if mode == "retroactive" else PERIODS))
    starts = [0, *sorted(draw(st.sets(st.integers(1, 400), max_size=4)))]
    pays, values = draw(st.sampled_from([("rate", rates), ("amount", amounts)]))
    steps = [{"from": str(start), pays: draw(values)} for start in starts]
    return {"type": "brackets", "metric": metric, "period": period, "mode": mode, "steps": steps}


rewards = st.one_of(rates.map(lambda rate: {"type": "percent", "rate": rate}), fixed, brackets())


@st.composite
def rule_lists(draw: st.DrawFn) -> Json:
    """One to five rules, each with an id of its own."""
    rows = draw(
        st.lists(st.tuples(whens, rewards, st.integers(-2, 2), st.booleans()), min_size=1, max_size=5)
    )
    return [
        {"id": f"r{at}", "name": f"Rule {at}", "when": when, "reward": reward, "priority": priority}
        | ({"stackable": True} if stackable and at else {})
        for at, (when, reward, priority, stackable) in enumerate(rows)
    ]


@st.composite
def level_lists(draw: st.DrawFn) -> Json:
    """Levels from 2 upward."""
    rows = draw(
        st.lists(
            st.fixed_dictionaries(
                {"rate": rates},
                optional={
                    "basis": st.sampled_from(["base", "level_1", "below"]),
                    "groups": st.dictionaries(st.sampled_from(GROUPS), rates),
                },
            ),
            max_size=draw(st.sampled_from([0, 1, 2, 9])),
        )
    )
    return [{"level": level} | row for level, row in enumerate(rows, 2)]


bonus_rows = st.one_of(
    st.fixed_dictionaries({"amount": amounts, "metric": st.just("joining")}),
    st.fixed_dictionaries(
        {
            "amount": amounts,
            "metric": st.sampled_from(METRICS),
            "period": st.sampled_from(PERIODS[:4]),
            "target": st.integers(1, 500).map(str),
        }
    ),
)
cap_rows = st.one_of(
    st.fixed_dictionaries({"of": st.just("conversion"), "amount": amounts}),
    st.fixed_dictionaries(
        {
            "of": st.sampled_from(["affiliate", "program"]),
            "period": st.sampled_from(PERIODS),
            "amount": st.one_of(amounts, st.integers(0, 5000).map(str)),
        }
    ),
)
split_rows = st.dictionaries(st.sampled_from([*PARTNERS, "nobody"]), st.integers(0, 33).map(str), max_size=2)
plans = st.fixed_dictionaries(
    {"schema": st.just(2), "rules": rule_lists()},
    optional={
        "maturity_days": st.integers(0, 365),
        "max_total_rate": st.sampled_from(["40", "50", "62.5", "100"]),
        "exclude": st.fixed_dictionaries(
            {}, optional={"skus": some(SKUS), "categories": some(CATEGORIES), "brands": some(BRANDS)}
        ),
        "levels": level_lists(),
        "compression": st.booleans(),
        "split": split_rows.map(
            lambda split: [{"affiliate": code, "share": share} for code, share in split.items()]
        ),
        "bonuses": st.lists(bonus_rows, max_size=3).map(
            lambda rows: [{"id": f"b{at}", "name": f"Bonus {at}"} | row for at, row in enumerate(rows)]
        ),
        "caps": st.lists(cap_rows, max_size=3),
    },
)

"""What is nearly a plan, and arbitrary JSON, drawn at random."""

import copy
from typing import Any

from hypothesis import strategies as st

from tests.commissions.plans import Json, plans

odd_texts = st.one_of(
    st.sampled_from(["", " ", "0", "-1", "1e3", "NaN", "Infinity", "١٢", "100.00001", "9" * 50, "days:0"]),
    st.sampled_from(
        ["2026-02-30", "2026-W48-5", "0001-01-01", "9999-12-31", "\ud800", "\u0000", "all", "brackets"]
    ),
    st.text(max_size=8),
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    odd_texts,
    st.just(10**400),
    st.just([]),
    st.just({}),
)
KEYS = [
    "schema",
    "rules",
    "levels",
    "split",
    "bonuses",
    "caps",
    "when",
    "reward",
    "steps",
    "where",
    "all",
    "any",
    "field",
    "op",
    "value",
    "type",
    "rate",
    "amount",
    "metric",
    "period",
    "mode",
    "from",
    "to",
    "id",
    "name",
    "groups",
    "level",
    "basis",
    "target",
    "of",
    "goal",
    "priority",
    "dates",
    "stackable",
]
anything: st.SearchStrategy[Json] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), odd_texts), inner, max_size=5),
    ),
    max_leaves=20,
)


def nested(depth: int, value: Json = None) -> Json:
    """All of any of all of ... so deep."""
    for level in range(depth):
        value = {("all", "any")[level % 2]: [value]}
    return value


def places(value: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything in a JSON value."""
    found = [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        found += places(one, (*path, key))
    return found


@st.composite
def nearly_plans(draw: st.DrawFn) -> Json:
    """A plan with one to three places replaced, taken out, doubled, wrapped, or given a key more."""
    body = copy.deepcopy(draw(plans))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(body)[1:] or [()]))
        if not path:
            break
        *way, last = path
        holder = body
        for key in way:
            holder = holder[key]
        _spoil(draw, holder, last)
    return body


def _spoil(draw: st.DrawFn, holder: Json, last: Any) -> None:
    act = draw(st.sampled_from(["replace", "replace", "remove", "double", "wrap", "add", "swap", "deepen"]))
    if act == "replace":
        holder[last] = draw(anything)
    elif act == "remove":
        del holder[last]
    elif act == "wrap":
        holder[last] = [holder[last]]
    elif act == "deepen":
        holder[last] = nested(draw(st.integers(1, 60)), holder[last])
    elif isinstance(holder, dict):
        holder[draw(st.one_of(st.sampled_from(KEYS), odd_texts))] = draw(anything)
    elif act == "double":
        holder.append(copy.deepcopy(holder[last]))
    else:
        holder.reverse()

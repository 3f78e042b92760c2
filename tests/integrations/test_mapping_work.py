"""What one record may ask of a mapping: the work is counted, not timed, and what is too much is a sentence."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from integrations.mapping import Row, Sheet, apply, work
from integrations.mapping.conversions import CONVERSIONS, Step, convert
from integrations.mapping.expressions import FUNCTIONS, compute

SENTENCE = "The message is too large for this mapping: it would take more than 200000 steps."
MANY = Step("map", (*(f"{number} -> {number}" for number in range(199)), "keep"))
Calls = list[Any]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Calls]:
    """Note each value that goes through a conversion or a function, by its name."""

    def count(name: str) -> Calls:
        calls: Calls = []

        def noting(run: Callable[..., Any]) -> Callable[..., Any]:
            def noted(value: Any, *rest: Any) -> Any:
                calls.append(value)
                return run(value, *rest)

            return noted

        if name in CONVERSIONS:
            known = CONVERSIONS[name]
            monkeypatch.setitem(CONVERSIONS, name, replace(known, run=noting(known.run)))
        else:
            monkeypatch.setitem(FUNCTIONS, name, noting(FUNCTIONS[name]))
        return calls

    return count


def lines(**rows: Any) -> Sheet:
    return Sheet(tuple(Row(f"lines[].{name}", **row) for name, row in rows.items()))


def sums(part: str) -> str:
    """Forty-five times the same in a formula, in nine brackets."""
    return "+".join([f"({'+'.join([part] * 5)})"] * 9)


def test_conversions_of_a_thousand_lines_of_a_thousand_parts_end_at_the_budget(
    counted: Callable[[str], Calls],
) -> None:
    calls = counted("map")
    steps = (Step("split"), *[MANY] * 9)
    sheet = lines(sku={"source": "b", "steps": steps}, net={"source": "items[].x"})

    result = apply(sheet, {"b": ",".join(["q"] * 1000), "items": [{"x": "1"}] * 1000})

    assert 0 < len(calls) <= work.MOST_WORK
    assert result.problems == {"lines[].sku": SENTENCE}


def test_formulas_over_a_long_list_end_at_the_budget(counted: Callable[[str], Calls]) -> None:
    calls = counted("sum")
    sheet = lines(net={"expression": "{items[].x} * sum({b})"})

    result = apply(sheet, {"b": list(range(10_000)), "items": [{"x": 1}] * 1000})

    assert 0 < len(calls) <= work.MOST_WORK / 10_000
    assert result.problems == {"lines[].net": SENTENCE}


@pytest.mark.parametrize(
    ("row", "record"),
    [
        ({"source": "items[].b[].c"}, {"items": [{"b": [{"c": 1}] * 1000}] * 1000}),
        ({"source": "b", "steps": (Step("join"),)}, {"b": [""] * 9000, "items": [1] * 1000}),
        ({"source": "b", "steps": (Step("trim"),)}, {"b": [None] * 900, "items": [1] * 1000}),
        ({"source": "b", "steps": (Step("lower"),)}, {"b": ["x" * 9000] * 900, "items": [1] * 1000}),
        ({"expression": f"0 if 1 else {sums('{b}')}"}, {"b": [1] * 9000, "items": [1] * 1000}),
        ({"expression": f"0 if 1 else {sums('{t}')}"}, {"t": "x" * 9000, "items": [1] * 1000}),
        ({"expression": "+".join(["length({t})"] * 5)}, {"t": "x" * 9000, "items": [1] * 1000}),
        ({"expression": sums("1")}, {"items": [1] * 1000}),
    ],
)
def test_whatever_repeats_itself_is_counted(row: dict[str, Any], record: dict[str, Any]) -> None:
    spent: list[int] = []
    sheet = lines(net={"source": "items[]"}, sku=row)

    class Noted(work.Work):
        __slots__ = ()

        def spend(self, pieces: int = 1) -> None:
            spent.append(pieces)
            super().spend(pieces)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("integrations.mapping.applying.Work", Noted)
        patch.setattr("integrations.mapping.work.MOST_WORK", 50_000)
        result = apply(sheet, record)

    # texts in a branch that is not taken cost nothing: each line is walked in a few steps
    is_free = row.get("expression") == f"0 if 1 else {sums('{t}')}"
    assert result.problems == ({} if is_free else {"lines[].sku": SENTENCE.replace("200000", "50000")})
    assert sum(spent) < 70_000
    assert max(spent) <= 10_000


def test_one_piece_more_than_the_most_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = Sheet((Row("a", source="a", steps=(Step("trim"), Step("lower"))), Row("b", expression="{b} + 1")))
    record = {"a": ["X", "y"], "b": 1}
    answers = {}

    for most in range(1, 12):
        monkeypatch.setattr(work, "MOST_WORK", most)
        answers[most] = apply(sheet, record)

    # a row each, four conversions, three parts of the formula
    assert [most for most, answer in answers.items() if not answer.problems] == [9, 10, 11]
    assert answers[8].values == {"a": ["x", "y"]}
    assert answers[8].problems == {"b": SENTENCE.replace("200000", "8")}
    assert answers[1].problems == {"a": SENTENCE.replace("200000", "1")}


def test_order_of_a_thousand_lines_is_far_below_it() -> None:
    sheet = lines(
        sku={"source": "items[].sku", "steps": (Step("trim"), Step("upper"))},
        name={"source": "items[].name", "steps": (Step("trim"), Step("cut", ("60",)))},
        quantity={"source": "items[].qty"},
        net={"expression": "fixed({items[].price} * {items[].qty} - {items[].off}, 2)"},
        category={"source": "items[].kind", "steps": (MANY,)},
    )
    item = {"sku": " mug ", "name": "A mug" * 40, "qty": 2, "price": "9.90", "off": "0.80", "kind": "x"}

    result = apply(sheet, {"items": [item] * 1000})

    assert result.problems == {}
    assert len(result.values["lines"]) == 1000


def test_values_of_a_map_are_read_once_for_all_that_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    read: Calls = []
    known = CONVERSIONS["map"]

    def noting(told: tuple[str, ...]) -> Any:
        read.append(told)
        assert known.read is not None
        return known.read(told)

    monkeypatch.setitem(CONVERSIONS, "map", replace(known, read=noting))
    step = Step("map", ("a -> b", "keep"))

    values = [convert(["a", "A", "c"], step, {}) for _time in range(50)]

    assert values == [["b", "b", "c"]] * 50
    assert read == [("a -> b", "keep")]


def test_glue_between_many_parts_is_measured_before_it_is_made() -> None:
    class Long(str):
        __slots__ = ()

        def join(self, parts: Any) -> str:
            raise AssertionError("it was made")

    with pytest.raises(ValueError, match="longer than 10000 letters"):
        compute("join({t}, {s})", {"t": ["a"] * 9000, "s": Long("b" * 5000)})

"""Mappings as data: paths, rows, conversions, and what comes of a record."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from integrations.mapping import BadMapping, Condition, Row, Sheet, Unfit, apply, holds, read_sheet
from integrations.mapping.conversions import CONVERSIONS, Step, check_step, convert, read_steps, write_steps
from integrations.mapping.paths import find, leaves, read_path, write_path

ORDER = {
    "type": "order.paid",
    "order": {"id": 7, "total": "129.90", "tags": ["a", "b"], "a.b": {"ü ä": 1}},
    "items": [{"sku": "MUG", "price": "10.00", "qty": 2}, {"sku": "CUP", "price": "5.50"}],
}
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
records = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
quick = settings(max_examples=150, deadline=None)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("type", "order.paid"),
        ("order.total", "129.90"),
        ("items[1].sku", "CUP"),
        ("items[].sku", ["MUG", "CUP"]),
        ("items[].qty", [2]),
        ('order["a.b"]["ü ä"]', 1),
        ("order.tags[]", ["a", "b"]),
        ("items[2].sku", None),
        ("type.deeper", None),
        ("order[0]", None),
        ("nowhere.at.all", None),
    ],
)
def test_path_leads_to_its_value(path: str, value: Any) -> None:
    assert find(ORDER, read_path(path)) == value


@pytest.mark.parametrize(
    "path",
    ["", ".", "a..b", "a[", "a[x]", "a]b", "a[-1]", "{a}", "a.", "[" * 90, "a" * 301, ".".join("a" * 31)],
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(Unfit):
        read_path(path)


@quick
@given(st.lists(texts.filter(bool) | st.integers(0, 99) | st.none(), min_size=1, max_size=6))
def test_path_that_is_written_is_read_back(steps: list[Any]) -> None:
    assert read_path(write_path(tuple(steps))) == tuple(steps)


@quick
@given(records)
def test_every_leaf_is_found_by_its_path(record: Any) -> None:
    for leaf in leaves(record):
        assert repr(find(record, read_path(leaf.path))) == repr(leaf.value)


@pytest.mark.parametrize(
    ("step", "value", "expected"),
    [
        ("trim", " a ", "a"),
        ("lower", "ÄB", "äb"),
        ("upper", "äb", "ÄB"),
        ("title", "ann of  green", "Ann Of  Green"),
        ("cut: 3", "abcdef", "abc"),
        ("number: comma, point", "1.234,50", "1234.50"),
        ("number", "0042", 42),
        ("number: point, apostrophe", "1’234", 1234),
        ("major: EUR", 4241, "42.41"),
        ("major: JPY", "4241", "4241"),
        ("major: order.currency", 100, "1.00"),
        ("minor: eur", "42.41", 4241),
        ("minor: KWD", "1.234", 1234),
        ("yesno", "Ja", True),
        ("yesno: paid/settled, due", "SETTLED", True),
        ("yesno", 0, False),
        ("time", "2026-11-20T15:02:11+01:00", "2026-11-20T14:02:11Z"),
        ("time: iso, Europe/Berlin", "2026-07-01 12:00", "2026-07-01T10:00:00Z"),
        ("time: epoch", 1795183331, "2026-11-20T14:02:11Z"),
        ("time: epoch_ms", "1795183331000", "2026-11-20T14:02:11Z"),
        ("time: %d.%m.%Y %H:%M, Europe/Berlin", "20.11.2026 15:02", "2026-11-20T14:02:00Z"),
        ("date: %d/%m/%Y", "03/04/2026", "2026-04-03"),
        ("date: iso, Asia/Tokyo", "2026-11-20T23:00:00Z", "2026-11-21"),
        ("as_date: %d.%m.%Y", "2026-04-03", "03.04.2026"),
        ("as_date: %d.%m.%Y %H:%M, Europe/Berlin", "2026-11-20T14:02:11Z", "20.11.2026 15:02"),
        ("as_epoch", "2026-11-20T14:02:11Z", 1795183331),
        ("as_epoch: ms", "2026-11-20T14:02:11Z", 1795183331000),
        ("phone: DE", "030 / 123 456", "+4930123456"),
        ("phone", "+49 (0)30 123456", "+4930123456"),
        ("country", "Deutschland", "DE"),
        ("country", "united states", "US"),
        ("country", "GBR", "GB"),
        ("country", "uk", "GB"),
        ("country", "de", "DE"),
        ("currency", "eur ", "EUR"),
        ("map: paid -> sale, void -> void", "Paid", "sale"),
        ("map: 1 -> sale", 1, "sale"),
        ("map: paid -> sale, keep", "odd", "odd"),
        ("map: paid -> sale, default", "odd", None),
        ("split", "a, b,,c", ["a", "b", "c"]),
        ("split: ;", "a;b", ["a", "b"]),
        ("join: +", ["a", 1, None], "a+1"),
        ("first", ["a", "b"], "a"),
        ("last", ["a", "b"], "b"),
        ("first", [], None),
        ("upper", ["a", None], ["A", None]),
    ],
)
def test_conversion(step: str, value: Any, expected: Any) -> None:
    (read,) = read_steps(step)
    check_step(read)

    assert convert(value, read, {"order": {"currency": "EUR"}}) == expected


@pytest.mark.parametrize(
    ("step", "value", "sentence"),
    [
        ("number", "1,234", "“1,234” is no number that is written this way."),
        ("number: point, comma", "1,23", "“1,23” is no number that is written this way."),
        ("number: point, comma", "1234,567", "“1234,567” is no number that is written this way."),
        ("number", "1e9", "“1e9” is no number that is written this way."),
        ("number", {"a": 1}, "That is no number."),
        ("minor: EUR", "1.005", "1.005 has more decimals than EUR has (2)."),
        ("major: EUR", "1.5", "“1.5” is no whole number of minor units."),
        ("major: nowhere", "1", "“nowhere” names no currency."),
        ("yesno", "maybe", "“maybe” is neither yes nor no."),
        (
            "time",
            "2026-11-20 12:00",
            "“2026-11-20 12:00” names no time zone: say which one it is in, like Europe/Berlin.",
        ),
        ("time", "soon", "“soon” is no time of the form iso."),
        ("time: epoch", 10**30, "The time lies too far away."),
        ("date: %d.%m.%Y", "31.02.2026", "“31.02.2026” is no time of the form %d.%m.%Y."),
        ("phone: DE", "call me", "“call me” is no telephone number that can be called from abroad."),
        ("phone", "030 123456", "“030 123456” is no telephone number that can be called from abroad."),
        ("country", "Atlantis", "“Atlantis” is no country that we know."),
        ("currency", "$", "“$” is no code of a currency, like EUR."),
        ("map: paid -> sale", "refunded", "“refunded” is a value that the mapping does not know."),
        ("trim", {"a": 1}, "That is a list or an object, and a single value is needed."),
    ],
)
def test_value_that_does_not_fit_is_a_sentence(step: str, value: Any, sentence: str) -> None:
    (read,) = read_steps(step)
    check_step(read)

    with pytest.raises(Unfit) as trouble:
        convert(value, read, {})

    assert str(trouble.value) == sentence


@pytest.mark.parametrize(
    "step",
    [
        "nonsense",
        "cut",
        "cut: many",
        "cut: 3, 4",
        "trim: 1",
        "number: dot",
        "major",
        "major: {x}",
        "time: whenever",
        "time: %Q",
        "date: %d.%d.%Y",
        "as_date: iso",
        "time: iso, Berlin",
        "time: " + "%d" + "-" * 100,
        "phone: XX",
        "map",
        "map: keep",
        "map: a -> b, perhaps",
        "map: a -> b, keep, refuse",
        "as_epoch: h",
        "cut: " + "9" * 300,
    ],
)
def test_step_that_makes_no_sense_is_refused(step: str) -> None:
    (read,) = read_steps(step)

    with pytest.raises(Unfit):
        check_step(read)


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=10)
steps = st.lists(
    st.builds(Step, st.sampled_from(sorted(CONVERSIONS)), st.lists(words, max_size=3).map(tuple))
)


@quick
@given(steps)
def test_steps_that_are_written_are_read_back(told: list[Step]) -> None:
    assert read_steps(write_steps(tuple(told))) == tuple(told)


def test_rows_fill_fields_from_paths_constants_and_formulas() -> None:
    sheet = Sheet(
        (
            Row("number", source="order.id"),
            Row("currency", constant="EUR"),
            Row("name", expression='"order " & {order.id}'),
            Row("missing", source="order.coupon", default="none"),
            Row("nothing", source="order.coupon"),
            Row("lines[].sku", source="items[].sku"),
            Row("lines[].net", expression="{items[].price} * {items[].qty}"),
        )
    )

    result = apply(sheet, {**ORDER, "items": [*ORDER["items"][:1], {"sku": "CUP", "price": 5.5, "qty": 3}]})

    assert result.problems == {}
    assert result.values == {
        "number": 7,
        "currency": "EUR",
        "name": "order 7",
        "missing": "none",
        "lines": [{"sku": "MUG", "net": "20.00"}, {"sku": "CUP", "net": "16.5"}],
    }


def test_default_never_hides_a_value_that_does_not_fit() -> None:
    sheet = Sheet((Row("country", source="land", steps=(Step("country"),), default="DE"),))

    assert apply(sheet, {"land": ""}).values == {"country": "DE"}
    assert apply(sheet, {"land": "Atlantis"}).values == {}
    assert list(apply(sheet, {"land": "Atlantis"}).problems) == ["country"]


def test_lines_that_are_no_list_are_a_problem() -> None:
    sheet = Sheet((Row("lines[].sku", source="items[].sku"),))

    assert apply(sheet, {"items": {"sku": "A"}}).problems == {"lines": "What the lines come from is no list."}
    assert apply(sheet, {}).values == {}
    assert apply(sheet, {"items": [1] * 1001}).problems == {"lines": "There are more than 1000 lines."}


def test_item_without_a_field_does_not_shift_the_others() -> None:
    sheet = Sheet((Row("lines[].sku", source="items[].sku"), Row("lines[].quantity", source="items[].qty")))

    assert apply(sheet, ORDER).values["lines"] == [{"sku": "MUG", "quantity": 2}, {"sku": "CUP"}]


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        (Condition("type", "is", "order.paid"), True),
        (Condition("type", "is", "order"), False),
        (Condition("type", "is not", "order"), True),
        (Condition("order.id", "is", "7"), True),
        (Condition("type", "is one of", "a, order.paid"), True),
        (Condition("order.coupon", "is filled"), False),
        (Condition("order.coupon", "is empty"), True),
        (Condition("order", "is", "x"), False),
        (Condition("order", "is not", "x"), True),
    ],
)
def test_condition(condition: Condition, is_met: bool) -> None:
    assert holds((condition,), ORDER) is is_met


ROW = {"target": "a", "source": "b"}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (7, "A mapping is an object with “schema” and “rows”."),
        ({"schema": 2, "rows": []}, "This mapping is of another schema than 1."),
        ({"schema": True, "rows": []}, "This mapping is of another schema than 1."),
        ({"schema": 1, "rows": [], "wen": []}, "What is “wen”? It is not known here."),
        ([{**ROW, "sauce": "x"}], "a: What is “sauce”? It is not known here."),
        ([ROW, ROW], "a: This field is filled twice."),
        ([{"target": "a"}], "a: A field is filled from one of: a path, a fixed text, a formula."),
        ([{**ROW, "constant": "c"}], "a: A field is filled from one of: a path, a fixed text, a formula."),
        ([{**ROW, "source": 5}], "a: “target”, “source”, “constant”, “expression” and “default” are texts."),
        ([{**ROW, "steps": [{"do": "cut"}]}], "a: “cut” has too many or too few arguments."),
        (
            [{**ROW, "steps": [{"do": "cut", "with": [3]}]}],
            "a: A step has a name (“do”) and a list of texts (“with”).",
        ),
        ([{**ROW, "steps": [["cut"]]}], "a: “steps” is a list of at most 10 objects."),
        ([{**ROW, "conflict": "mine"}], "a: There is no such rule for conflicts."),
        ([{**ROW, "is_key": 1}], "a: “is_key” is true or false."),
        ([{"target": "a", "expression": "9**9"}], "a: The formula has a part that is not allowed: Pow."),
        (
            [{"target": "l[].a", "source": "x[].a"}, {"target": "l[].b", "source": "y[].b"}],
            "l[].b: All fields of a line come from one list.",
        ),
        (
            {"schema": 1, "when": [{"source": "a", "test": "like"}]},
            "A condition says one of: is, is not, is one of, is filled, is empty.",
        ),
    ],
)
def test_mapping_that_cannot_be_kept_is_refused_in_words(document: Any, sentence: str) -> None:
    with pytest.raises(BadMapping) as refused:
        read_sheet(document)

    assert str(refused.value) == sentence


@quick
@given(records)
def test_no_json_makes_the_reader_of_mappings_fall_over(document: Any) -> None:
    try:
        sheet = read_sheet(document)
    except BadMapping:
        return
    assert read_sheet(sheet.as_json()) == sheet


ALL_STEPS = {
    "trim": "trim", "lower": "lower", "upper": "upper", "title": "title", "cut": "cut: 5", "number": "number",
    "major": "major: EUR", "minor": "minor: EUR", "yesno": "yesno", "time": "time: iso, Europe/Berlin",
    "date": "date", "as_date": "as_date: %d.%m.%Y", "as_epoch": "as_epoch", "phone": "phone: DE",
    "country": "country", "currency": "currency", "map": "map: a -> b, keep", "split": "split", "join": "join",
    "first": "first", "last": "last",
}  # fmt: skip
EVERYTHING = Sheet(
    (
        *(Row(f"p_{name}", source="v", steps=read_steps(line)) for name, line in ALL_STEPS.items()),
        Row("whole", source="v"),
        Row("each", source="v[].x"),
        Row("lines[].a", source="v[].x", steps=(Step("trim"),)),
        Row("lines[].b", expression="{v[].x} * 2"),
        Row("sum", expression="{v} + 1"),
        Row("glued", expression='join({v}) & "-" & upper(first({v}))'),
        Row("choice", expression='"many" if {v} > 5 and not {v} == 7 else fixed({v}, 2)'),
    )
)


def test_every_conversion_is_tried() -> None:
    assert ALL_STEPS.keys() == CONVERSIONS.keys()
    assert read_sheet(EVERYTHING.as_json()) == EVERYTHING


@settings(max_examples=300, deadline=None)
@given(
    records
    | st.builds(lambda value: {"v": value}, records | st.lists(st.builds(lambda x: {"x": x}, scalars)))
)
def test_no_record_makes_a_mapping_fall_over_and_twice_is_once(record: Any) -> None:
    first, again = apply(EVERYTHING, record), apply(EVERYTHING, record)

    assert repr(first) == repr(again)
    assert not {type(value) for value in first.values.values()} - {str, int, float, bool, list, dict}


@quick
@given(st.integers(-(10**17), 10**17), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_amounts_come_back_from_major_units(units: int, currency: str) -> None:
    major = convert(units, Step("major", (currency,)), {})

    assert convert(major, Step("minor", (currency,)), {}) == units


@quick
@given(st.datetimes(timezones=st.timezones()))
def test_moments_come_back_from_seconds(moment: Any) -> None:
    whole = moment.replace(microsecond=0)
    try:
        told = convert(whole.isoformat(), Step("time"), {})
    except Unfit:
        return  # its UTC lies before the year 1
    assert convert(convert(told, Step("as_epoch"), {}), Step("time", ("epoch",)), {}) == told


@quick
@given(st.sampled_from(["trim", "lower", "upper", "title", "country", "currency", "phone", "time"]), texts)
def test_converting_once_more_changes_nothing(name: str, text: str) -> None:
    try:
        once = convert(text, Step(name), {})
    except Unfit:
        return
    assert convert(once, Step(name), {}) == once

"""No file over 400 lines, no function over 50; every function says what it returns."""

from itertools import chain
from statistics import median, quantiles

import pytest

from tests.house.source import CODE, Function, Source, functions, python, where

FILE_LIMIT, FUNCTION_LIMIT = 400, 50


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def long_files(sources: list[Source]) -> list[str]:
    return [
        f"{source.path} has {lines} lines"
        for source in sources
        if (lines := len(source.text.splitlines())) > FILE_LIMIT
    ]


def long_functions(sources: list[Source]) -> list[str]:
    return [
        f"{where(source, function)} has {length(function)} lines"
        for source in sources
        for function in functions(source)
        if length(function) > FUNCTION_LIMIT
    ]


def silent_functions(sources: list[Source]) -> list[str]:
    return [
        f"{where(source, function)} does not say what it returns"
        for source in sources
        for function in functions(source)
        if function.returns is None
    ]


def test_no_file_is_over_400_lines() -> None:
    assert long_files(python(*CODE, "tests")) == []


def test_no_function_is_over_50_lines() -> None:
    assert long_functions(python(*CODE, "tests")) == []


def test_every_function_says_what_it_returns() -> None:
    assert silent_functions(python(*CODE)) == []


def test_sizes_are_printed_beside_their_targets() -> None:
    sources = python(*CODE)
    by_file = [len(source.text.splitlines()) for source in sources]
    by_function = [length(function) for function in chain(*map(functions, sources))]

    for what, sizes, target in (("files", by_file, "60 / 200"), ("functions", by_function, "8 / 20")):
        print(
            f"lines of {what}: median {median(sizes):.0f}, p90 {quantiles(sizes, n=10)[-1]:.0f} (target {target})"
        )

    assert by_file
    assert by_function


@pytest.mark.parametrize(
    ("check", "text", "expected"),
    [
        (long_files, "x = 1\n" * 401, ["core/planted.py has 401 lines"]),
        (long_files, "x = 1\n" * 400, []),
        (long_functions, "def f() -> None:\n" + "    g()\n" * 50, ["core/planted.py:1 f has 51 lines"]),
        (long_functions, "def f() -> None:\n" + "    g()\n" * 49, []),
        (silent_functions, "def f():\n    return 1\n", ["core/planted.py:1 f does not say what it returns"]),
        (silent_functions, "def f() -> int:\n    return 1\n", []),
    ],
)
def test_a_planted_giant_is_found(check, text, expected) -> None:
    assert check([Source("core/planted.py", text)]) == expected

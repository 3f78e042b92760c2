"""Formulas: `{first} & " " & {last}`, `{total} - {shipping}`, `"sale" if {status} == "paid" else "open"`.

What is in braces is a path into the record. `+ - *  /` reckon with decimals, `&` joins texts. Whoever writes a formula
may be an attacker: it is parsed, held against a short list of what may stand in it, and then walked by simpleeval with
operators and functions of our own, so that its work grows with its length and its lists alone, and is counted. There
is no attribute, index, power, repeated text, loop or name in it.
"""

import ast
import operator
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, DecimalException, localcontext
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from simpleeval import InvalidExpression, SimpleEval

from integrations.mapping.paths import Steps, find, read_path, with_item
from integrations.mapping.plain import EXACT, LONGEST, as_json, is_empty, is_number, number_of, text_of
from integrations.mapping.refusals import Unfit
from integrations.mapping.work import Work, weight

LONGEST_FORMULA, MOST_PARTS, DEEPEST = 500, 120, 25
MOST_DECIMALS, MOST_ITEMS = 10, 10_000
OBJECT = {"": "an object"}
BRACES = re.compile(r"\{([^{}]*)\}")
NAME = re.compile(r"value_[0-9]+")


def check(formula: str) -> None:
    """Raise Unfit with a sentence if a formula cannot be taken."""
    _read(formula)


def paths_of(formula: str) -> list[Steps]:
    """Return the paths that a formula reads; raises Unfit."""
    return list(_read(formula)[1])


def compute(formula: str, record: Any, item: int | None = None, work: Work | None = None) -> Any:
    """Return what a formula comes to, as JSON; `item` is the number that [] stands for. Raises Unfit."""
    tree, paths = _read(formula)
    work = work or Work()
    steps = paths if item is None else tuple(with_item(path, item) for path in paths)
    # a list that the formula names twice is found and copied once
    values = {path: _short_list(find(record, path, work.spend), work) for path in dict.fromkeys(steps)}
    names = {f"value_{number}": values[path] for number, path in enumerate(steps)}
    walker = SimpleEval(
        operators=OPERATORS, functions=FUNCTIONS, names=names | {"True": True, "False": False, "None": None}
    )
    walker.nodes = {kind: _counted(walker.nodes[kind], work) for kind in HANDLED}
    try:
        with localcontext(EXACT):
            return as_json(_kept(walker.eval(formula, previously_parsed=tree)))
    except InvalidExpression:
        raise Unfit(_("The formula has a part that is not allowed.")) from None
    except TypeError:
        raise Unfit(_("A function of the formula has too many or too few values.")) from None
    except DecimalException:
        raise Unfit(_("The formula divides by nothing, or its numbers are too large.")) from None


@lru_cache(maxsize=512)
def _read(formula: str) -> tuple[ast.expr, tuple[Steps, ...]]:
    """Return the tree and the paths in braces; in the tree they are called value_0, value_1 ..."""
    if not formula.strip() or len(formula) > LONGEST_FORMULA:
        raise Unfit(_("A formula has between 1 and %(most)s letters.") % {"most": LONGEST_FORMULA})
    paths = tuple(read_path(found) for found in BRACES.findall(formula))
    numbers = iter(range(len(paths)))
    text = BRACES.sub(lambda _found: f" value_{next(numbers)} ", formula)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Unfit(_("The formula cannot be read: look at its quotes, brackets and braces.")) from None
    _check_tree(tree)
    return tree, paths


def _check_tree(tree: ast.expr) -> None:
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if count > MOST_PARTS * 2 or depth > DEEPEST:
            raise Unfit(_("The formula is too long or nested too deeply."))
        _check_node(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            node.value = number_of(node.value)  # type: ignore[assignment]  # decimals only: 0.1 is a tenth
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]


def _check_node(node: ast.AST) -> None:
    if not isinstance(node, ALLOWED):
        raise Unfit(
            _("The formula has a part that is not allowed: %(part)s.") % {"part": type(node).__name__}
        )
    if isinstance(node, ast.Call) and (not isinstance(node.func, ast.Name) or node.keywords):
        raise Unfit(_("The formula calls something that is no function."))
    if isinstance(node, ast.Name) and not NAME.fullmatch(node.id) and node.id not in FUNCTIONS:
        raise Unfit(_("“%(name)s” is not known: put paths in {braces}, texts in quotes.") % {"name": node.id})
    if isinstance(node, ast.Constant):
        _check_constant(node.value)


def _check_constant(value: Any) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if not isinstance(value, int | float):
        raise Unfit(
            _("The formula has a part that is not allowed: %(part)s.") % {"part": type(value).__name__}
        )
    number_of(value)


def _counted(handle: Callable[[Any], Any], work: Work) -> Callable[[Any], Any]:
    """Count a part of a formula before it is walked, and again by what it comes to: the walker looks at each item."""

    def counted(node: Any) -> Any:
        work.spend(1)
        found = handle(node)
        work.spend(weight(found) - 1)
        return found

    return counted


def _short_list(value: Any, work: Work) -> Any:
    """Return what a formula may handle: single values, or a list of them; an object in it is only known to be there."""
    if isinstance(value, list):
        if len(value) > MOST_ITEMS:
            raise Unfit(_("The list has more than %(most)s items.") % {"most": MOST_ITEMS})
        work.spend(len(value))
        return [OBJECT if isinstance(one, list | dict) else one for one in value]
    return OBJECT if isinstance(value, dict) and value else value


def _kept(value: Any) -> Any:
    if callable(value):
        raise Unfit(_("The formula names a function without calling it: write lower({name})."))
    if isinstance(value, dict) or (isinstance(value, list) and OBJECT in value):
        raise Unfit(_("That is a list or an object, and a single value is needed."))
    return value


def _joined(left: Any, right: Any) -> str:
    return _short(text_of(left) + text_of(right))


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise Unfit(_("The text is longer than %(most)s letters.") % {"most": LONGEST})
    return text


def _reckoned(reckon: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Any, Any], Decimal]:
    return lambda left, right: reckon(number_of(left), number_of(right))


def _is_same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return text_of(left).lower() == text_of(right).lower()
    if is_number(left) and is_number(right):
        return number_of(left) == number_of(right)
    return text_of(left) == text_of(right)


def _rounded(value: Any, decimals: Any = 0) -> Decimal:
    places = int(number_of(decimals))
    if not 0 <= places <= MOST_DECIMALS:
        raise Unfit(_("Numbers are rounded to between 0 and %(most)s decimals.") % {"most": MOST_DECIMALS})
    return number_of(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if is_empty(value) else [value]


def _glued(value: Any, between: Any = ", ") -> str:
    texts, glue = [text_of(one) for one in _items(value)], text_of(between)
    if sum(map(len, texts)) + len(glue) * (len(texts) - 1) > LONGEST:
        raise Unfit(_("The text is longer than %(most)s letters.") % {"most": LONGEST})
    return glue.join(texts)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "lower": lambda value: text_of(value).lower(),
    "upper": lambda value: text_of(value).upper(),
    "trim": lambda value: text_of(value).strip(),
    "cut": lambda value, most: text_of(value)[: max(0, int(number_of(most)))],
    "length": lambda value: Decimal(len(text_of(value))),
    "contains": lambda value, part: text_of(part) in text_of(value),
    "starts": lambda value, part: text_of(value).startswith(text_of(part)),
    "filled": lambda value: not is_empty(value),
    "number": number_of,
    "text": text_of,
    "round": _rounded,
    "fixed": lambda value, decimals=2: format(_rounded(value, decimals), "f"),
    "abs": lambda value: abs(number_of(value)),
    "sum": lambda value: sum(map(number_of, _items(value)), Decimal(0)),
    "count": lambda value: Decimal(len(_items(value))),
    "first": lambda value: next(iter(_items(value)), None),
    "join": _glued,
}
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _reckoned(operator.add),
    ast.Sub: _reckoned(operator.sub),
    ast.Mult: _reckoned(operator.mul),
    ast.Div: _reckoned(operator.truediv),
    ast.BitAnd: _joined,
    ast.USub: lambda value: -number_of(value),
    ast.Not: operator.not_,
    ast.Eq: _is_same,
    ast.NotEq: lambda left, right: not _is_same(left, right),
    ast.Lt: lambda left, right: number_of(left) < number_of(right),
    ast.LtE: lambda left, right: number_of(left) <= number_of(right),
    ast.Gt: lambda left, right: number_of(left) > number_of(right),
    ast.GtE: lambda left, right: number_of(left) >= number_of(right),
}
HANDLED = (ast.Name, ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Constant)
ALLOWED = (*HANDLED, *OPERATORS, ast.And, ast.Or, ast.Load)

"""Salesforce's query language, the part of it that is asked: parsed strictly, so that what is no query is refused."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\\n]|\\[nrtbf\"'\\_%])*')"
    r"|(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)"
    r"|(?P<sign>[(),]|!=|<=|>=|=|<|>))",
    re.ASCII,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
WORDS = {"SELECT", "FROM", "WHERE", "AND", "OR", "IN", "ORDER", "BY", "LIMIT"}

Test = Callable[[Mapping[str, Any]], bool]


class Malformed(ValueError):
    """What was sent is no query."""


@dataclass
class Query:
    """A query as it was understood; `used` are the fields in its conditions and order."""

    names: list[str]
    sobject: str
    test: Test
    order: list[str]
    limit: int
    used: list[tuple[str, Any]]


class Reader:
    """Reads one query, token by token."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, Any]] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if found is None:
                raise Malformed(f"unexpected token: {text[at : at + 20]!r}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            at = found.end()
        self.at = 0
        self.used: list[tuple[str, Any]] = []

    def read(self) -> Query:
        self.word("SELECT")
        names = [self.take("name")]
        while self.is_next(","):
            names.append(self.take("name"))
        if len({name.lower() for name in names}) != len(names):
            raise Malformed("duplicate field selected")
        self.word("FROM")
        sobject = self.take("name")
        test: Test = self.conditions() if self.is_word("WHERE") else bool
        order: list[str] = []
        if self.is_word("ORDER"):
            self.word("BY")
            order = [self.field()]
            while self.is_next(","):
                order.append(self.field())
        limit = int(self.take("number")) if self.is_word("LIMIT") else 50_000
        if self.at != len(self.tokens):
            raise Malformed(f"unexpected token: {self.tokens[self.at][1]}")
        return Query(names, sobject, test, order, limit, self.used)

    def conditions(self) -> Test:
        """Conditions joined by one word only: AND and OR side by side need parentheses."""
        tests, joined = [self.condition()], ""
        while (word := next((one for one in ("AND", "OR") if self.is_word(one)), "")) != "":
            if joined and word != joined:
                raise Malformed(f"unexpected token: {word}")
            joined = word
            tests.append(self.condition())
        some = all if joined == "AND" else any
        return lambda row: some(test(row) for test in tests)

    def condition(self) -> Test:
        if self.is_next("("):
            inner = self.conditions()
            self.sign(")")
            return inner
        name = self.field()
        if self.is_word("IN"):
            self.sign("(")
            values = [self.literal(name)]
            while self.is_next(","):
                values.append(self.literal(name))
            self.sign(")")
            return lambda row: any(same(value_at(row, name), value) for value in values)
        sign, value = self.take("sign"), None
        value = self.literal(name)
        return lambda row: compare(sign, value_at(row, name), value)

    def field(self) -> str:
        name = self.take("name")
        self.used.append((name, None))
        return name

    def literal(self, name: str) -> Any:
        kind, told = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        value: Any
        if kind == "text":
            value = re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), told[1:-1])
        elif kind == "time":
            value = datetime.fromisoformat(told)
        elif kind == "number":
            value = float(told)
        elif kind == "name" and told.lower() in ("true", "false", "null"):
            value = {"true": True, "false": False, "null": None}[told.lower()]
        else:
            raise Malformed(f"unexpected token: {told}")
        self.used.append((name, value))
        return value

    def take(self, kind: str) -> str:
        found, told = self.tokens[self.at] if self.at < len(self.tokens) else ("", "<EOF>")
        if found != kind or (kind == "name" and told.upper() in WORDS):
            raise Malformed(f"unexpected token: {told}")
        self.at += 1
        return str(told)

    def word(self, word: str) -> None:
        if not self.is_word(word):
            raise Malformed(f"expecting {word}")

    def sign(self, sign: str) -> None:
        if not self.is_next(sign):
            raise Malformed(f"expecting {sign}")

    def is_word(self, word: str) -> bool:
        return self._is("name", word)

    def is_next(self, sign: str) -> bool:
        return self._is("sign", sign)

    def _is(self, kind: str, told: str) -> bool:
        here = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        is_it = here[0] == kind and here[1].upper() == told
        self.at += is_it
        return is_it


def value_at(row: Mapping[str, Any], name: str) -> Any:
    """What stands in a field, whatever its capitals."""
    return next((value for own, value in row.items() if own.lower() == name.lower()), None)


def same(one: Any, other: Any) -> bool:
    """Texts are the same whatever their capitals; a number of 15 letters is the one of 18 that begins so."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower() or (len(one) == 18 and len(other) == 15 and one[:15] == other)
    return bool(one == other)


def compare(sign: str, one: Any, other: Any) -> bool:
    """Say whether a condition holds."""
    if sign in ("=", "!="):
        return same(one, other) == (sign == "=")
    if one is None or other is None:
        return False
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[sign]

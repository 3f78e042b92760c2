"""Reads JSON values by path and gathers every complaint; knows types and limits, nothing of plans."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.money import Money, MoneyError

_RATE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?", re.ASCII)
_HUNDRED = Decimal(100)


class Reader:
    """Takes values out of a JSON body; what is wrong is noted in `errors` as (path, what is allowed)."""

    def __init__(self) -> None:
        self.errors: list[tuple[str, str]] = []

    def wrong(self, path: str, allowed: str) -> None:
        """Note one complaint; half characters, which no page can show, are spelt out."""
        told = (text.encode("utf-8", "backslashreplace").decode() for text in (path, allowed))
        self.errors.append((next(told), next(told)))

    def mapping(self, value: object, path: str, keys: str) -> Mapping[str, Any]:
        """An object that has none but the keys named; {} if it is something else."""
        known = keys.split()
        if not isinstance(value, dict):
            self.wrong(path, f"must be an object with: {', '.join(known)}")
            return {}
        for key in value:
            if key not in known:
                self.wrong(f"{path}.{str(key)[:60]}", f"is not known; allowed are: {', '.join(known)}")
        return value

    def rows(self, value: object, path: str, least: int, most: int) -> list[Any]:
        """A list of `least` to `most` items; [] if it is something else."""
        if not isinstance(value, list) or not least <= len(value) <= most:
            self.wrong(path, f"must be a list of {least} to {most} items")
            return []
        return value

    def text(self, value: object, path: str, most: int = 200) -> str:
        """A printable text of 1 to `most` characters."""
        if not isinstance(value, str) or not value.strip() or len(value) > most or not value.isprintable():
            self.wrong(path, f"must be a printable text of 1 to {most} characters")
            return ""
        return value

    def texts(self, value: object, path: str) -> tuple[str, ...]:
        """A list of texts, each once."""
        rows = self.rows(value, path, 0, 10_000)
        return tuple(dict.fromkeys(self.text(row, f"{path}[{index}]") for index, row in enumerate(rows)))

    def choice(self, value: object, path: str, allowed: tuple[str | None, ...]) -> str | None:
        """One of the values allowed; the first of them if it is another."""
        if not (value is None or isinstance(value, str)) or value not in allowed:
            named = ", ".join("null" if one is None else f'"{one}"' for one in allowed)
            self.wrong(path, f"must be one of: {named}")
            return allowed[0]
        return value

    def whole(self, value: object, path: str, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        if type(value) is not int or not least <= value <= most:
            self.wrong(path, f"must be a whole number from {least} to {most}")
            return least
        return value

    def flag(self, value: object, path: str) -> bool:
        """True or false."""
        if not isinstance(value, bool):
            self.wrong(path, "must be true or false")
        return value is True

    def rate(self, value: object, path: str) -> Decimal:
        """A rate in per cent, written as text with up to 4 decimals: "12.5" is 12.5 %."""
        if not isinstance(value, str) or not _RATE.fullmatch(value) or Decimal(value) > _HUNDRED:
            self.wrong(path, 'must be per cent as text from "0" to "100" with up to 4 decimals, like "12.5"')
            return Decimal(0)
        return Decimal(value)

    def amount(self, value: object, path: str, currency: str) -> int:
        """An amount in major units as text; the result is in minor units."""
        try:
            if not isinstance(value, str):
                raise MoneyError('An amount is written as text, like "5.00".')
            return Money.parse(value, currency).amount
        except MoneyError as error:
            self.wrong(path, f"must be an amount in {currency}. {error}")
            return 0

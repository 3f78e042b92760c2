"""Facts with good defaults: an honest sale of ann's, and what changes in it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fraud.checks.base import Check
from fraud.checks.facts import Alike, ClickFacts, Mark, Marks, Resemblance, SaleFacts

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
ANN, BEN, EVE = 1, 2, 3  # enrollments

BUYER: Marks = {
    Mark.EMAIL: frozenset({"e1"}),
    Mark.PHONE: frozenset({"p1"}),
    Mark.DEVICE: frozenset({"d1"}),
    Mark.NETWORK: frozenset({"n1"}),
    Mark.ADDRESS: frozenset({"a1"}),
}
AFFILIATE: Marks = {
    Mark.EMAIL: frozenset({"e2"}),
    Mark.PHONE: frozenset({"p2"}),
    Mark.DEVICE: frozenset({"d2", "d3"}),
    Mark.NETWORK: frozenset({"n2"}),
    Mark.ADDRESS: frozenset({"a2"}),
    Mark.PAYEE: frozenset({"y2"}),
}
CLICK = ClickFacts(
    id="c1",
    until_order=900.0,
    network="",
    country="DE",
    referrer="ann.example",
    landed=True,
    fetch_dest="document",
    fetch_user=True,
)
SALE = SaleFacts(
    conversion=10,
    enrollment=ANN,
    at=AT,
    total=4900,
    currency="EUR",
    buyer=BUYER,
    affiliate=AFFILIATE,
    email=Resemblance(is_disposable=False, own_domain=False, likeness=0.1),
    claims_new=True,
    earlier=0,
    country="DE",
    click=CLICK,
)


def sale(**changes: Any) -> SaleFacts:
    """An honest sale with some changes; `click` may be a dict of changes to the honest click."""
    if isinstance(changes.get("click"), dict):
        changes["click"] = replace(CLICK, **changes["click"])
    return replace(SALE, **changes)


def sharing(*kinds: Mark) -> Marks:
    """The honest buyer, who shares these kinds of marks with the affiliate."""
    return {**BUYER, **{kind: AFFILIATE[kind] for kind in kinds}}


def alike(conversion: int = 9, apart: float = 60.0, **changes: Any) -> Alike:
    """An earlier order of the same person over the same amount, some seconds before."""
    honest = Alike(conversion, apart, 4900, "EUR", frozenset({Mark.EMAIL}), enrollment=ANN)
    return replace(honest, **changes)


def by_name(checks: tuple[Check[Any], ...]) -> dict[str, Check[Any]]:
    """The checks of a module by their names."""
    return {check.name: check for check in checks}


def said(check: Check[Any], facts: Any) -> bool | None:
    """Whether a check speaks of the facts, None where it measures nothing."""
    measure = check.measure(facts)
    return None if measure is None else check.speaks(measure)

"""A commission plan as data: what its JSON may say, and the frozen values that rates.py computes with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from commissions.schema import Reader
from commissions.words import plan_in_words
from core.money import exponent

SCHEMA = 1
MAX_LEVEL = 10
BASES = ("base", "level_1", "below")
REWARDS = ("percent", "fixed_per_order", "fixed_per_item")
CUSTOMERS = (None, "new", "returning")


class PlanError(ValueError):
    """A body that is no plan; `errors` holds every (JSON path, what is allowed there)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{path} {message}" for path, message in errors))


@dataclass(frozen=True, slots=True)
class Exclude:
    """What never earns, by product, SKU or category."""

    products: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Level:
    """What a sponsor above the credited affiliate gets; `factor` is the rate as a part of 1."""

    level: int
    rate: Decimal
    basis: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class When:
    """The conditions of a rule: every one that is not empty must hold."""

    goal: str = "sale"
    products: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    customer: str | None = None

    @property
    def specificity(self) -> int:
        """SKU outweighs product, product category, category kind of customer; each outweighs all after it."""
        weights = (self.skus, 8), (self.products, 4), (self.categories, 2), (self.customer, 1)
        return sum(weight for condition, weight in weights if condition)


@dataclass(frozen=True, slots=True)
class Reward:
    """What a rule pays: a rate in per cent (and `factor`, its part of 1) or an amount in minor units."""

    type: str
    rate: Decimal = Decimal(0)
    factor: Decimal = Decimal(0)
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions and a reward; `order` is its place in the plan, a later rule is newer."""

    id: str
    name: str
    priority: int
    when: When
    reward: Reward
    order: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """The greater wins: specificity, then priority, then the newer."""
        return self.when.specificity, self.priority, self.order


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a plan in one currency; `ranked` is its rules, the strongest first."""

    currency: str
    maturity_days: int
    max_total_rate: Decimal
    exclude: Exclude
    levels: tuple[Level, ...]
    compression: bool
    rules: tuple[Rule, ...]
    body: Mapping[str, Any] = field(compare=False, repr=False)
    ranked: tuple[Rule, ...] = field(compare=False, repr=False)

    def rules_in_words(self) -> list[str]:
        """Sentences for people: every rule, then levels, ceiling, exclusions and maturity."""
        return plan_in_words(self.body, self.currency)


def parse_plan(body: object, currency: str) -> Plan:
    """Read a plan's JSON body; PlanError with every error. MoneyError for an unknown currency."""
    exponent(currency)
    read = Reader()
    plan = _plan(read, body, currency)
    if read.errors:
        raise PlanError(read.errors)
    return plan


def _plan(read: Reader, body: object, currency: str) -> Plan:
    keys = "schema maturity_days max_total_rate exclude levels compression rules"
    top = read.mapping(body, "$", keys)
    read.whole(top.get("schema"), "$.schema", SCHEMA, SCHEMA)
    ceiling = read.rate(top.get("max_total_rate", "50"), "$.max_total_rate")
    rules = _rules(read, top.get("rules"), currency, ceiling)
    return Plan(
        currency=currency,
        maturity_days=read.whole(top.get("maturity_days", 30), "$.maturity_days", 0, 365),
        max_total_rate=ceiling,
        exclude=_exclude(read, top.get("exclude", {})),
        levels=_levels(read, top.get("levels", [])),
        compression=read.flag(top.get("compression", False), "$.compression"),
        rules=rules,
        body=top,
        ranked=tuple(sorted(rules, key=lambda rule: rule.rank, reverse=True)),
    )


def _exclude(read: Reader, value: object) -> Exclude:
    names = read.mapping(value, "$.exclude", "products skus categories")
    kinds = ("products", "skus", "categories")
    return Exclude(*(frozenset(read.texts(names.get(kind, []), f"$.exclude.{kind}")) for kind in kinds))


def _levels(read: Reader, value: object) -> tuple[Level, ...]:
    rows = read.rows(value, "$.levels", 0, MAX_LEVEL - 1)
    return tuple(_level(read, row, f"$.levels[{index}]", index + 2) for index, row in enumerate(rows))


def _level(read: Reader, value: object, path: str, number: int) -> Level:
    row = read.mapping(value, path, "level rate basis")
    if type(row.get("level")) is not int or row["level"] != number:
        read.wrong(f"{path}.level", f"must be {number}: levels stand in order and begin with 2")
    rate = read.rate(row.get("rate"), f"{path}.rate")
    basis = read.choice(row.get("basis", "base"), f"{path}.basis", BASES)
    return Level(number, rate, basis or "base", rate.scaleb(-2))


def _rules(read: Reader, value: object, currency: str, ceiling: Decimal) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for index, row in enumerate(read.rows(value, "$.rules", 1, 500)):
        path = f"$.rules[{index}]"
        rule = _rule(read, row, path, currency, index)
        if rule.id and any(rule.id == other.id for other in rules):
            read.wrong(f"{path}.id", "must be another than those of the rules before it")
        if rule.reward.rate > ceiling:
            read.wrong(f"{path}.reward.rate", f"must be at most max_total_rate, {ceiling} %")
        rules.append(rule)
    return tuple(rules)


def _rule(read: Reader, value: object, path: str, currency: str, order: int) -> Rule:
    row = read.mapping(value, path, "id name priority when reward")
    return Rule(
        id=read.text(row.get("id"), f"{path}.id", 64),
        name=read.text(row.get("name"), f"{path}.name"),
        priority=read.whole(row.get("priority", 0), f"{path}.priority", -1000, 1000),
        when=_when(read, row.get("when", {}), f"{path}.when"),
        reward=_reward(read, row.get("reward"), f"{path}.reward", currency),
        order=order,
    )


def _when(read: Reader, value: object, path: str) -> When:
    row = read.mapping(value, path, "goal products skus categories customer")
    return When(
        goal=read.text(row.get("goal", "sale"), f"{path}.goal", 64),
        products=frozenset(read.texts(row.get("products", []), f"{path}.products")),
        skus=frozenset(read.texts(row.get("skus", []), f"{path}.skus")),
        categories=frozenset(read.texts(row.get("categories", []), f"{path}.categories")),
        customer=read.choice(row.get("customer"), f"{path}.customer", CUSTOMERS),
    )


def _reward(read: Reader, value: object, path: str, currency: str) -> Reward:
    given = value.get("type") if isinstance(value, dict) else None
    if given == "percent":
        row = read.mapping(value, path, "type rate")
        rate = read.rate(row.get("rate"), f"{path}.rate")
        return Reward("percent", rate, rate.scaleb(-2))
    if given in ("fixed_per_order", "fixed_per_item"):
        row = read.mapping(value, path, "type amount")
        return Reward(str(given), amount=read.amount(row.get("amount"), f"{path}.amount", currency))
    read.mapping(value, path, "type rate amount")
    if isinstance(value, dict):
        read.choice(given, f"{path}.type", REWARDS)
    return Reward("percent")

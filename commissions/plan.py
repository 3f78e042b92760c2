"""A commission plan as data: what its JSON may say, and the frozen values that rates.py computes with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from commissions.conditions import When, read_when
from commissions.counters import CLICK, METRICS, SPENT, Window
from commissions.rewards import Reward, read_period, read_reach, read_reward
from commissions.schema import Reader
from commissions.words import plan_in_words
from core.money import exponent

SCHEMA = (
    2  # schema 1 is the part of it that has only rates, fixed amounts and conditions on lines and customers
)
MAX_LEVEL = 10
BASES = ("base", "level_1", "below")
CAPPED = ("conversion", "affiliate", "program")
JOINING = "joining"
_FIRST = "schema maturity_days max_total_rate exclude levels compression rules"
_KEYS = {1: _FIRST, 2: f"{_FIRST} split bonuses caps"}


class PlanError(ValueError):
    """A body that is no plan; `errors` holds every (JSON path, what is allowed there)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{path} {message}" for path, message in errors))


@dataclass(frozen=True, slots=True)
class Exclude:
    """What never earns, by product, SKU, category or brand."""

    products: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Level:
    """What a sponsor above the credited affiliate gets; `factor` is the rate as a part of 1.

    `groups` are other rates, in per cent, for sponsors of a group.
    """

    level: int
    rate: Decimal
    basis: str
    factor: Decimal
    groups: Mapping[str, Decimal] = field(default_factory=dict)

    def rate_for(self, group: str) -> Decimal:
        """The rate of a sponsor by its group, in per cent."""
        return self.groups.get(group, self.rate)


@dataclass(frozen=True, slots=True)
class Split:
    """A part of level 1, in per cent, that goes to another affiliate, named by its referral code."""

    affiliate: str
    share: Decimal


@dataclass(frozen=True, slots=True)
class Bonus:
    """An amount in minor units, once a period, when the window reaches the target; joining needs neither."""

    id: str
    name: str
    amount: int
    window: Window | None = None
    target: int = 0


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that is paid for one conversion, to one affiliate in a period, or by the program in a period."""

    of: str
    amount: int
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions and a reward; `order` is its place in the plan, a later rule is newer; a stackable one adds up."""

    id: str
    name: str
    priority: int
    when: When
    reward: Reward
    order: int
    stackable: bool = False

    @property
    def rank(self) -> tuple[tuple[int, int], int, int]:
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
    split: tuple[Split, ...]
    bonuses: tuple[Bonus, ...]
    caps: tuple[Cap, ...]
    windows: frozenset[Window] = field(compare=False)
    asks_group: bool = field(compare=False)
    asks_payment: bool = field(compare=False)
    body: Mapping[str, Any] = field(compare=False, repr=False)
    ranked: tuple[Rule, ...] = field(compare=False, repr=False)

    @property
    def is_counting(self) -> bool:
        """Whether what a sale earns, or a period, depends on other sales."""
        return bool(self.windows or self.bonuses or self.asks_payment)

    def rules_in_words(self) -> list[str]:
        """Sentences for people: every rule, then all that holds beside them."""
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
    schema = body.get("schema") if isinstance(body, dict) else None
    known = schema if type(schema) is int and schema in _KEYS else SCHEMA
    top = read.mapping(body, "$", _KEYS[known])
    read.whole(top.get("schema"), "$.schema", 1, SCHEMA)
    ceiling = read.rate(top.get("max_total_rate", "50"), "$.max_total_rate")
    rules = _rules(read, top.get("rules"), currency, ceiling)
    caps = _caps(read, top.get("caps", []), currency)
    asked = {rule.reward.window for rule in rules} | {cap.window for cap in caps}
    return Plan(
        currency=currency,
        maturity_days=read.whole(top.get("maturity_days", 30), "$.maturity_days", 0, 365),
        max_total_rate=ceiling,
        exclude=_exclude(read, top.get("exclude", {})),
        levels=_levels(read, top.get("levels", [])),
        compression=read.flag(top.get("compression", False), "$.compression"),
        rules=rules,
        split=_splits(read, top.get("split", [])),
        bonuses=_bonuses(read, top.get("bonuses", []), currency),
        caps=caps,
        windows=frozenset(window for window in asked if window is not None),
        asks_group=any(rule.when.asks_group for rule in rules),
        asks_payment=any(rule.when.asks_payment for rule in rules),
        body=top,
        ranked=tuple(sorted(rules, key=lambda rule: rule.rank, reverse=True)),
    )


def _exclude(read: Reader, value: object) -> Exclude:
    kinds = ("products", "skus", "categories", "brands")
    names = read.mapping(value, "$.exclude", " ".join(kinds))
    return Exclude(*(frozenset(read.texts(names.get(kind, []), f"$.exclude.{kind}")) for kind in kinds))


def _levels(read: Reader, value: object) -> tuple[Level, ...]:
    rows = read.rows(value, "$.levels", 0, MAX_LEVEL - 1)
    return tuple(_level(read, row, f"$.levels[{index}]", index + 2) for index, row in enumerate(rows))


def _level(read: Reader, value: object, path: str, number: int) -> Level:
    row = read.mapping(value, path, "level rate basis groups")
    if type(row.get("level")) is not int or row["level"] != number:
        read.wrong(f"{path}.level", f"must be {number}: levels stand in order and begin with 2")
    rate = read.rate(row.get("rate"), f"{path}.rate")
    basis = read.choice(row.get("basis", "base"), f"{path}.basis", BASES)
    given = row.get("groups", {})
    if not isinstance(given, dict):
        read.wrong(f"{path}.groups", 'must be an object of groups and rates, like {"Gold": "7"}')
        given = {}
    groups = {
        read.text(name, f"{path}.groups", 80): read.rate(own, f"{path}.groups.{name[:60]}")
        for name, own in given.items()
    }
    return Level(number, rate, basis or "base", rate.scaleb(-2), groups)


def _rules(read: Reader, value: object, currency: str, ceiling: Decimal) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for index, row in enumerate(read.rows(value, "$.rules", 1, 500)):
        path = f"$.rules[{index}]"
        rule = _rule(read, row, path, currency, index)
        if rule.id and any(rule.id == other.id for other in rules):
            read.wrong(f"{path}.id", "must be another than those of the rules before it")
        if rule.when.goal == CLICK and rule.reward.type != "fixed_per_item":
            allowed = (
                'must be "fixed_per_item" for clicks: those of a day come as one conversion of so many items'
            )
            read.wrong(f"{path}.reward.type", allowed)
        if rule.reward.highest > ceiling:
            place = "steps" if rule.reward.steps else "rate"
            read.wrong(f"{path}.reward.{place}", f"must be at most max_total_rate, {ceiling} %")
        rules.append(rule)
    return tuple(rules)


def _rule(read: Reader, value: object, path: str, currency: str, order: int) -> Rule:
    row = read.mapping(value, path, "id name priority stackable when reward")
    return Rule(
        id=read.text(row.get("id"), f"{path}.id", 64),
        name=read.text(row.get("name"), f"{path}.name"),
        priority=read.whole(row.get("priority", 0), f"{path}.priority", -1000, 1000),
        when=read_when(read, row.get("when", {}), f"{path}.when", currency),
        reward=read_reward(read, row.get("reward"), f"{path}.reward", currency),
        order=order,
        stackable=read.flag(row.get("stackable", False), f"{path}.stackable"),
    )


def _splits(read: Reader, value: object) -> tuple[Split, ...]:
    splits: list[Split] = []
    for index, one in enumerate(read.rows(value, "$.split", 0, 10)):
        path = f"$.split[{index}]"
        row = read.mapping(one, path, "affiliate share")
        split = Split(
            read.text(row.get("affiliate"), f"{path}.affiliate", 64).lower(),
            read.rate(row.get("share"), f"{path}.share"),
        )
        if split.affiliate and any(split.affiliate == other.affiliate for other in splits):
            read.wrong(f"{path}.affiliate", "must be another than those before it")
        splits.append(split)
    if sum(split.share for split in splits) >= 100:
        read.wrong("$.split", "must leave something to the affiliate credited: together less than 100 %")
    return tuple(splits)


def _bonuses(read: Reader, value: object, currency: str) -> tuple[Bonus, ...]:
    bonuses: list[Bonus] = []
    for index, one in enumerate(read.rows(value, "$.bonuses", 0, 50)):
        bonus = _bonus(read, one, f"$.bonuses[{index}]", currency)
        if bonus.id and any(bonus.id == other.id for other in bonuses):
            read.wrong(f"$.bonuses[{index}].id", "must be another than those of the bonuses before it")
        bonuses.append(bonus)
    return tuple(bonuses)


def _bonus(read: Reader, value: object, path: str, currency: str) -> Bonus:
    joining = isinstance(value, dict) and value.get("metric") == JOINING
    row = read.mapping(value, path, "id name amount metric" + ("" if joining else " period target"))
    name = read.text(row.get("name"), f"{path}.name")
    number = read.text(row.get("id"), f"{path}.id", 64)
    amount = read.amount(row.get("amount"), f"{path}.amount", currency)
    if joining:
        return Bonus(number, name, amount)
    metric = read.choice(row.get("metric", "base"), f"{path}.metric", (*METRICS, JOINING)) or "base"
    period = read_period(read, row.get("period", "month"), f"{path}.period")
    if period.startswith("days:"):
        read.wrong(f"{path}.period", "must be a month, quarter, year or all_time: a bonus is paid once in it")
    target = read_reach(read, row.get("target"), f"{path}.target", metric, currency)
    if target == 0 and row.get("target") is not None:
        read.wrong(f"{path}.target", "must be above 0; for a bonus at the beginning use the metric joining")
    return Bonus(number, name, amount, Window(metric, period), target)


def _caps(read: Reader, value: object, currency: str) -> tuple[Cap, ...]:
    rows = read.rows(value, "$.caps", 0, 20)
    return tuple(_cap(read, row, f"$.caps[{index}]", currency) for index, row in enumerate(rows))


def _cap(read: Reader, value: object, path: str, currency: str) -> Cap:
    whole = isinstance(value, dict) and value.get("of") == "conversion"
    row = read.mapping(value, path, "of amount" if whole else "of period amount")
    of = read.choice(row.get("of"), f"{path}.of", CAPPED) or "conversion"
    amount = read.amount(row.get("amount"), f"{path}.amount", currency)
    if whole or of == "conversion":
        return Cap("conversion", amount)
    period = read_period(read, row.get("period", "month"), f"{path}.period")
    return Cap(of, amount, Window("commission" if of == "affiliate" else SPENT, period))

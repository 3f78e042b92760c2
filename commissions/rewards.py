"""What a rule pays: a rate, a fixed amount, or steps by how far the affiliate has come."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from commissions.counters import CALENDAR, METRICS, Window, is_period
from commissions.schema import Reader

REWARDS = ("percent", "fixed_per_order", "fixed_per_item", "brackets")
MODES = ("marginal", "retroactive")
PERIODS = (
    'must be one of: "month", "quarter", "year", "all_time", or "days:30" with any number of days up to 366'
)


@dataclass(frozen=True, slots=True)
class Step:
    """A bracket: reached at `start` (minor units, or conversions), it pays a rate or an amount per order."""

    start: int
    rate: Decimal = Decimal(0)
    factor: Decimal = Decimal(0)
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Reward:
    """What a rule pays: a rate in per cent (and `factor`, its part of 1), an amount in minor units, or steps."""

    type: str
    rate: Decimal = Decimal(0)
    factor: Decimal = Decimal(0)
    amount: int = 0
    window: Window | None = None
    mode: str = "marginal"
    steps: tuple[Step, ...] = ()

    @property
    def highest(self) -> Decimal:
        """The highest rate it can pay, in per cent."""
        return max((step.rate for step in self.steps), default=self.rate)

    @property
    def is_split_at_steps(self) -> bool:
        """Whether a sale that crosses a step is paid in slices; else the step reached before it pays all of it."""
        return self.window is not None and self.window.metric == "base" and self.steps[0].amount is None

    @property
    def is_retroactive(self) -> bool:
        """Whether the step reached at the period's end pays for all of the period."""
        return self.mode == "retroactive"

    def step_at(self, value: int) -> Step:
        """The highest step that is reached with `value`: reaching means at least."""
        return next(step for step in reversed(self.steps) if step.start <= value or step is self.steps[0])


def read_reward(read: Reader, value: object, path: str, currency: str) -> Reward:
    """Take a reward out of JSON; complaints go to the reader."""
    given = value.get("type") if isinstance(value, dict) else None
    if given == "percent":
        row = read.mapping(value, path, "type rate")
        rate = read.rate(row.get("rate"), f"{path}.rate")
        return Reward("percent", rate, rate.scaleb(-2))
    if given in ("fixed_per_order", "fixed_per_item"):
        row = read.mapping(value, path, "type amount")
        return Reward(str(given), amount=read.amount(row.get("amount"), f"{path}.amount", currency))
    if given == "brackets":
        return _brackets(read, value, path, currency)
    read.mapping(value, path, "type rate amount metric period mode steps")
    if isinstance(value, dict):
        read.choice(given, f"{path}.type", REWARDS)
    return Reward("percent")


def _brackets(read: Reader, value: object, path: str, currency: str) -> Reward:
    row = read.mapping(value, path, "type metric period mode steps")
    metric = read.choice(row.get("metric", "base"), f"{path}.metric", METRICS) or "base"
    period = read_period(read, row.get("period", "month"), f"{path}.period")
    mode = read.choice(row.get("mode", "marginal"), f"{path}.mode", MODES) or "marginal"
    if mode == "retroactive" and period not in CALENDAR:
        read.wrong(f"{path}.period", "must end some day for a retroactive bracket: month, quarter or year")
    rows = read.rows(row.get("steps"), f"{path}.steps", 1, 50)
    steps = [_step(read, one, f"{path}.steps[{index}]", metric, currency) for index, one in enumerate(rows)]
    _check_order(read, steps, path)
    return Reward("brackets", window=Window(metric, period), mode=mode, steps=tuple(steps) or (Step(0),))


def _check_order(read: Reader, steps: list[Step], path: str) -> None:
    if steps and steps[0].start != 0:
        read.wrong(f"{path}.steps[0].from", "must be 0: the first step pays from the beginning")
    for index in range(1, len(steps)):
        if steps[index].start <= steps[index - 1].start:
            read.wrong(f"{path}.steps[{index}].from", "must be above that of the step before")
        if (steps[index].amount is None) != (steps[0].amount is None):
            read.wrong(f"{path}.steps[{index}]", "must have what the first step has: a rate, or an amount")


def _step(read: Reader, value: object, path: str, metric: str, currency: str) -> Step:
    row = read.mapping(value, path, "from rate amount")
    start = read_reach(read, row.get("from"), f"{path}.from", metric, currency)
    if ("rate" in row) == ("amount" in row):
        if isinstance(value, dict):
            read.wrong(path, "must have either a rate or an amount per order")
        return Step(start)
    if "amount" in row:
        return Step(start, amount=read.amount(row["amount"], f"{path}.amount", currency))
    rate = read.rate(row["rate"], f"{path}.rate")
    return Step(start, rate, rate.scaleb(-2))


def read_period(read: Reader, value: object, path: str) -> str:
    """Take a period's name out of JSON."""
    if not isinstance(value, str) or not is_period(value):
        read.wrong(path, PERIODS)
        return "month"
    return value


def read_reach(read: Reader, value: object, path: str, metric: str, currency: str) -> int:
    """Take what is to be reached out of JSON: an amount, or a number of conversions, both as text."""
    if metric != "conversions":
        return read.amount(value, path, currency)
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal() or len(value) > 9:
        read.wrong(path, 'must be a number of conversions as text, like "10"')
        return 0
    return int(value)

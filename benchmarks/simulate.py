"""The what-if simulator: 100,000 conversions replayed, beside the bare `evaluate()` of the same sales.

First from memory, plan by plan: the ratio of conversions a second, replayed and only evaluated, says what counters,
refunds and sums cost beside the engine; under retroactive brackets many a conversion is evaluated twice. Then whole
runs of a worker, rows read from a new SQLite database and the answer stored. Times are the processor's, so that a busy
machine does not spoil them. `CASES` sets another number. It ends with 1 if a whole run of 100,000 takes longer than a
minute, or the replay too much longer than the engine alone.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from time import process_time
from typing import Any

from benchmarks._ratios import Ratio, tell
from commissions.plan import Plan, parse_plan
from commissions.rates import evaluate
from commissions.rehearsal.cases import Case, Question
from commissions.sale import Credit, Earner, Line, Sale
from commissions.simulate import simulate

CASES = int(os.environ.get("CASES", "100000"))
AFFILIATES, SPONSORS = 500, 50
YEAR = datetime(2025, 1, 1)  # noqa: DTZ001 - the program's clock has no zone
STARTS, ENDS = YEAR, datetime(2026, 1, 1)  # noqa: DTZ001
MOST_SECONDS = 60.0  # for 100,000 conversions
GOALS = {"flat": 0.7, "marginal": 0.5, "retroactive": 0.4}  # replayed conversions a second / evaluated ones

FLAT: dict[str, Any] = {
    "schema": 2,
    "rules": [{"id": "all", "name": "Everyone", "reward": {"type": "percent", "rate": "10"}}],
}
STEPS = [{"from": "0", "rate": "10"}, {"from": "1000.00", "rate": "15"}, {"from": "5000.00", "rate": "20"}]


def rich(mode: str) -> dict[str, Any]:
    """A plan with everything: brackets, a category, a stackable amount, a sponsor, a limit and a bonus."""
    brackets = {"type": "brackets", "metric": "base", "period": "month", "mode": mode, "steps": STEPS}
    return {
        "schema": 2,
        "levels": [{"level": 2, "rate": "5", "basis": "level_1"}],
        "rules": [
            {"id": "volume", "name": "Volume", "reward": brackets},
            {
                "id": "shoes",
                "name": "Shoes",
                "when": {"categories": ["shoes"]},
                "reward": {"type": "percent", "rate": "8"},
            },
            {
                "id": "new",
                "name": "New customers",
                "stackable": True,
                "when": {"customer": "new"},
                "reward": {"type": "fixed_per_order", "amount": "2.00"},
            },
        ],
        "bonuses": [
            {
                "id": "gold",
                "name": "Gold",
                "amount": "50.00",
                "metric": "base",
                "period": "month",
                "target": "5000.00",
            }
        ],
        "caps": [{"of": "affiliate", "period": "month", "amount": "2000.00"}],
    }


PLANS = {"flat": FLAT, "marginal": rich("marginal"), "retroactive": rich("retroactive")}


def cases(number: int) -> list[Case]:
    """Conversions of a year in the order of time: one to three lines, every twentieth partly refunded."""
    dice = random.Random(7)
    return [_case(dice, YEAR + timedelta(days=365) * index / number) for index in range(number)]


def _case(dice: random.Random, at: datetime) -> Case:
    who = dice.randrange(1, AFFILIATES + 1)
    lines = tuple(_line(dice, place) for place in range(dice.randrange(1, 4)))
    sponsor = Earner(2, AFFILIATES + 1 + who % SPONSORS)
    credit = Credit(who, Fraction(1), (sponsor,))
    sale = Sale("sale", "EUR", lines, (credit,), new_customer=dice.random() < 0.5, at=at)
    revenue = sum(line.net for line in lines)
    parts = {lines[0].key: Fraction(1, 2)} if dice.random() < 0.05 else {}
    return Case(at, sale, revenue=revenue, now={(who, 1): revenue // 10}, parts=parts)


def _line(dice: random.Random, place: int) -> Line:
    category = "shoes" if dice.random() < 0.3 else "other"
    sku = f"S{dice.randrange(50)}"
    return Line(str(place), sku, sku, (category,), dice.randrange(1, 4), dice.randrange(500, 20000))


def timed(work: Callable[[], Any]) -> float:
    """Seconds of the processor that it takes."""
    begun = process_time()
    work()
    return process_time() - begun


def replay(name: str, found: list[Case], body: dict[str, Any]) -> Ratio:
    """Time the engine alone and the whole replay, say microseconds for each conversion, and compare."""
    plan = parse_plan(body, "EUR")
    bare = timed(lambda: _bare(plan, found))
    whole = timed(lambda: simulate(Question(plan, STARTS, ENDS), found).as_json())
    per = 1_000_000 / len(found)
    print(
        f"{name:<12} evaluate() {bare * per:7.1f} µs   simulate {whole * per:7.1f} µs"
        f"   {whole / bare:.2f} times as long, {whole:.2f} s in all",
        flush=True,
    )
    return Ratio(f"simulate: simulate ({name})", round(bare / whole, 2), GOALS[name], "higher")


def _bare(plan: Plan, found: list[Case]) -> None:
    for case in found:
        if case.sale:
            evaluate(plan, case.sale)


def main() -> int:
    """Measure, print, and return 1 where a bound is broken."""
    print(f"{CASES} conversions", flush=True)
    found = cases(CASES)
    gc.freeze()  # a worker reads them one by one: its memory is never searched for so many
    ratios = [replay(name, found, body) for name, body in PLANS.items()]
    found.clear()
    gc.unfreeze()
    with tempfile.TemporaryDirectory() as folder:
        from benchmarks._simulated_rows import whole_runs  # needs a database, which the settings name

        seconds = whole_runs(folder, CASES, PLANS)
    slowest = max(seconds.values()) * 100_000 / CASES
    print(
        f"a whole run of 100000 takes {slowest:.1f} s of the processor; {MOST_SECONDS:.0f} s are allowed",
        flush=True,
    )
    ratios.append(Ratio("simulate: whole_run_vs_minute", round(slowest / MOST_SECONDS, 2), 1.0))
    return tell(ratios)


if __name__ == "__main__":
    sys.exit(main())

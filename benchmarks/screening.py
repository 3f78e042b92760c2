"""What the fraud review costs: sales that are screened, days that are counted, the night over all partners.

A made-up program (tests/fraud/world: honest partners and every scheme) is stored whole. Its newest sales are screened
in batches, each beside the least that could be done: the same orders are read as dictionaries, and a row is written for
each. The same is done in a small program of about a thousand sales: a sale must not take longer because many others are
stored. Days are counted, all of them and then those on which one per cent more clicks came; the night's work over all
partners, once it has opened its cases, stands beside counting all days anew. Compared are seconds of the processor,
those of the database server included; a ratio of turns is their median's. How long it takes to read each click once is
told for comparison.

`--scale 1` is a million clicks and a hundred thousand sales, the default a tenth of it (or SCALE). Screening all sales
ends by itself after twenty minutes. It ends with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks._databases import Database, Postgresql, Sqlite, environment
from benchmarks._ratios import Ratio, tell
from deploy.install import ROOT
from tests.cluster import Cluster

SCALE = float(os.environ.get("SCALE", "0.1"))
GOALS = {
    "sale_vs_bare": 100.0,
    "sale_among_many_vs_few": 1.5,
    "new_days_vs_all_days": 0.25,
    "night_vs_all_days": 1.0,
}


def main(arguments: Sequence[str] = ()) -> int:
    """Measure on both databases, print, and return 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--scale", type=float, default=SCALE, help="1 is a million clicks")
    scale = parser.parse_args(arguments).scale
    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory(prefix="screening-") as name:
        folder = Path(name)
        databases: list[Database] = [Sqlite(folder)]
        if why := Cluster.missing():
            print(f"NOT MEASURED on PostgreSQL: {why}")
        else:
            databases.insert(0, Postgresql(folder))
        for database in databases:
            with database:
                ratios += compare(database.name, measure(database, folder, scale))
    return tell(ratios)


def measure(database: Database, folder: Path, scale: float) -> dict[str, list[float]]:
    """Let a process of its own do the work; return its seconds by name. Raises CalledProcessError if it fails."""
    print(f"{database.name}:", flush=True)
    command = [sys.executable, "-m", "benchmarks._screened", str(scale), *map(str, database.processes)]
    env = environment(database.copy("screened"), folder)
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True)
    *said, last = done.stdout.strip().splitlines()
    print("\n".join(f"  {line}" for line in said), flush=True)
    found: dict[str, list[float]] = json.loads(last)
    return found


def compare(database: str, found: dict[str, list[float]]) -> list[Ratio]:
    """Print what was found and return the ratios."""
    middle = {name: median(turns) for name, turns in found.items()}
    for name, took in middle.items():
        turns = f", in the middle of {len(found[name])} turns" if len(found[name]) > 1 else ""
        print(f"  {name:<12} {took:8.2f} s of CPU{turns}")
    ratios = {
        "sale_vs_bare": median(
            one / max(bare, 0.01) for one, bare in zip(found["many"], found["bare many"], strict=True)
        ),
        "sale_among_many_vs_few": middle["many"] / middle["few"],
        "new_days_vs_all_days": middle["new days"] / middle["all days"],
        "night_vs_all_days": middle["night"] / middle["all days"],
    }
    return [
        Ratio(f"screening: {name} ({database})", round(ratio, 2), GOALS[name])
        for name, ratio in ratios.items()
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

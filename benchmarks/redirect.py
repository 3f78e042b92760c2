"""What it costs to follow a link and keep the click, beside three other ways to answer 302.

    durable   the edge: the click is on the disk before the visitor goes on
    silent    the same edge with a writer that writes nothing
    bare      the least that granian can do in Python: an RSGI function that answers 302
    orm       a Django view under WSGI that makes a Click by the ORM

All four stand there at once and take turns, round by round: 256 keep-alive connections over the loopback, behind one
proxy, each request from another address. Compared are the CPU seconds for 1000 answers of all processes of the server
and of its database; a ratio is the median of the rounds' ratios. At the end the rows are counted: one for each answer,
or the run fails. The crowd that asks is one thread of Python and is not counted (with `wrk` the servers need the same
seconds). Beacons and impressions are compared with clicks without a goal. REQUESTS and ROUNDS set other numbers.
It ends with 1 where a goal is missed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks import _visitors
from benchmarks._databases import Database, Postgresql, Sqlite
from benchmarks._ratios import Ratio, tell
from benchmarks._runners import Interface, Runner, Server, served
from tests.cluster import Cluster

REQUESTS = int(os.environ.get("REQUESTS", "5000"))
FEW = max(1, REQUESTS // 20)  # for what is so much slower
ROUNDS = max(5, int(os.environ.get("ROUNDS", "5")))
GOALS = {"durable_vs_no_recording": 1.25, "durable_vs_bare": 2.0, "orm_vs_durable": 25.0}


def main() -> int:
    """Measure on both databases, print, and return 1 where a goal is missed."""
    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory(prefix="redirect-") as name:
        folder = Path(name)
        databases: list[Database] = [Sqlite(folder)]
        if why := Cluster.missing():
            print(f"NOT MEASURED on PostgreSQL: {why}")
        else:
            databases.insert(0, Postgresql(folder))
        for database in databases:
            with database:
                ratios += measure(database, folder)
    return tell(ratios)


def measure(database: Database, folder: Path) -> list[Ratio]:
    """Let them all take their turns on one database."""
    with ExitStack() as servers:
        runners = start(database, folder, servers)
        for runner in runners.values():
            runner.warm_up()
        for number in range(ROUNDS):
            names = list(runners)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                runners[name].take_turn()
        for runner in runners.values():
            if runner.table:
                runner.check_rows(database)
    print_figures(database, list(runners.values()))
    return compare(database, runners)


def start(database: Database, folder: Path, servers: ExitStack) -> dict[str, Runner]:
    """Start the four servers, each on a copy of the shop; the edge has three doors."""

    def serve(name: str, application: str, interface: Interface) -> Server:
        return servers.enter_context(served(name, application, interface, database, folder))

    clicks = _visitors.clicks(REQUESTS)
    edge = serve("edge", "tracking.edge:application", "asgi")
    runners = [
        Runner("durable", edge, clicks, table="tracking_click"),
        Runner("silent", serve("silent", "benchmarks._silent:application", "asgi"), clicks),
        Runner("bare", serve("bare", "benchmarks._bare:application", "rsgi"), clicks * 2),
        Runner(
            "orm",
            serve("orm", "benchmarks._django:application", "wsgi"),
            clicks[:FEW],
            table="tracking_click",
        ),
        Runner("impression", edge, _visitors.views(REQUESTS), status="200", table="tracking_impression"),
        Runner("beacon", edge, _visitors.beacons(REQUESTS), status="200", table="tracking_beacon"),
    ]
    return {runner.name: runner for runner in runners}


def print_figures(database: Database, runners: Sequence[Runner]) -> None:
    """Say what each of them costs, and how far the rounds lie apart."""
    print(f"{database.name}: CPU seconds for 1000 answers, in the middle of {ROUNDS} rounds", flush=True)
    for runner in runners:
        rows = f"{runner.answered} answers" + (", as many rows" if runner.table else ", no rows")
        span = f"{min(runner.rounds):.3f} to {max(runner.rounds):.3f}"
        server = f"database server {median(runner.of_database):.3f}"
        print(f"  {runner.name:<11} {runner.seconds:7.3f}  ({span}, {server})  {rows}", flush=True)


def compare(database: Database, runners: dict[str, Runner]) -> list[Ratio]:
    """Return the ratios: those with a goal first."""
    pairs = {
        "durable_vs_no_recording": ("durable", "silent"),
        "durable_vs_bare": ("durable", "bare"),
        "orm_vs_durable": ("orm", "durable"),
        "impression_vs_durable": ("impression", "durable"),
        "beacon_vs_durable": ("beacon", "durable"),
    }
    return [
        Ratio(
            f"redirect: {name} ({database.name})",
            round(middle(runners[above], runners[below]), 2),
            GOALS.get(name),
            "higher" if name == "orm_vs_durable" else "lower",
        )
        for name, (above, below) in pairs.items()
    ]


def middle(above: Runner, below: Runner) -> float:
    """Return the median of the rounds' ratios."""
    return median(one / other for one, other in zip(above.rounds, below.rounds, strict=True))


if __name__ == "__main__":
    sys.exit(main())

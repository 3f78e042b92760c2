"""`make test`: the checks, then every test on SQLite and on PostgreSQL, with servers of its own."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from deploy import check, programs, steps
from deploy.steps import Outcome, Step, tool
from tests.brokers import Rabbit, Redis
from tests.cluster import Cluster

SUITE = "not browser and not processes"
HANGS = ("-o", "faulthandler_timeout=600", "-o", "faulthandler_exit_on_timeout=true")
NO_DATABASE = "--ignore=tests/deploy"  # says the same on every database


def main() -> int:
    """Runs everything and prints one summary; returns the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are removed
    missing = programs.bring()
    not_tested = [f"{name}, because {reason}" for name, reason in missing.items()]
    for sentence in not_tested:
        print(f"NOT TESTED: {sentence}", flush=True)
    outcomes = check.run_all()
    try:
        outcomes += tested(missing)
    except RuntimeError as error:  # a server did not start
        print(error, flush=True)
        outcomes.append(Outcome("servers of the tests", 1, 0))
    return steps.summary(outcomes, not_tested)


def tested(missing: dict[str, str]) -> list[Outcome]:
    """Runs every test that this machine can run and returns what became of them."""
    with ExitStack() as stack:
        environment = servers(stack, missing)
        outcomes = [steps.run(step) for step in on_sqlite(environment, missing)]
        if "PostgreSQL" not in missing:
            outcomes += on_postgresql(environment)
        return outcomes


def servers(stack: ExitStack, missing: dict[str, str]) -> dict[str, str]:
    """Starts the doorbells that this machine can run; returns the environment of every test."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tributary-test-"))
    os.chmod(folder, 0o711)  # noqa: PTH101, S103 - the servers' user may pass to what is its own
    environment = {"TRIBUTARY_ENV": "test", "VAR_DIR": folder, "TMPDIR": folder}
    environment |= dict.fromkeys(("DATABASE_URL", "CELERY_BROKER_URL", "REDIS_URL", "PUBLIC_URL"), "")
    if "Redis" not in missing:
        environment["TEST_REDIS_URL"] = stack.enter_context(Redis()).url
    if "RabbitMQ" not in missing:
        environment["TEST_RABBITMQ_URL"] = stack.enter_context(Rabbit()).url
    if "browser" not in missing:
        environment["CHROMIUM"] = programs.chromium() or ""
    return environment


def on_sqlite(environment: dict[str, str], missing: dict[str, str]) -> Iterator[Step]:
    """The runs on SQLite; the browser's is the only one of its kind."""
    data = {"COVERAGE_FILE": str(Path(environment["VAR_DIR"]) / "coverage")}
    covered = ["--cov", "--cov-report=term"] if os.environ.get("COVERAGE") else []  # doubles the time
    yield Step("pytest on SQLite", pytest(SUITE, *beside_each_other(), *covered), {**environment, **data})
    yield Step("processes on SQLite", pytest("processes", *beside_each_other()), environment)
    if "browser" not in missing:
        yield Step("browser", pytest("browser", *beside_each_other()), environment)


def on_postgresql(environment: dict[str, str]) -> list[Outcome]:
    """The runs on PostgreSQL: the suite on a quick cluster, what kills processes on one that forgets nothing."""
    with Cluster(durable=False) as cluster:
        suite = pytest(SUITE, NO_DATABASE, *beside_each_other())
        first = steps.run(Step("pytest on PostgreSQL", suite, {**environment, "DATABASE_URL": cluster.url}))
    with Cluster() as cluster:
        kills = pytest("processes", NO_DATABASE, *beside_each_other())
        step = Step("processes on PostgreSQL", kills, {**environment, "DATABASE_URL": cluster.url})
        return [first, steps.run(step)]


def pytest(marker: str, *options: str) -> list[str]:
    """Command line of a run of the tests with this marker."""
    return tool("pytest", "-m", marker, "--color=no", *options)


def beside_each_other() -> list[str]:
    """Options that use the processors of this machine, at most four; a test that hangs ends its process alone."""
    processes = min(4, os.cpu_count() or 1)
    return ["-n", str(processes), "--dist", "worksteal", *HANGS] if processes > 1 else []


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped.")

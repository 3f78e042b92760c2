"""The servers that take turns, and what a turn costs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic, sleep
from typing import Literal

from benchmarks import _cpu
from benchmarks._crowd import CONNECTIONS, Crowd, is_open
from benchmarks._databases import Database, environment
from deploy import child
from deploy.install import ROOT
from deploy.run import granian
from tests.private_server import free_port

WARM = 2 * CONNECTIONS  # requests of each turn before the clock starts
PATIENCE = 60.0  # seconds for a server to start, and for the last rows to arrive
POLL = 0.1

Interface = Literal["asgi", "rsgi", "wsgi"]


@dataclass(frozen=True)
class Server:
    """What listens: its first process, and those of its database."""

    port: int
    process: int
    database: tuple[int, ...]
    url: str


@dataclass
class Runner:
    """A door of a server: what it is asked, what it should answer, and the table that holds a row for each answer.

    `rounds` holds CPU seconds for 1000 answers, `of_database` how many of them were the database server's.
    """

    name: str
    server: Server
    requests: Sequence[bytes]
    status: str = "302"
    table: str = ""
    answered: int = 0
    rounds: list[float] = field(default_factory=list)
    of_database: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """CPU seconds for 1000 answers, in the middle of all rounds."""
        return median(self.rounds)

    def take_turn(self) -> None:
        """Ask everything once; raise RuntimeError where an answer is not the one expected."""
        with Crowd(self.server.port) as crowd:
            self._check(crowd.ask(self.requests[:WARM]))
            own, database = _cpu.seconds(self.server.process), _cpu.seconds(*self.server.database)
            number = self._check(crowd.ask(self.requests))
            own, database = (
                _cpu.seconds(self.server.process) - own,
                _cpu.seconds(*self.server.database) - database,
            )
        self.rounds.append((own + database) * 1000 / number)
        self.of_database.append(database * 1000 / number)

    def warm_up(self) -> None:
        """Take a turn that does not count."""
        self.take_turn()
        self.rounds.clear()
        self.of_database.clear()

    def _check(self, answers: Counter[str]) -> int:
        if set(answers) != {self.status}:
            raise RuntimeError(f"{self.name} answered {dict(answers)} instead of {self.status}")
        self.answered += answers[self.status]
        return answers[self.status]

    def check_rows(self, database: Database) -> None:
        """Raise RuntimeError unless there are as many rows as answers."""
        deadline = monotonic() + PATIENCE
        while (
            rows := database.count(self.server.url, self.table)
        ) < self.answered and monotonic() < deadline:
            sleep(POLL)  # what went through the journal comes a second later
        if rows != self.answered:
            raise RuntimeError(f"{self.name}: {self.answered} answers, but {rows} rows in {self.table}")


@contextmanager
def served(
    name: str, application: str, interface: Interface, database: Database, folder: Path
) -> Iterator[Server]:
    """Serve an application the way `make run` does, with a database and a folder of its own."""
    port, log, url = free_port(), folder / f"{name}-{database.name}.log", database.copy(f"{name}_shop")
    command = granian(application, "127.0.0.1", port)
    command[command.index("--interface") + 1] = interface
    if interface == "wsgi":
        command += [
            "--blocking-threads",
            "4",
        ]  # each has a connection of its own, and the server takes a hundred
    own = folder / f"{name}-{database.name}"
    with log.open("ab") as output:
        process = child.start(command, environment=environment(url, own), folder=ROOT, output=output)
    try:
        deadline = monotonic() + PATIENCE
        while not is_open(port):
            if process.poll() is not None or monotonic() > deadline:
                raise RuntimeError(f"{application} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            sleep(POLL)
        yield Server(port, process.pid, database.processes, url)
    finally:
        child.stop(process, seconds=20)

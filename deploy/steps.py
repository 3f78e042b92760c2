"""The steps of `make check` and `make test`: commands that are run, shown, timed and summed up."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import IO

from deploy import child
from deploy.install import ROOT

NO_TESTS = 5  # pytest's exit code when it found nothing to run
WIDTH = 100
CLOSING_LINE = re.compile(rb"^=+ .*\b(passed|failed|error|errors|skipped|no tests ran|deselected)\b.* =+$")
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed)\b")


@dataclasses.dataclass(frozen=True)
class Step:
    """One command with its name and what its environment has more than ours; `quiet` shows only failures."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    quiet: bool = False


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a step: exit code, duration in seconds, pytest's closing line if it was one of its runs."""

    name: str
    code: int
    seconds: float
    closing_line: str = ""

    @property
    def word(self) -> str:
        """The outcome in a word or two."""
        if self.code == 0:
            return "ok"
        return "NO TESTS FOUND" if self.closing_line and self.code == NO_TESTS else "FAILED"


def tool(module: str, *arguments: str) -> list[str]:
    """Command line of a tool in our own environment."""
    return [sys.executable, "-m", module, *arguments]


def run(step: Step) -> Outcome:
    """Runs a step to its end and returns what became of it."""
    heading(step.name)
    begun = time.monotonic()
    with tempfile.TemporaryFile() as said:
        code = shown(step, said) if not step.quiet else captured(step, said)
        closing_line = last_closing_line(said)
    outcome = Outcome(step.name, code, time.monotonic() - begun, closing_line)
    print(f"-- {step.name}: {outcome.word} ({outcome.seconds:.0f} s)", flush=True)
    return outcome


def shown(step: Step, said: IO[bytes]) -> int:
    """Runs a command whose lines are shown at once and kept for later; returns its exit code."""
    process = start(step, subprocess.PIPE)
    try:
        for line in process.stdout or ():
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
            said.write(line)
        return process.wait()
    finally:
        child.stop(process, seconds=20)


def captured(step: Step, said: IO[bytes]) -> int:
    """Runs a command whose lines are shown only when it failed; returns its exit code."""
    process = start(step, said)
    try:
        code = process.wait()
    finally:
        child.stop(process, seconds=20)
    if code != 0:
        said.seek(0)
        sys.stdout.buffer.write(said.read())
        sys.stdout.flush()
    return code


def start(step: Step, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts the command of a step in the project's folder."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **step.environment}
    return child.start(step.command, environment=environment, folder=ROOT, output=output)


def last_closing_line(said: IO[bytes]) -> str:
    """The line with which pytest ended, or an empty text."""
    said.seek(0)
    found = [line for line in (raw.rstrip() for raw in said) if CLOSING_LINE.match(line)]
    return found[-1].decode(errors="replace") if found else ""


def heading(text: str) -> None:
    """Prints a line that the eye finds again."""
    print(f"\n== {text} ".ljust(WIDTH, "="), flush=True)


def summary(outcomes: Sequence[Outcome], not_tested: Sequence[str] = ()) -> int:
    """Prints what became of every step, pytest's own closing lines last; returns the exit code of the whole."""
    heading("Summary")
    for outcome in outcomes:
        print(f"{outcome.name.ljust(48)} {outcome.word.ljust(15)} {outcome.seconds:5.0f} s")
    for sentence in not_tested:
        print(f"NOT TESTED: {sentence}")
    tested = [outcome for outcome in outcomes if outcome.closing_line]
    failed = [outcome.name for outcome in outcomes if outcome.code != 0]
    if tested:
        print(f"All runs together: {total(tested)}")
    print(f"FAILED: {', '.join(failed)}" if failed else "Everything that was run is in order.")
    for outcome in tested:
        print(f"{outcome.name}:\n{outcome.closing_line}")
    sys.stdout.flush()
    return 1 if failed else 0


def total(outcomes: Sequence[Outcome]) -> str:
    """Pytest's counts of several runs in one sum."""
    sums: dict[str, int] = {}
    for outcome in outcomes:
        for number, word in COUNT.findall(outcome.closing_line):
            sums[word.replace("errors", "error")] = sums.get(word.replace("errors", "error"), 0) + int(number)
    return ", ".join(f"{number} {word}" for word, number in sums.items()) or "no tests"

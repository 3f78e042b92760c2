"""`make bench`: runs each benchmark in benchmarks/ and keeps what it found in docs/performance.md.

`python -m deploy.bench redirect` runs only that one. A benchmark prints figures for people and a line of JSON for each
ratio: name, ratio, goal, better. One that was not run, or that broke, keeps what it found before, with its date.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from deploy import findings, programs, steps
from deploy.findings import Finding
from deploy.install import ROOT
from deploy.machine import describe
from deploy.steps import Outcome, Step, tool

FOLDER = ROOT / "benchmarks"
PAGE = ROOT / "docs" / "performance.md"


def main(wanted: Sequence[str] = ()) -> int:
    """Runs the benchmarks, writes the page and prints a summary; returns the exit code."""
    known = names(FOLDER)
    if unknown := sorted(set(wanted) - set(known)):
        print(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    for name, reason in programs.bring().items():
        print(f"{name} is missing: {reason}.")
    chosen = [Step(name, tool(f"benchmarks.{name}")) for name in known if not wanted or name in wanted]
    return steps.summary([run(step, PAGE) for step in chosen])


def names(folder: Path) -> list[str]:
    """The names of the benchmarks in a folder."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def run(step: Step, page: Path) -> Outcome:
    """Runs one benchmark and puts what it found on the page, unless it broke."""
    steps.heading(step.name)
    begun = time.monotonic()
    with tempfile.TemporaryFile() as output:
        code = steps.shown(step, output)
        output.seek(0)
        found = Finding(describe(), output.read().decode(errors="replace").strip())
    if is_whole(found, code):
        keep(step.name, found, page)
    else:
        print(f"{step.name} broke: {page.name} keeps what it found before.", flush=True)
    return Outcome(step.name, code, time.monotonic() - begun)


def is_whole(found: Finding, code: int) -> bool:
    """Whether the benchmark came to its end: it says ratios, and an exit code that they explain."""
    is_missed = any(ratio.is_missed for ratio in found.ratios)
    return bool(found.ratios) and code == int(is_missed)


def keep(name: str, found: Finding, page: Path) -> None:
    """Puts a finding in the place of the former one."""
    former = findings.read(page.read_text(encoding="utf-8")) if page.exists() else {}
    page.write_text(findings.written({**former, name: found}), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`make bench`: runs each benchmark in benchmarks/, one after the other."""

from __future__ import annotations

import sys

from deploy import steps
from deploy.install import ROOT
from deploy.steps import Step, tool


def main() -> int:
    """Runs the benchmarks and prints their summary; returns the exit code."""
    names = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if not path.stem.startswith("_"))
    if not names:
        print("There is no benchmark in benchmarks/ yet.")
        return 0
    return steps.summary([steps.run(Step(name, tool(f"benchmarks.{name}"))) for name in names])


if __name__ == "__main__":
    sys.exit(main())

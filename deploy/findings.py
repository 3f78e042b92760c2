"""docs/performance.md: what each benchmark found last, read and written."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping

from benchmarks._ratios import Ratio

HEAD = """# Performance

Written by `make bench`; `.venv/bin/python -m deploy.bench NAME` runs only one benchmark, and the others keep what they
found before. Machines differ, so what is promised are ratios: two ways to do one thing, measured in turns in one run. A
benchmark ends with an error where a goal is missed. What it compares, and how, stands at the head of
`benchmarks/NAME.py`.

"""
SECTION = re.compile(r"^## (\w+)\n\n([^\n]+)\n\n```\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a benchmark printed, and a line that begins with the day and says on which machine."""

    measured: str
    said: str

    @property
    def ratios(self) -> list[Ratio]:
        """The ratios among the lines."""
        return list(ratios_in(self.said))


def ratios_in(said: str) -> Iterator[Ratio]:
    """The ratios among the lines of a benchmark; raises ValueError for a line that lacks a part of one."""
    for line in said.splitlines():
        if not line.startswith('{"name":'):
            continue
        try:
            yield Ratio(**json.loads(line))
        except TypeError as wrong:
            raise ValueError(f"This line is no ratio: {line}") from wrong


def read(text: str) -> dict[str, Finding]:
    """The findings on a page, by benchmark."""
    return {name: Finding(measured, said) for name, measured, said in SECTION.findall(text)}


def written(findings: Mapping[str, Finding]) -> str:
    """The page: a table of all ratios, then what each benchmark said."""
    rows = [row(ratio, finding) for _name, finding in sorted(findings.items()) for ratio in finding.ratios]
    table = "\n".join(["| ratio | found | goal | | measured |", "|---|---|---|---|---|", *rows])
    sections = [
        f"\n## {name}\n\n{found.measured}\n\n```\n{found.said}\n```\n"
        for name, found in sorted(findings.items())
    ]
    return f"{HEAD}{table}\n{''.join(sections)}"


def row(ratio: Ratio, finding: Finding) -> str:
    """A line of the table."""
    sign = "≤" if ratio.better == "lower" else "≥"
    goal = "" if ratio.goal is None else f"{sign} {ratio.goal:g}"
    word = "" if ratio.goal is None else "**missed**" if ratio.is_missed else "met"
    day = finding.measured.partition(",")[0]
    return f"| {ratio.name} | {ratio.ratio:g} | {goal} | {word} | {day} |"

"""What servers cost: seconds of the processor, read from /proc."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PARENT, TIMES = 1, slice(11, 15)  # utime, stime, and those of children that have ended


def seconds(*roots: int) -> float:
    """Seconds that these processes and all under them have used so far, user and system, ended children included."""
    ticks, children = _processes()
    family, todo = set(), list(roots)
    while todo:
        process = todo.pop()
        family.add(process)
        todo += children[process]
    return sum(ticks.get(process, 0) for process in family) / TICKS


def _processes() -> tuple[dict[int, int], dict[int, list[int]]]:
    """Ticks of each process that lives, and who is whose child."""
    ticks: dict[int, int] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(errors="replace").rpartition(") ")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        process = int(path.parent.name)
        ticks[process] = sum(map(int, fields[TIMES]))
        children[int(fields[PARENT])].append(process)
    return ticks, children

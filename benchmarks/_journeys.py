"""Made-up journeys in a file: numbers only, so that every library reads the same ones."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

CHANNELS, TOUCHES, RATE, LONGEST = 50, 2.85, 0.05, 30
WEEK = 7 * 86400


def write(path: Path, number: int) -> int:
    """Write that many journeys; a few affiliates have most of the touches. Return how many touches there are."""
    dice = np.random.default_rng(7)
    lengths = np.minimum(dice.geometric(1 / TOUCHES, number), LONGEST)
    touches = int(lengths.sum())
    shares = 1 / np.arange(1, CHANNELS + 1) ** 0.8
    ids = dice.choice(np.arange(101, 101 + CHANNELS), touches, p=shares / shares.sum())
    ages = dice.integers(0, 30 * 86400, touches)
    ordered = dice.random(number) < RATE
    value = np.where(ordered, dice.integers(500, 20_000, number), 0)
    np.savez(path, lengths=lengths, ids=ids, ages=ages, ordered=ordered, value=value)
    return touches


def read(path: str) -> tuple[list[list[int]], list[list[int]], list[bool], list[int]]:
    """Return paths, ages (oldest first), whether each led to an order, and its value."""
    found = np.load(path)
    ends = np.cumsum(found["lengths"])
    cuts = list(zip((ends - found["lengths"]).tolist(), ends.tolist(), strict=True))
    ids, ages = found["ids"].tolist(), found["ages"].tolist()
    paths = [ids[begins:after] for begins, after in cuts]
    told = [sorted(ages[begins:after], reverse=True) for begins, after in cuts]
    return paths, told, found["ordered"].tolist(), found["value"].tolist()


def timed(work: Callable[[], dict[str, Any]]) -> None:
    """Do the work and print what it took, as JSON: the processor's seconds, the most memory, and what the work says."""
    begun = process_time()
    said = work()
    seconds = process_time() - begun
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": round(seconds, 4), "megabytes": round(megabytes), **said}))

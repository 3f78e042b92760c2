"""Our models over the journeys of a file; for one process of `benchmarks.attribution`."""

from __future__ import annotations

import os
import sys
from time import process_time
from typing import Any

from benchmarks._journeys import WEEK, read, timed

os.environ.setdefault("TRIBUTARY_ENV", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
import django

django.setup()

from tracking.attribution.comparison import RULES, Decay, by_rule, compare  # noqa: E402 - needs the settings
from tracking.attribution.markov import chain_of, markov  # noqa: E402
from tracking.attribution.paths import PathCounts, Paths  # noqa: E402
from tracking.attribution.shapley import shapley  # noqa: E402

CHUNK = 5000


def main(name: str, data: str) -> None:
    """Run one method: rules, markov1, markov2, markov3, shapley, or a whole study."""
    paths, ages, ordered, value = read(data)

    def work() -> dict[str, Any]:
        begun = process_time()
        counts = PathCounts()
        for path, order, worth in zip(paths, ordered, value, strict=True):
            if order:
                counts.add(path, conversions=1, value=worth)
        if name not in ("rules", "shapley"):  # what led to no order changes nothing for them
            counts.add_nulls(path for path, order in zip(paths, ordered, strict=True) if not order)
        counted = counts.paths()
        said = f"{counted.count} distinct paths counted in {process_time() - begun:.1f} s"
        if name == "shapley":
            shapley(counted)
            return {"words": said}
        if name.startswith("markov"):
            return _markov(counted, int(name[-1]), said)
        decay = Decay(WEEK)
        _decayed(decay, paths, ages, ordered, value)
        if name == "study":
            compare(counted, counted, decay)
            return {"words": "all models with 95 per cent intervals"}
        for rule in RULES:
            by_rule(counted, rule)
        decay.credits(counted.players)
        return {"words": said}

    timed(work)


def _markov(counted: Paths, order: int, said: str) -> dict[str, Any]:
    begun = process_time()
    _credits, found = markov(counted, order)
    solved = process_time() - begun
    words = f"{said}; {chain_of(counted, order).states} states solved in {solved:.2f} s"
    effects = dict(zip(map(str, counted.players.tolist()), found.effects.tolist(), strict=True))
    return {"words": words, "effects": effects}


def _decayed(
    decay: Decay, paths: list[list[int]], ages: list[Any], ordered: list[bool], value: list[int]
) -> None:
    """Time decay in chunks, as a study reads orders."""
    places = [place for place, order in enumerate(ordered) if order]
    for start in range(0, len(places), CHUNK):
        chunk = places[start : start + CHUNK]
        decay.add([paths[one] for one in chunk], [ages[one] for one in chunk], [value[one] for one in chunk])


if __name__ == "__main__":
    main(*sys.argv[1:])

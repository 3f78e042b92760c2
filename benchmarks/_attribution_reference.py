"""marketing_attribution_models over the journeys of a file; runs in an environment of its own, without the house."""

from __future__ import annotations

import sys
from typing import Any

import polars
from mam.core import MAM

from benchmarks._journeys import read, timed


def main(name: str, data: str) -> None:
    """Run one method: rules, markov1 or shapley."""
    paths, ages, ordered, value = read(data)
    frame = polars.DataFrame(
        {
            "journey": [" > ".join(map(str, path)) for path in paths],
            "hours": [" > ".join(str(age / 3600) for age in each) for each in ages],
            "order": ordered,
            "value": [float(each) for each in value],
            "journey_id": range(len(paths)),
        }
    )
    del paths, ages, ordered, value
    timed(lambda: _run(name, frame))


def _run(name: str, frame: Any) -> dict[str, Any]:
    mam = MAM(
        df=frame,
        format_type="journey",
        channels_colname="journey",
        journey_with_conv_colname="order",
        time_till_conv_colname="hours",
    )
    if name == "markov1":
        effects = mam.run_markov().metadata["removal_effect"]["removal_effect"]
        return {"effects": {channel: float(effect) for channel, effect in effects.items()}}
    if name == "shapley":
        mam.run_shapley(max_size=4).to_polars()
        return {"words": "at most 4 affiliates of a journey"}
    for run in (mam.run_last_click, mam.run_first_click, mam.run_linear, mam.run_position_based):
        run().to_polars()
    mam.run_time_decay().to_polars()
    return {"words": "without value"}


if __name__ == "__main__":
    main(*sys.argv[1:])

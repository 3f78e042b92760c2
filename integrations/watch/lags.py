"""How long messages take from their event to the far side's yes, counted in steps. Values in, values out."""

from collections.abc import Sequence

STEPS = (1, 2, 5, 15, 60, 300, 900, 3600, 21600)  # seconds; whatever took longer is counted in the last place
NAMES = (*(f"lag_{step}" for step in STEPS), "lag_more")


def place_of(seconds: float) -> str:
    """Return the column in which a lag is counted."""
    return next((f"lag_{step}" for step in STEPS if seconds <= step), NAMES[-1])


def quantile(counts: Sequence[int], share: float) -> float | None:
    """Return the seconds within which this share of all messages was there; None where there were none.

    `counts` as in NAMES. Within a step the messages are taken to be spread evenly; what took longer than the last
    step is told as that step.
    """
    total = sum(counts)
    if not total:
        return None
    wanted, seen, low = share * total, 0, 0.0
    for count, step in zip(counts, STEPS, strict=False):
        if count and seen + count >= wanted:
            return low + (step - low) * max(0.0, wanted - seen) / count
        seen, low = seen + count, float(step)
    return float(STEPS[-1])

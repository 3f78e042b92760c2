"""Named places where a test can make the process die at once, as a power cut would."""

import os
from itertools import count

EXIT_CODE = 137
NAMES = frozenset(
    {
        "inbound.before_commit",
        "inbound.after_commit",
        "bell.before_ring",
        "job.after_claim",
        "job.before_done",
        "job.after_done",
        "ledger.inside_posting",
        "intake.before_commit",
        "intake.after_commit",
        "payout.after_approve",
        "click.before_commit",
        "click.after_commit",
        "batch.inside",
        "order_file.before_commit",
        "arrival.before_commit",
        "arrival.after_commit",
        "reconciliation.before_commit",
    }
)


def parse(text: str) -> tuple[str, int]:
    """Read "name" or "name:N" into name and hit (1 = the first); "" arms nothing; raises ValueError if unknown."""
    name, _, hit = text.partition(":")
    if name and name not in NAMES:
        raise ValueError(f"FAILPOINT names no known point: {name}")
    number = int(hit) if hit else 1
    if number < 1:
        raise ValueError("FAILPOINT counts hits from 1.")
    return name, number


ARMED, DEADLY_HIT = parse(os.environ.get("FAILPOINT", ""))
_hits = count(1)


def failpoint(name: str) -> None:
    """End the process with code 137, without cleaning up, if the environment's FAILPOINT names this hit."""
    assert name in NAMES, f"unknown failpoint: {name}"  # noqa: S101 - a misspelt name is for developers
    if name == ARMED and next(_hits) == DEADLY_HIT:
        os._exit(EXIT_CODE)

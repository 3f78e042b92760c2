"""Splits a table into what was known and what came later."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from fraud.scores.forest import Ints
from fraud.scores.table import TableError


def split_by_time(
    moments: Sequence[datetime], at: datetime, groups: Sequence[str] | None = None
) -> tuple[Ints, Ints]:
    """Say which rows came before `at`, to train on, and which at or after it, to measure on.

    With groups, later rows of a group that was trained on are left out, so that no partner is recognized rather than
    judged. Raises TableError if one side is empty.
    """
    index = np.arange(len(moments), dtype=np.int64)
    is_later = np.array([moment >= at for moment in moments], dtype=bool)
    earlier, later = index[~is_later], index[is_later]
    if groups is not None:
        known = {groups[row] for row in earlier}
        later = np.array([row for row in later if groups[row] not in known], dtype=np.int64)
    if not earlier.size or not later.size:
        raise TableError(
            f"Split at {at:%Y-%m-%d}, there are {earlier.size} rows to train on and {later.size} to measure on."
        )
    return earlier, later

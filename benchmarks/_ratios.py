"""How a benchmark says what it found: one line of JSON for each ratio, which `deploy.bench` reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Ratio:
    """Two measurements of one run, divided; without a goal it only informs."""

    name: str
    ratio: float
    goal: float | None = None
    better: Literal["lower", "higher"] = "lower"

    @property
    def is_missed(self) -> bool:
        """Whether there is a goal that the ratio does not reach."""
        if self.goal is None:
            return False
        return self.ratio > self.goal if self.better == "lower" else self.ratio < self.goal


def tell(ratios: Sequence[Ratio]) -> int:
    """Print the ratios and return the exit code: 1 where a goal is missed."""
    for each in ratios:
        print(json.dumps(asdict(each)), flush=True)
    return 1 if any(each.is_missed for each in ratios) else 0

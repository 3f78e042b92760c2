"""Pipedrive's limits: a budget of tokens for a day, and so many calls in two seconds; and what each call costs.

Of the day's tokens no answer tells how many are left, so those that were spent are counted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.http import Answer
from integrations.connectors.waits import asked_wait

HOUR = 3600.0
WINDOW = 2.0  # seconds
ONE = re.compile(r"/[0-9]+$")
COSTS = {"POST": 5, "PATCH": 5, "DELETE": 3}  # of v2; v1 costs twice as much
SEARCH, LIST, SINGLE = 20, 10, 1
NAMES = ("limit", "remaining", "reset")


@dataclass(frozen=True, slots=True)
class Window:
    """What the last answer told: calls in two seconds, those that are left, seconds until there are new ones.

    `daily_left` is how many records may still be written today, told to keys of people alone. None is not told.
    """

    most: int | None = None
    left: int | None = None
    reset: float = WINDOW
    daily_left: int | None = None

    @property
    def quota(self) -> dict[str, int]:
        """What is left, by name; not of how many, for a window of two seconds that is nearly used up is no trouble."""
        told = {"window_left": self.left, "daily_left": self.daily_left}
        return {name: value for name, value in told.items() if value is not None}


def window_of(headers: Mapping[str, str]) -> Window:
    """Read x-ratelimit-… and x-daily-requests-left."""
    most, left, reset = (_whole(headers.get(f"x-ratelimit-{name}", "")) for name in NAMES)
    seconds = WINDOW if reset is None else min(float(reset), WINDOW)
    return Window(most, left, seconds, _whole(headers.get("x-daily-requests-left", "")))


def cost_of(method: str, path: str) -> int:
    """Return the tokens that a call costs."""
    address = path.partition("?")[0]
    times = 2 if address.startswith("/api/v1/") else 1
    if method in COSTS:
        return COSTS[method] * times
    if "earch" in address:
        return SEARCH * times
    is_single = ONE.search(address) or address.endswith("/me")
    return (SINGLE if is_single else LIST) * times


def wait_of(answer: Answer, said: str) -> float:
    """Return the seconds to wait after a 429: until the window is over, or an hour when the day's tokens are spent.

    The budget begins anew at midnight of Pipedrive's own clocks, which no answer tells.
    """
    if asked := asked_wait(answer):
        return asked
    window = window_of(answer.headers)
    is_day_over = "daily" in said.lower() or "budget" in said.lower() or bool(window.left)
    return HOUR if is_day_over else max(window.reset, 1.0)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None

"""Two batches that name the same people in opposite order may wait for each other; the database ends one of them."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
TRIES = 6
DEADLOCK = "40P01"


def again_after_deadlock(verb: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Let a verb that is a transaction of its own begin anew when it was ended to solve a deadlock.

    Inside somebody else's transaction nothing can be repeated: the whole of it has to be.
    """

    @wraps(verb)
    def tried(*given: Given.args, **named: Given.kwargs) -> Answer:
        for _attempt in range(1 if connection.in_atomic_block else TRIES - 1):
            try:
                return verb(*given, **named)
            except OperationalError as failure:
                if connection.in_atomic_block or getattr(failure.__cause__, "sqlstate", "") != DEADLOCK:
                    raise
        return verb(*given, **named)

    return tried

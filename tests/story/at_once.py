"""Many threads that begin at the same moment, each with a database connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

Answer = TypeVar("Answer")
PATIENCE = 60


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer | Exception]:
    """Return what each call returned or raised; all begin together."""
    gate = Barrier(len(calls), timeout=PATIENCE)

    def _run(call: Callable[[], Answer]) -> Answer | Exception:
        try:
            gate.wait()
            return call()
        except Exception as failure:
            return failure
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(_run, calls, timeout=PATIENCE))

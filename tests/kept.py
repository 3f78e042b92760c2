"""What many tests need and none changes for another: made once, and not once more for each test."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

Made = TypeVar("Made")


def rows(make: Callable[[], Made], blocker: DjangoDbBlocker) -> Iterator[Made]:
    """Make rows for all tests of a file and take them back after the last one.

    For a fixture of a module's scope, in files whose tests run in transactions of their own. What it yields is
    shared: hand each test a deep copy.
    """
    atomic = transaction.atomic()
    with blocker.unblock():
        atomic.__enter__()
        try:
            made = make()
        except BaseException as error:
            atomic.__exit__(type(error), error, error.__traceback__)
            raise
    yield made
    with blocker.unblock():
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


def static_files(patch: pytest.MonkeyPatch) -> None:
    """Look for the static files once: every test client makes the middleware anew, and that looked each time."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    known: dict[tuple[str, str], dict[str, Any]] = {}

    def _files(self: WhiteNoiseMiddleware) -> None:
        place = (self.static_prefix, str(self.static_root))
        if place not in known:
            look(self)
            known[place] = dict(self.files)
        self.files.update(known[place])

    patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", _files)

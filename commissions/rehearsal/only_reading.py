"""Work that may read everything and change nothing but its own rows: any other write is refused on its way."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Model

READS = frozenset({"SELECT", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
_WRITE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', re.ASCII)


class WriteRefused(RuntimeError):
    """Somebody tried to change a row that this work may only read."""


@contextmanager
def only_reading(*own: type[Model]) -> Iterator[None]:
    """Refuse every statement inside the block that is neither a question nor a change to a table of `own`."""
    tables = {model._meta.db_table for model in own}

    def guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not is_allowed(str(sql), tables):
            raise WriteRefused(f"This may only read: {str(sql)[:120]}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(guard):
        yield


def is_allowed(sql: str, tables: set[str]) -> bool:
    """Say whether a statement only asks, or changes one of these tables."""
    text = sql.lstrip()
    if text.split(None, 1)[0].rstrip(";").upper() in READS if text else False:
        return True
    found = _WRITE.match(text)
    return found is not None and found[1] in tables

"""Indexes that are made and taken down beside the readers and writers of a table that may be large.

A migration with one of them sets `atomic = False`.
"""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently


class WhereItCan:
    """Concurrently where the database can; elsewhere as the operation does that stands behind `concurrent`."""

    concurrent: Any = None

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        self._own(schema_editor).database_forwards(app_label, schema_editor, *states)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        self._own(schema_editor).database_backwards(app_label, schema_editor, *states)

    def _own(self, schema_editor: Any) -> Any:
        return super(WhereItCan if schema_editor.connection.vendor == "postgresql" else self.concurrent, self)


class Add(WhereItCan, AddIndexConcurrently):
    """Makes an index."""

    concurrent = AddIndexConcurrently


class Remove(WhereItCan, RemoveIndexConcurrently):
    """Takes an index down."""

    concurrent = RemoveIndexConcurrently

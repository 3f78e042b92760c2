"""Rows change by verbs: nothing outside actions assigns a state, saves, creates, updates or deletes."""

import ast

import pytest

from tests.house.source import APPS, Source, python, where

WRITES = frozenset(
    {"save", "create", "bulk_create", "update", "bulk_update", "get_or_create", "update_or_create", "delete"}
)
SQL = frozenset({"execute", "executemany"})
FROM_ROWS = frozenset(
    {"objects", "filter", "exclude", "select_for_update", "visible_to", "owned_by", "get_queryset"}
)
# file -> why rows may change there
ALLOWED = {
    "core/models.py": "the verbs that make people; Django asks for them on the model",
    "core/events.py": "writes the news itself",
    "core/jobs.py": "runs the outbox: the state of a job is its own",
    "core/periods.py": "marks the turns of the schedule",
    "commissions/ledger.py": "posts entries; it is what the verbs call",
    "affiliates/scoped_admin.py": "plain settings forms; an event is recorded with each",
    "portal/keys.py": "the verbs of API keys",
    "portal/brand_actions.py": "the verbs of brands",
    "portal/management/commands/check_ledger.py": "opens and ends a reading transaction",
    "fraud/gathering/day_clicks.py": "a question that the ORM has no words for: grouped twice",
    "portal/demo/stage.py": "sets the demo's stage before the verbs play on it: people and brands",
    "portal/demo/simulator.py": "writes a year of clicks at once, as the edge would have",
    "portal/tasks.py": "clears away what has expired",
    "core/management/commands/rotate_keys.py": "seals every secret again and changes nothing else",
    "tracking/edge/writer.py": "stores clicks at wire speed, many with one statement",
    "integrations/connectors/sql/engine.py": "asks another's database, in a session that can only read",
    "integrations/connectors/sql/file.py": "opens a file of another so that it can only be read",
    "integrations/connectors/sql/pieces.py": "asks another's database, in a session that can only read",
    "integrations/connectors/shopify/bulk_file.py": "sorts a file's lines in a scratch database of its own",
    "portal/api/idempotency.py": "keeps the first answer to a key",
}


def is_action(path: str) -> bool:
    return path.endswith("/actions.py") or "/actions/" in path


def assigns_state(node: ast.AST) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets)


def writes_rows(node: ast.AST) -> bool:
    """`x.save()` on anything but a parent or a form, and the writing ends of a query."""
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES | SQL
    ):
        return False
    on = node.func.value
    if node.func.attr == "save":
        is_file = bool(node.args)  # drawing.save(target): a row's save takes no target
        return (
            not is_file and not _is_parent(on) and not (isinstance(on, ast.Name) and on.id.endswith("form"))
        )
    if node.func.attr in SQL:
        return True
    if node.func.attr == "update" and node.keywords:  # a dict takes |=
        return True
    return any(isinstance(part, ast.Attribute) and part.attr in FROM_ROWS for part in ast.walk(on))


def _is_parent(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def changes(source: Source) -> list[str]:
    """Where a file changes rows."""
    nodes = [node for node in ast.walk(source.tree) if assigns_state(node) or writes_rows(node)]
    return [f"{where(source, node)} changes a row outside actions" for node in nodes]  # type: ignore[arg-type]


def test_rows_change_in_actions_only() -> None:
    others = [source for source in python(*APPS) if not is_action(source.path) and source.path not in ALLOWED]

    assert [change for source in others for change in changes(source)] == []


def test_no_permission_outlives_its_need() -> None:
    needed = {source.path for source in python(*APPS) if changes(source)}

    assert sorted(ALLOWED.keys() - needed) == []


@pytest.mark.parametrize(
    "text",
    [
        "commission.state = 'approved'",
        "row.state: str = 'x'",
        "batch.save(update_fields=['state'])",
        "Payout.objects.create(amount=1)",
        "Payout.objects.filter(pk=1).update(state='paid')",
        "cursor.execute('DELETE FROM payouts_batch')",
        "due.update(state='done')",
        "batch.payouts.filter(pk=1).delete()",
    ],
)
def test_a_planted_write_is_found(text) -> None:
    assert changes(Source("payouts/views.py", text)) == ["payouts/views.py:1 changes a row outside actions"]


@pytest.mark.parametrize(
    "text",
    ["super().save()", "form.save()", "drawing.save(file)", "values.update(more)", "state = row.state"],
)
def test_what_changes_no_row_is_let_through(text) -> None:
    assert changes(Source("payouts/views.py", text)) == []

"""/healthz says that the process lives; /readyz says the truth about the database."""

import json

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpResponse
from django.test import RequestFactory

from portal.middleware import HealthMiddleware

pytestmark = pytest.mark.django_db


def ask(path: str) -> tuple[int, dict]:
    """A process that has just started is asked."""
    answer = HealthMiddleware(lambda _request: HttpResponse())(RequestFactory().get(path))
    return answer.status_code, json.loads(answer.content)


def test_process_lives_whatever_the_host(client):
    assert client.get("/healthz", headers={"host": "unknown.example"}).json() == {"status": "ok"}


def test_migrated_database_is_ready():
    assert ask("/readyz") == (200, {"status": "ok"})


def test_waiting_migration_is_told():
    MigrationRecorder(connection).record_unapplied("portal", "0001_initial")

    assert ask("/readyz") == (503, {"status": "down", "migrations_waiting": 1})


def test_absent_database_is_told(monkeypatch):
    def refuse() -> None:
        raise OperationalError("no such host")

    monkeypatch.setattr(connection, "ensure_connection", refuse)

    assert ask("/readyz") == (503, {"status": "down", "database": "OperationalError"})
    assert ask("/healthz") == (200, {"status": "ok"})

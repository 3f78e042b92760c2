"""Short-lived keys: fetched once under any number of workers, kept sealed, and anew when over or refused."""

import time
from datetime import timedelta
from threading import Lock
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from core.jobs import Misconfigured, Temporary
from integrations import actions
from integrations.actions import tokens
from integrations.actions.tokens import fresh_token
from integrations.connectors.base import Keys, Token
from integrations.models import Connection
from tests import makers
from tests.story.at_once import at_once

HOUR = timedelta(hours=1)


class Far:
    """A system that gives tokens: numbered, and slowly enough for others to come meanwhile."""

    def __init__(self, lives: timedelta = HOUR, takes: float = 0.0) -> None:
        self.lives, self.takes = lives, takes
        self.given: list[str] = []
        self.keys: list[Keys] = []
        self.renewed: dict[str, str] = {}
        self.trouble: Exception | None = None
        self.lock = Lock()

    def __call__(self, keys: Keys) -> Token:
        time.sleep(self.takes)
        with self.lock:
            self.keys.append(dict(keys))
            if self.trouble:
                raise self.trouble
            self.given.append(f"token-{len(self.given) + 1}")
            return Token(self.given[-1], timezone.now() + self.lives, self.renewed)


@pytest.fixture
def row(db: None) -> Connection:
    """A connection with a client's secret."""
    return makers.make_connection(
        makers.make_program(), secrets={"client_secret": "s", "webhook_secret": "w"}
    )


def test_token_is_fetched_once_and_kept(row: Connection) -> None:
    far = Far()

    assert [fresh_token(row, far), fresh_token(row, far)] == ["token-1", "token-1"]
    assert far.keys == [{"client_secret": "s", "webhook_secret": "w"}]


def test_kept_token_is_sealed(row: Connection) -> None:
    fresh_token(row, Far())

    with database.cursor() as cursor:
        cursor.execute("SELECT secrets FROM integrations_connection WHERE id = %s", [row.pk])
        assert "token-1" not in str(cursor.fetchone())


@pytest.mark.parametrize("lives", [-HOUR, timedelta(0), tokens.EARLY])
def test_token_that_ends_soon_is_fetched_anew(row: Connection, lives: timedelta) -> None:
    far = Far(lives)

    assert [fresh_token(row, far), fresh_token(row, far)] == ["token-1", "token-2"]


def test_refused_token_is_fetched_anew_once(row: Connection) -> None:
    far = Far()
    fresh_token(row, far)

    renewed = [fresh_token(row, far, refused="token-1"), fresh_token(row, far, refused="token-1")]

    assert renewed == ["token-2", "token-2"]


def test_token_of_former_keys_is_not_used(row: Connection) -> None:
    far = Far()
    fresh_token(row, far)
    row.refresh_from_db()
    row.secrets = {**row.secrets, "client_secret": "other"}
    row.save(update_fields=["secrets"])

    assert fresh_token(row, far) == "token-2"
    assert far.keys[-1]["client_secret"] == "other"


def test_token_of_a_former_address_is_not_used(row: Connection) -> None:
    far = Far()
    fresh_token(row, far)
    Connection.objects.filter(pk=row.pk).update(base_url="https://other.example.com")

    assert fresh_token(row, far) == "token-2"


def test_keys_that_came_with_the_token_are_kept(row: Connection) -> None:
    far = Far()
    far.renewed = {"refresh_token": "r2"}

    fresh_token(row, far)

    row.refresh_from_db()
    assert row.secrets["refresh_token"] == "r2"
    assert (fresh_token(row, far), len(far.given)) == ("token-1", 1)


def test_secrets_that_change_meanwhile_stay(row: Connection) -> None:
    def fetch(keys: Keys) -> Token:
        actions.rotate_secret(row)
        return Token("old", timezone.now() + HOUR)

    assert fresh_token(row, fetch) == "old"

    row.refresh_from_db()
    assert row.secrets["previous_secret"] == "w"
    assert fresh_token(row, Far()) == "token-1"


def test_failed_fetch_leaves_nothing_to_wait_for(row: Connection) -> None:
    far = Far()
    far.trouble = Misconfigured("wrong secret")
    with pytest.raises(Misconfigured, match="wrong secret"):
        fresh_token(row, far)
    far.trouble = None

    assert fresh_token(row, far) == "token-1"
    row.refresh_from_db()
    assert sorted(row.secrets) == ["client_secret", "kept_token", "webhook_secret"]


def test_lease_of_a_worker_that_died_ends(row: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens._take(row, "dead", "")
    monkeypatch.setattr(tokens, "PATIENCE", 0.3)
    with pytest.raises(Temporary, match="Another worker is still fetching"):
        fresh_token(row, Far())
    row.refresh_from_db()
    over = {"id": "dead", "until": (timezone.now() - HOUR).isoformat()}
    row.secrets = {**row.secrets, "token_lease": over}
    row.save(update_fields=["secrets"])

    assert fresh_token(row, Far()) == "token-1"


def test_late_worker_does_not_overwrite_the_next_ones_token(row: Connection) -> None:
    def late(keys: Keys) -> Token:
        found = Connection.objects.get(pk=row.pk)
        found.secrets = {**found.secrets, "token_lease": {"id": "next", "until": timezone.now().isoformat()}}
        found.save(update_fields=["secrets"])
        return Token("late", timezone.now() + HOUR)

    assert fresh_token(row, late) == "late"

    row.refresh_from_db()
    assert "kept_token" not in row.secrets


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("workers", [2, 6])
def test_workers_that_come_at_once_fetch_once(workers: int) -> None:
    row = makers.make_connection(makers.make_program(), secrets={"client_secret": "s"})
    far = Far(takes=0.3)

    def worker() -> Any:
        return fresh_token(row, far)

    assert at_once([worker] * workers) == ["token-1"] * workers
    assert far.given == ["token-1"]


@pytest.mark.django_db(transaction=True)
def test_workers_that_are_refused_at_once_fetch_once() -> None:
    row = makers.make_connection(makers.make_program(), secrets={"client_secret": "s"})
    far = Far(takes=0.3)
    former = fresh_token(row, far)

    def worker() -> Any:
        return fresh_token(row, far, refused=former)

    assert at_once([worker] * 4) == ["token-2"] * 4
    assert far.given == ["token-1", "token-2"]

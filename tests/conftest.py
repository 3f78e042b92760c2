"""The cast: Northwind and its people; and Eve, who owns another company."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, settings

from affiliates.models import Affiliate, Enrollment, Merchant, Program
from core.models import Job, User
from integrations import gate
from portal.models import Brand
from tests import kept, makers

# migrations make thousands of classes that stay: looking for garbage among them so often only takes time
gc.set_threshold(50_000, 20, 100)
# what a machine does beside the tests must not decide whether they pass
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_sessionfinish() -> None:
    """What is left goes with the process: looking through it takes longer than a worker is waited for."""
    gc.freeze()


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    """No test sees another's cached limits."""
    cache.clear()


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees who listened in another; asked again is when a connection is made or moved, not by the clock."""
    monkeypatch.setattr(gate, "BELIEVED", float("inf"))
    gate.believe(frozenset(), float("inf"))


@pytest.fixture(autouse=True)
def due_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new job is due whatever time a test says it is: else one would fail from some day of the calendar on."""
    monkeypatch.setattr(Job._meta.get_field("next_at"), "_get_default", lambda: makers.FOUNDED)


@pytest.fixture(autouse=True, scope="session")
def flush_around_triggers() -> Iterator[None]:
    """The tests' own clean-up goes round the triggers that guard the books; nothing else does."""
    with pytest.MonkeyPatch.context() as patch:  # a patch for one test would be gone before its flush
        patch.setattr(type(connection.ops), "execute_sql_flush", _flush)
        yield


@pytest.fixture(autouse=True, scope="session")
def static_files_looked_for_once() -> Iterator[None]:
    """What a client's middleware serves is the same in every test."""
    with pytest.MonkeyPatch.context() as patch:
        kept.static_files(patch)
        yield


def _flush(operations: Any, statements: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(" ".join(statements))
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            cursor.execute(statement)
        for _name, sql in triggers:
            cursor.execute(sql)


@pytest.fixture
def olga(db: None) -> User:
    """The owner of Northwind."""
    return makers.make_user("olga@northwind.example", name="Olga Owner")


@pytest.fixture
def merchant(olga: User) -> Merchant:
    """Northwind."""
    return makers.make_merchant("Northwind", olga)


@pytest.fixture
def program(merchant: Merchant) -> Program:
    """Northwind's program: 10 per cent, and 5 per cent of the base for the sponsor."""
    return makers.make_program(merchant, plan=makers.TWO_LEVELS)


@pytest.fixture
def brand(merchant: Merchant, program: Program) -> Brand:
    """What the host `testserver` looks like."""
    return makers.make_brand(merchant, program)


@pytest.fixture
def mia(merchant: Merchant) -> User:
    """A manager of Northwind."""
    return makers.make_member(merchant, "manager", "mia@northwind.example", "Mia Manager")


@pytest.fixture
def fin(merchant: Merchant) -> User:
    """Northwind's finance."""
    return makers.make_member(merchant, "finance", "fin@northwind.example", "Fin Finance")


@pytest.fixture
def rita(merchant: Merchant) -> User:
    """A reviewer of Northwind."""
    return makers.make_member(merchant, "reviewer", "rita@northwind.example", "Rita Reviewer")


@pytest.fixture
def ada(merchant: Merchant) -> User:
    """An analyst of Northwind."""
    return makers.make_member(merchant, "analyst", "ada@northwind.example", "Ada Analyst")


@pytest.fixture
def sue(program: Program) -> Enrollment:
    """Ann's sponsor."""
    return makers.make_enrollment(program, "Sue Sponsor", email="sue@partner.example")


@pytest.fixture
def ann(program: Program, sue: Enrollment) -> Enrollment:
    """The affiliate Ann, recruited by Sue; her code is ann-archer."""
    return makers.make_enrollment(program, "Ann Archer", email="ann@partner.example", sponsor=sue)


@pytest.fixture
def bob(program: Program) -> Enrollment:
    """Another affiliate of the same program."""
    return makers.make_enrollment(program, "Bob Baker", email="bob@partner.example")


@pytest.fixture
def eve(db: None) -> User:
    """The owner of another company."""
    return makers.make_user("eve@elsewhere.example", name="Eve Elsewhere")


@pytest.fixture
def other(eve: User) -> Program:
    """Eve's program."""
    return makers.make_program(makers.make_merchant("Elsewhere", eve), name="Other program")


@pytest.fixture
def stranger(other: Program) -> Enrollment:
    """An affiliate of Eve's program."""
    return makers.make_enrollment(other, "Stan Stranger", email="stan@elsewhere.example")


@pytest.fixture
def enter(client: Client) -> Callable[[User | Affiliate | Enrollment], Client]:
    """Log somebody in: `enter(ann).get("/overview/")`."""

    def _enter(who: User | Affiliate | Enrollment) -> Client:
        person = (
            who.affiliate.user
            if isinstance(who, Enrollment)
            else who.user
            if isinstance(who, Affiliate)
            else who
        )
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return _enter

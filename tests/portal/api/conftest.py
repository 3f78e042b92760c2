"""A machine of Northwind's store, with a key that may everything; and orders as it sends them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from affiliates.models import Program
from portal.keys import SCOPES, create_key
from tests.portal.api.machine import Machine

Made = Callable[..., Machine]


@pytest.fixture
def make_machine(program: Program) -> Made:
    """Make a machine: of the program, with every scope, unless said otherwise."""

    def _make(
        of: Program | None = None, scopes: Any = tuple(SCOPES), client: Client | None = None
    ) -> Machine:
        key, text = create_key(of or program, "Shop", scopes)
        return Machine(text, key, client)

    return _make


@pytest.fixture
def machine(make_machine: Made) -> Machine:
    """Northwind's store."""
    return make_machine()


@pytest.fixture
def eves(other: Program, make_machine: Made) -> Machine:
    """The store of Eve's program."""
    return make_machine(other)

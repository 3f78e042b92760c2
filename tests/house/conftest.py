"""Both companies, with a whole life each."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests import kept, makers
from tests.house.world import World, live


def _world() -> World:
    olga = makers.make_user("olga@northwind.example", name="Olga Owner")
    program = makers.make_program(makers.make_merchant("Northwind", olga), plan=makers.TWO_LEVELS)
    sue = makers.make_enrollment(program, "Sue Sponsor", email="sue@partner.example")
    ann = makers.make_enrollment(program, "Ann Archer", email="ann@partner.example", sponsor=sue)
    bob = makers.make_enrollment(program, "Bob Baker", email="bob@partner.example")
    brand = makers.make_brand(program.merchant, program)
    eve = makers.make_user("eve@elsewhere.example", name="Eve Elsewhere")
    other = makers.make_program(makers.make_merchant("Elsewhere", eve), name="Other program")
    stan = makers.make_enrollment(other, "Stan Stranger", email="stan@elsewhere.example")
    makers.make_brand(other.merchant, other, host="elsewhere.example")
    return World(live(olga, program, ann), live(eve, other, stan), bob, brand)


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The world of all tests of a file, before any of them."""
    yield from kept.rows(_world, django_db_blocker)


@pytest.fixture
def world(built: World, db: None) -> World:
    """Northwind and Elsewhere, with a row of everything in each."""
    return deepcopy(built)

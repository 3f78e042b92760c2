"""Both companies, with a whole life each."""

import pytest

from affiliates.models import Enrollment, Program
from core.models import User
from portal.models import Brand
from tests import makers
from tests.house.world import World, live


@pytest.fixture
def world(
    olga: User, program: Program, ann: Enrollment, bob: Enrollment, brand: Brand, eve: User, other: Program,
    stranger: Enrollment,
) -> World:  # fmt: skip
    """Northwind and Elsewhere, with a row of everything in each."""
    makers.make_brand(other.merchant, other, host="elsewhere.example")
    return World(live(olga, program, ann), live(eve, other, stranger), bob, brand)

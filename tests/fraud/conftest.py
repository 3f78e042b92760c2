"""A case with something to decide, and the books to look at after it."""

import pytest

from tests.fraud.reviews import holding
from tests.makers import make_commission, make_payable
from tests.story.books import breaches


@pytest.fixture
def books_are_right(db):
    """Whatever a test did, the books are right after it."""
    yield
    assert breaches() == []


@pytest.fixture
def pending(bob):
    return make_commission(bob)


@pytest.fixture
def approved(bob):
    return make_payable(bob)


@pytest.fixture
def case(bob, pending, approved):
    """A case that holds 10.00 pending and 100.00 approved."""
    return holding(bob, [pending, approved])

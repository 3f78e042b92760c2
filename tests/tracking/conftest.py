"""A link, and an edge whose threads end with the test."""

import pytest

from tests.tracking.visitors import make_link
from tracking.edge import Edge


@pytest.fixture
def link(transactional_db):
    """Where Ann's link leads."""
    return make_link()


@pytest.fixture
def edge(transactional_db, tmp_path):
    """An edge with a journal of its own."""
    edge = Edge(tmp_path / "journal")
    yield edge
    edge.stop()

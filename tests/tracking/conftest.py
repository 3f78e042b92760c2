"""A link, an edge whose threads end with the test, and an installation for real processes."""

import shutil

import pytest

from tests.tracking.installation import Installation
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


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """An installation to copy, since building one takes long."""
    house = Installation(tmp_path_factory.mktemp("built"))
    house.build()
    return house


@pytest.fixture
def house(built, tmp_path):
    """An installation on files of its own."""
    shutil.copy(built.database, tmp_path)
    return Installation(tmp_path)

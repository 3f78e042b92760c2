"""The private PostgreSQL of the tests."""

import psycopg
import pytest

from tests.cluster import Cluster

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(Cluster.missing() is not None, reason=f"PostgreSQL: {Cluster.missing()}"),
]


def rows(cluster: Cluster) -> list[tuple[int]]:
    with psycopg.connect(cluster.url) as database:
        return database.execute("SELECT number FROM kept ORDER BY number").fetchall()


@pytest.mark.parametrize("immediate", [False, True])
def test_committed_row_outlives_a_restart(immediate):
    with Cluster() as cluster:
        with psycopg.connect(cluster.url) as database:
            database.execute("CREATE TABLE kept (number int)")
            database.execute("INSERT INTO kept VALUES (1)")

        cluster.restart(immediate=immediate)

        assert rows(cluster) == [(1,)]


def test_nothing_is_left_behind():
    with Cluster(durable=False) as cluster:
        url, folder = cluster.url, cluster.folder

    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)

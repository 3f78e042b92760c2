"""Real processes: the edge is killed under load, and everything that it answered is there."""

import sqlite3
from contextlib import closing

import pytest

from deploy import child
from tests.tracking.installation import Crowd, kill

pytestmark = pytest.mark.processes


def test_killed_edge_has_kept_everything_it_answered(house):
    process = house.serve()
    with closing(sqlite3.connect(house.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the only writer's place is taken: the journal gets it all
        with Crowd(house) as first:
            first.after(300)
            kill(process)
    waiting = house.journal()
    assert [name for name in first.answered if name not in waiting] == []

    process = house.serve()
    with Crowd(house) as second:
        second.after(300)
        kill(process)

    assert (house.lost(first.answered + second.answered), first.turned_away, second.turned_away) == (
        [],
        [],
        [],
    )
    assert house.missing(first.answered) == []


@pytest.mark.parametrize("point", ["click.before_commit", "click.after_commit"])
def test_edge_that_dies_round_its_commit_has_kept_everything_it_answered(house, point):
    process = house.serve(FAILPOINT=f"{point}:5")

    crowd = Crowd(house)
    with crowd:
        crowd.leave()

    child.stop(process, seconds=10)
    assert (len(crowd.answered) > 0, house.missing(crowd.answered)) == (True, [])


def test_edge_that_is_asked_to_end_has_kept_everything_it_answered(house):
    process = house.serve()

    with Crowd(house) as crowd:
        crowd.after(200)
        child.stop(process, seconds=20)

    assert house.missing(crowd.answered) == []

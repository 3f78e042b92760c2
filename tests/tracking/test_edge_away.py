"""Real processes: the database goes away, the disk is full, visitors hang up, a link is paused; the edge goes on."""

import os
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import time
from contextlib import closing

import httpx
import pytest

from deploy import child
from tests.cluster import Cluster
from tests.story.databases import is_server
from tests.tracking.installation import Crowd, Installation, kill, wait_for

pytestmark = pytest.mark.processes
SMALL = 96 * 1024
LIMITED = (
    "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2);"
    "os.execv(sys.argv[2], sys.argv[2:])"
)


@pytest.fixture
def small_disk(house):
    """What stands before the edge's command to keep its journal small; a disk of its own where we may mount one."""
    house.folder.mkdir()
    size = ["-o", f"size={SMALL}"]
    may_mount = os.geteuid() == 0 and shutil.which("mount")
    if may_mount and not subprocess.call(["mount", "-t", "tmpfs", *size, "tmpfs", house.folder]):
        yield ()
        subprocess.run(["umount", "--lazy", house.folder], check=True)
    else:
        yield (sys.executable, "-c", LIMITED, str(SMALL))


def test_full_disk_keeps_nobody_from_the_shop_and_loses_nothing_that_was_answered(house, small_disk):
    process = house.serve(before=small_disk)
    with closing(sqlite3.connect(house.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the database is as good as away
        with Crowd(house) as crowd:
            crowd.after(700)
            kill(process)
    files = len(list(house.folder.iterdir()))

    process = house.serve()
    wait_for(lambda: house.lost(crowd.answered) == [] and not house.journal(), "the journal comes home")
    kill(process)

    assert set(crowd.turned_away) == {302, 503}  # clicks without an id; views and beacons to be sent again
    assert (len(crowd.answered) > 50, set(crowd.answered) <= house.kept()) == (True, True)
    assert files <= 2  # each failure does not leave one behind


@pytest.mark.skipif(not is_server(), reason="SQLite has no server that could stop")
def test_database_that_stops_at_once_and_comes_back_loses_nothing(tmp_path):
    with Cluster() as cluster:
        house = Installation(tmp_path, cluster.url)
        house.build()
        process = house.serve()

        with Crowd(house) as crowd:
            crowd.after(200)
            cluster.stop(immediate=True)
            crowd.after(200)
            cluster.start()
            crowd.after(100)
            wait_for(lambda: not house.journal(), "the journal comes home")
            crowd.after(100)
        child.stop(process, seconds=20)

        assert (crowd.turned_away, house.missing(crowd.answered)) == ([], [])


def hang_up(house, request):
    """Send a request and be gone: the connection is reset, not closed."""
    with socket.create_connection(("127.0.0.1", house.port)) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.sendall(request)


def test_visitors_who_hang_up_take_nobody_along(house):
    process = house.serve()
    whole = b"GET /r/ann HTTP/1.1\r\nHost: go.example\r\nUser-Agent: Firefox\r\n\r\n"
    half = b"POST /t HTTP/1.1\r\nHost: go.example\r\nContent-Length: 100\r\n\r\n{"
    begun = b"GET /r/ann HTTP/1.1\r\nHos"

    with Crowd(house) as crowd:
        for request in (whole, half, begun) * 30:
            hang_up(house, request)
        crowd.after(200)

    assert (process.poll(), crowd.turned_away, house.lost(crowd.answered)) == (None, [], [])
    kill(process)


@pytest.mark.parametrize(
    "change",
    ["UPDATE affiliates_link SET is_active = false", "UPDATE affiliates_enrollment SET state = 'suspended'"],
)
def test_link_that_is_stopped_counts_nothing_two_seconds_later(house, change):
    process = house.serve()
    with httpx.Client(base_url=f"http://127.0.0.1:{house.port}", headers={"user-agent": "Firefox"}) as client:
        lives = client.get("/r/ann").headers["location"]
        with closing(sqlite3.connect(house.database, isolation_level=None)) as other:
            other.execute(change)
        deadline, answers = time.monotonic() + 2, [lives]
        while "tid=" in answers[-1] and time.monotonic() < deadline:
            answers.append(client.get("/r/ann").headers["location"])
        stopped = client.get("/r/ann").headers["location"]
    kill(process)

    assert ("tid=" in lives, stopped) == (True, "https://shop.example.com/")

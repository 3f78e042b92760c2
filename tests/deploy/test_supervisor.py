"""The supervisor of `make run`, with real processes."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from deploy.install import ROOT
from tests.private_server import free_port

pytestmark = pytest.mark.processes

SUPERVISE = """
import os, sys
from pathlib import Path
from deploy.supervisor import Supervisor
port = int(sys.argv[1])
web = "import http.server as h; h.HTTPServer(('127.0.0.1', %d), h.BaseHTTPRequestHandler).serve_forever()" % port
commands = {"web": [sys.executable, "-c", web], "worker": [sys.executable, "-c", sys.argv[2]]}
supervisor = Supervisor(commands, Path("."), os.environ)
sys.exit(supervisor.run(address="http://shop/", port=("127.0.0.1", port)))
"""
WAITS = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAITS
DIES = "import sys, time; time.sleep(2); sys.exit(3)"


def supervise(worker: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SUPERVISE, str(free_port()), worker]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, env=environment, cwd=ROOT, text=True, stdout=subprocess.PIPE)


def lines_until(process: subprocess.Popen[str], start: str) -> list[str]:
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith(start):
            return lines
    raise AssertionError(lines)


def pid_of_worker(lines: list[str]) -> int:
    return int(re.search(r"^worker \| pid (\d+)$", "\n".join(lines), flags=re.MULTILINE)[1])


def is_gone(pid: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stat = subprocess.getoutput(f"ps -o stat= -p {pid}")
        if not stat.strip() or stat.startswith("Z"):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_everything_in_good_order(number):
    process = supervise(WAITS)
    worker = pid_of_worker(lines_until(process, "Open http://shop/"))

    process.send_signal(number)

    rest = process.communicate(timeout=15)[0].splitlines()
    assert (process.returncode, rest[-2:]) == (0, ["Stopping ...", "Everything has stopped."])
    assert is_gone(worker)


def test_death_of_one_ends_the_others_and_is_named():
    process = supervise(DIES)

    said = process.communicate(timeout=20)[0].splitlines()

    assert process.returncode == 1
    assert said[-2:] == [
        "worker ended by itself (exit code 3), so everything stops.",
        "Everything has stopped.",
    ]


def test_second_signal_kills_what_does_not_listen():
    process = supervise(DEAF)
    worker = pid_of_worker(lines_until(process, "Open http://shop/"))

    process.send_signal(signal.SIGINT)
    lines_until(process, "Stopping ...")
    process.send_signal(signal.SIGINT)

    process.communicate(timeout=5)
    assert is_gone(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_killed_supervisor_leaves_no_orphan():
    process = supervise(WAITS)
    worker = pid_of_worker(lines_until(process, "Open http://shop/"))

    process.kill()

    assert is_gone(worker)
    process.communicate(timeout=5)

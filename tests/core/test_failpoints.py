"""A failpoint ends the process at once, at the named hit only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.failpoints import EXIT_CODE, NAMES, failpoint, parse

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import atexit
from core.failpoints import failpoint
atexit.register(print, "cleaned up")
for turn in range(1, 4):
    print("turn", turn, flush=True)
    failpoint("job.after_claim")
"""


def run(armed: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "FAILPOINT": armed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SCRIPT]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_process_dies_at_the_first_hit_without_cleaning_up() -> None:
    done = run("job.after_claim")

    assert (done.returncode, done.stdout) == (EXIT_CODE, "turn 1\n")


def test_process_dies_at_the_hit_that_is_counted() -> None:
    done = run("job.after_claim:3")

    assert (done.returncode, done.stdout) == (EXIT_CODE, "turn 1\nturn 2\nturn 3\n")


@pytest.mark.parametrize("armed", ["", "job.after_done", "job.after_claim:4"])
def test_process_lives_when_another_hit_or_none_is_armed(armed: str) -> None:
    done = run(armed)

    assert (done.returncode, done.stdout) == (0, "turn 1\nturn 2\nturn 3\ncleaned up\n")


def test_misspelled_environment_stops_the_process_with_a_sentence() -> None:
    done = run("job.after_clam")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ValueError: FAILPOINT names no known point: job.after_clam"


def test_unknown_name_in_code_fails() -> None:
    with pytest.raises(AssertionError):
        failpoint("job.unheard_of")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("job.after_claim:0", "FAILPOINT counts hits from 1"),
        ("job.after_claim:x", "invalid literal"),
        ("nowhere", "FAILPOINT names no known point: nowhere"),
    ],
)
def test_unclear_text_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse(text)


def test_every_name_says_where_and_when() -> None:
    assert all(len(name.split(".")) == 2 for name in NAMES)

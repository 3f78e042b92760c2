"""Processes that never outlive the one that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    output: int | IO[bytes] | None = None,
    user: int | None = None,
    farewell: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Starts a command in a session of its own, so that a Ctrl-C meant for us does not reach it too.

    `user` is the numeric id it runs as. On Linux the kernel sends it `farewell` if we die without a word.
    """
    return subprocess.Popen(
        list(command),
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        user=user,
        group=group_of(user),
        extra_groups=None if user is None else [],
        preexec_fn=dies_with_us(farewell),  # noqa: PLW1509 - one system call, prepared before the fork
    )


def group_of(user: int | None) -> int | None:
    """Numeric id of a user's own group."""
    import pwd  # the module does not exist on Windows, where nothing changes its user

    return None if user is None else pwd.getpwuid(user).pw_gid


def dies_with_us(farewell: int) -> Callable[[], None] | None:
    """What the child says to the kernel before its command begins; None where there is no such call."""
    if _libc is None:
        return None
    libc, parent = _libc, os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, farewell)
        if os.getppid() != parent:  # we died before the call
            os._exit(1)

    return ask_the_kernel


def signal_all(process: subprocess.Popen[bytes], number: int) -> None:
    """Sends a signal to the process and to everything that it started."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def stop(process: subprocess.Popen[bytes], *, seconds: float, number: int = signal.SIGTERM) -> int:
    """Asks the process to end, and after so many seconds kills it with all that it started; returns its code."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        print(f"{process.args!r} did not end in {seconds:.0f} s and is killed.", file=sys.stderr, flush=True)
    signal_all(process, signal.SIGKILL)
    return process.wait()

"""What a measurement was made on, in one line that names no host and no path."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from deploy.install import ROOT
from tests.cluster import binaries


def describe() -> str:
    """The day, the commit, processor, memory and versions."""
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        commit(),
        f"{os.cpu_count()} cores of {processor()}",
        f"{memory()} GB of memory",
        f"{platform.system()} {platform.release().partition('-')[0]}",
        f"Python {platform.python_version()}",
        postgresql(),
    ]
    return ", ".join(part for part in parts if part)


def commit() -> str:
    """The commit, and whether files differ from it; an empty text outside of a checkout."""
    name = said_by("git", "rev-parse", "--short", "HEAD")
    differs = " with changes" if name and said_by("git", "status", "--porcelain") else ""
    return f"commit {name}{differs}" if name else ""


def processor() -> str:
    """The processor's name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def memory() -> int:
    """Gigabytes of memory."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def postgresql() -> str:
    """PostgreSQL's version, or an empty text."""
    folder = binaries()
    found = re.search(r"[\d.]+", said_by(str(folder / "postgres"), "--version")) if folder else None
    return f"PostgreSQL {found[0]}" if found else ""


def said_by(*command: str) -> str:
    """What a command prints, or an empty text where it fails."""
    try:
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""

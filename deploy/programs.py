"""The programs that the tests need beside Python: found, brought by apt, or named as missing."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence

from tests.brokers import Rabbit, Redis
from tests.cluster import Cluster

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclasses.dataclass(frozen=True)
class Program:
    """A program by the name people know, the package of Debian that holds it, and why it is missing."""

    name: str
    package: str
    missing: Callable[[], str | None]


def chromium() -> str | None:
    """Path of a Chromium, or None."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def missing_chromium() -> str | None:
    """Why this machine cannot run a browser; None if it can."""
    return None if chromium() else "chromium was not found (package chromium)"


PROGRAMS = (
    Program("PostgreSQL", "postgresql", Cluster.missing),
    Program("Redis", "redis-server", Redis.missing),
    Program("RabbitMQ", "rabbitmq-server", Rabbit.missing),
    Program("browser", "chromium", missing_chromium),
)


def bring() -> dict[str, str]:
    """Installs what is missing where apt can, and returns the reason for each name that is missing still."""
    wanted = [program for program in PROGRAMS if program.missing()]
    why_not = apt_brings([program.package for program in wanted]) if wanted else ""
    reasons = {program.name: program.missing() for program in wanted}
    return {name: f"{reason}{why_not}" for name, reason in reasons.items() if reason}


def apt_brings(packages: Sequence[str]) -> str:
    """Installs packages as root on Debian or Ubuntu; returns why it could not, or an empty text."""
    if not shutil.which("apt-get"):
        return ", and there is no apt-get to bring it"
    if os.geteuid() != 0:
        return ", and only root may install it"
    print(f"Installing {' '.join(packages)} ...", flush=True)
    apt("update", "-qq")
    # One by one: a package that a mirror lacks must not keep the others away.
    failed = [
        package for package in packages if not apt("install", "-y", "-qq", "--no-install-recommends", package)
    ]
    return ", and apt-get could not bring it" if failed else ""


def apt(*arguments: str) -> bool:
    """Runs apt-get without questions and without starting what it installs; tells whether it ended well."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=120", *arguments]
    return subprocess.call(command, env=environment, stdin=subprocess.DEVNULL) == 0

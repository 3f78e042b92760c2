"""Makes `.venv` and installs one of the two lock files into it; does nothing when that lock is already installed.

Runs on the bare interpreter of a fresh machine: imports nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
RUN_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"


def main(arguments: list[str]) -> int:
    """Installs the lock for running, or with `--dev` the larger one; returns the exit code."""
    lock = DEV_LOCK if "--dev" in arguments else RUN_LOCK
    if installed().get(lock) == digest(lock):
        return 0
    if not PYTHON.exists() and not make_venv():
        return 1
    print(f"Installing {lock} into .venv ...", flush=True)
    if not (install_with_uv(lock) or install_with_pip(lock)):
        print(f"Could not install {lock}: the reason stands above.", file=sys.stderr)
        return 1
    stamp(lock)
    return 0


def installed() -> dict[str, str]:
    """Lock files that `.venv` holds, each with the hash it had then; empty without a whole `.venv`."""
    try:
        return dict(json.loads(STAMP.read_text())) if PYTHON.exists() else {}
    except (OSError, ValueError):
        return {}


def digest(lock: str) -> str:
    """Hash of a lock file and of the interpreter's version, in hex."""
    return hashlib.sha256((ROOT / lock).read_bytes() + sys.version.encode()).hexdigest()


def stamp(lock: str) -> None:
    """Remembers what was installed; the lock for developing holds everything of the one for running."""
    held = [RUN_LOCK, DEV_LOCK] if lock == DEV_LOCK else [RUN_LOCK]
    STAMP.write_text(json.dumps({name: digest(name) for name in held}))


def make_venv() -> bool:
    """Makes an empty `.venv`; brings Debian's missing ensurepip by apt where that is possible."""
    shutil.rmtree(VENV, ignore_errors=True)
    without_pip: list[str] = []
    if importlib.util.find_spec("ensurepip") is None and not apt_brings_ensurepip():
        if not shutil.which("uv"):
            print(
                "This Python cannot make a virtual environment: its module ensurepip is missing. "
                "On Debian and Ubuntu install the package python3-venv, then try again.",
                file=sys.stderr,
            )
            return False
        without_pip = ["--without-pip"]
    print(f"Making .venv with Python {sys.version.split()[0]} ...", flush=True)
    return succeeds([sys.executable, "-m", "venv", *without_pip, str(VENV)])


def apt_brings_ensurepip() -> bool:
    """Installs the package that holds ensurepip, as root on Debian; tells whether it is there now."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    succeeds(["apt-get", "update", "-qq"], quiet)
    for name in (package, "python3-venv"):
        if succeeds(["apt-get", "install", "-y", "-qq", "--no-install-recommends", name], quiet):
            break
    return succeeds([sys.executable, "-c", "import ensurepip"])


def install_with_uv(lock: str) -> bool:
    """Installs by uv where there is one; false if there is none or it fails, then pip has its turn."""
    uv = shutil.which("uv")
    if uv is None:
        return False
    return succeeds(
        [uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "-r", lock]
    )


def install_with_pip(lock: str) -> bool:
    """Installs by the pip inside `.venv`."""
    quiet = ["-qq", "--disable-pip-version-check", "--no-input"]
    return succeeds([str(PYTHON), "-m", "pip", "install", *quiet, "--require-hashes", "-r", lock])


def succeeds(command: list[str], environment: dict[str, str] | None = None) -> bool:
    """Runs a command in the project's folder with no input; tells whether it ended well."""
    try:
        return subprocess.call(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL) == 0
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

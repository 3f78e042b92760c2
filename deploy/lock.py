"""`make lock`: resolves pyproject.toml into requirements.lock (to run) and requirements-dev.lock (to develop)."""

from __future__ import annotations

import shutil
import subprocess
import sys

from deploy.install import DEV_LOCK, ROOT, RUN_LOCK

# The locks name packages and hashes, never the registry they came from: each machine has its own.
OPTIONS = [
    "--quiet",
    "--upgrade",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-strip-extras",  # pip in hash mode takes `name[extra]` for another, unpinned requirement
    "--custom-compile-command=make lock",
]


def main() -> int:
    """Writes both lock files, the second with exactly the versions of the first; returns the exit code."""
    uv = shutil.which("uv") or shutil.which("uv", path=".venv/bin")
    if uv is None:
        print("make lock needs uv: install it, then try again.", file=sys.stderr)
        return 1
    compile_lock = [uv, "pip", "compile", "pyproject.toml", *OPTIONS]
    subprocess.run([*compile_lock, "--output-file", RUN_LOCK], cwd=ROOT, check=True)
    developing = ["--group", "dev", "--constraint", RUN_LOCK, "--output-file", DEV_LOCK]
    subprocess.run([*compile_lock, *developing], cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

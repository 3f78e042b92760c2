"""`make run`: prepares the embedded installation under var/ and runs all its processes until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path

from deploy import child
from deploy.install import ROOT
from deploy.supervisor import Supervisor

MANAGE = [sys.executable, "manage.py"]
PREPARATIONS = (
    ("Migrating the database", ["migrate", "--no-input", "--verbosity=0"]),
    ("Making the cache's table", ["createcachetable", "--verbosity=0"]),
)


def main() -> int:
    """Prepares, starts web, worker and (with `--edge`) a separate edge; returns the exit code."""
    options = read_options()
    taken = [port for port in (options.port, options.edge) if port and not is_free(options.host, port)]
    if taken:
        print(
            f"Port {taken[0]} is in use. Choose another one: PORT={taken[0] + 10} make run", file=sys.stderr
        )
        return 1
    environment = environment_of(options)
    static = Path(environment.get("VAR_DIR") or ROOT / "var") / "static"
    static.mkdir(parents=True, exist_ok=True)  # web complains of a folder that is not there
    if not prepare(environment, demo=not options.without_demo):
        return 1
    supervisor = Supervisor(commands(options), ROOT, environment)
    return supervisor.run(address=f"http://{options.host}:{options.port}/", port=(options.host, options.port))


def read_options() -> argparse.Namespace:
    """The command line, whose defaults come from BIND, PORT and EDGE_PORT."""
    parser = argparse.ArgumentParser(prog="python -m deploy.run", description=__doc__)
    parser.add_argument("--host", default=os.environ.get("BIND") or "localhost", help="address to listen on")
    parser.add_argument("--port", type=int, default=os.environ.get("PORT") or 8000, help="port of web")
    edge_help = "port of an edge process of its own; without it web serves the edge as well"
    parser.add_argument("--edge", type=int, default=os.environ.get("EDGE_PORT") or None, help=edge_help)
    parser.add_argument("--without-demo", action="store_true", help="start with what the database holds")
    return parser.parse_args()


def is_free(host: str, port: int) -> bool:
    """Tells whether nothing listens on the port yet."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def environment_of(options: argparse.Namespace) -> dict[str, str]:
    """Our environment, with the address that links and e-mails name."""
    address = f"http://{options.host}:{options.port}"
    return {"PUBLIC_URL": address, **os.environ, "PORT": str(options.port), "PYTHONUNBUFFERED": "1"}


def prepare(environment: dict[str, str], *, demo: bool) -> bool:
    """Brings the database to the newest shape and loads the demo; says which step failed."""
    steps = [*PREPARATIONS, ("Loading the demo", ["demo"])] if demo else PREPARATIONS
    for sentence, arguments in steps:
        print(f"{sentence} ...", flush=True)
        if not succeeds([*MANAGE, *arguments], environment):
            print(f"{sentence} failed: the reason stands above.", file=sys.stderr)
            return False
    return True


def succeeds(command: list[str], environment: dict[str, str]) -> bool:
    """Runs a command to its end, or to ours; tells whether it ended well."""
    process = child.start(command, environment=environment, folder=ROOT)
    try:
        return process.wait() == 0
    finally:
        child.stop(process, seconds=5)


def commands(options: argparse.Namespace) -> dict[str, list[str]]:
    """The processes of a small installation: name and command line."""
    started = {"web": granian("portal.asgi:application", options.host, options.port)}
    if options.edge:
        started["edge"] = granian("tracking.edge:application", options.host, options.edge)
    return {**started, "worker": [*MANAGE, "worker"]}


def granian(application: str, host: str, port: int) -> list[str]:
    """Command line that serves an ASGI application in one process; it ends within seconds when asked to."""
    address = ["--host", socket.gethostbyname(host), "--port", str(port)]
    patience = ["--workers-kill-timeout", "5"]
    return [sys.executable, "-m", "granian", application, "--interface", "asgi", *address, *patience]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped before everything had started.")

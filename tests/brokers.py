"""Private, throw-away doorbells: a Redis and a RabbitMQ."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy import child
from tests.private_server import PrivateServer, free_port


class Redis(PrivateServer):
    """A Redis that keeps everything in memory."""

    name = "redis"

    @classmethod
    def missing(cls) -> str | None:
        """Why this machine cannot run Redis; None if it can."""
        return None if shutil.which("redis-server") else "redis-server was not found (package redis-server)"

    @property
    def url(self) -> str:
        """Value for CELERY_BROKER_URL or REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        """The server in the foreground, never writing to the disk."""
        address = ["--bind", "127.0.0.1", "--port", str(self.port)]
        return [shutil.which("redis-server") or "", *address, "--save", "", "--appendonly", "no"]


class Rabbit(PrivateServer):
    """A RabbitMQ node with a name, a cookie and a port mapper of its own, so that it meets no other node."""

    name = "rabbitmq"

    def __init__(self) -> None:
        """Takes the ports; nothing is started yet."""
        super().__init__()
        self.mapper_port, self.node_port = free_port(), free_port()
        self.node = f"tributary{secrets.token_hex(4)}@localhost"
        self.mapper: subprocess.Popen[bytes] | None = None

    @classmethod
    def missing(cls) -> str | None:
        """Why this machine cannot run RabbitMQ; None if it can."""
        there = program("rabbitmq-server") and shutil.which("epmd")
        return None if there else "rabbitmq-server was not found (package rabbitmq-server)"

    @property
    def url(self) -> str:
        """Value for CELERY_BROKER_URL."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def command(self) -> list[str]:
        """The node in the foreground."""
        return [program("rabbitmq-server")]

    def environment(self) -> Mapping[str, str]:
        """All that RabbitMQ takes from its environment; the rest of its settings are the built-in ones."""
        return {
            **super().environment(),
            "ERL_EPMD_PORT": str(self.mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.node_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
        }

    def is_ready(self) -> bool:
        """Tells whether the node takes connections of clients: it opens the port when its start is complete."""
        return super().is_ready() and "Server startup complete" in self.log.read_text(errors="replace")

    def start(self) -> None:
        """Starts the port mapper, so that the node does not leave a daemon behind, and then the node."""
        self.log.write_text("")  # the words of an earlier start are not taken for this one's
        mapper = [shutil.which("epmd") or "", "-port", str(self.mapper_port), "-address", "127.0.0.1"]
        self.mapper = child.start(
            mapper,
            environment=self.environment(),
            folder=self.folder,
            output=subprocess.DEVNULL,
            user=self.user,
        )
        super().start()

    def stop(self, immediate: bool = False) -> None:
        """Ends the node and its port mapper."""
        super().stop(immediate)
        if self.mapper is not None:
            child.stop(self.mapper, seconds=5)
            self.mapper = None


def program(name: str) -> str:
    """Path of one of RabbitMQ's programs behind Debian's wrapper, which only root may call; empty if missing."""
    kept = Path("/usr/lib/rabbitmq/bin") / name
    return str(kept) if kept.exists() else shutil.which(name) or ""

"""A small supervisor: starts some processes, shows what they say, and ends all of them together."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from deploy import child

GRACE = 8.0  # seconds a process has to finish what it is doing
LOOK = 0.2  # seconds between two looks at the processes
COLORS = ("36", "33", "35", "32")


class Supervisor:
    """The processes of one installation, by name; if one ends, none of them goes on."""

    def __init__(
        self, commands: Mapping[str, list[str]], folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Takes the command line of each name; nothing is started yet."""
        self.commands = commands
        self.folder = folder
        self.environment = environment
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.readers: list[threading.Thread] = []
        self.asked_to_stop = 0

    def run(self, *, address: str, port: tuple[str, int]) -> int:
        """Starts all, waits for a signal or a death, ends all.

        Says `address` once `port` answers. Returns 0 after a signal and 1 after a death.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)
        try:
            self.start()
            self.announce(address, port)
            return self.watch()
        finally:
            self.stop()

    def ask_to_stop(self, number: int, _frame: FrameType | None) -> None:
        """Notes the wish to end; a second one kills at once."""
        self.asked_to_stop += 1
        if self.asked_to_stop > 1:
            for process in self.processes.values():
                child.signal_all(process, signal.SIGKILL)

    def start(self) -> None:
        """Starts each process and a thread that repeats its lines."""
        for place, (name, command) in enumerate(self.commands.items()):
            process = child.start(
                command, environment=self.environment, folder=self.folder, output=subprocess.PIPE
            )
            self.processes[name] = process
            reader = threading.Thread(target=self.repeat, args=(name, process, place), daemon=True)
            reader.start()
            self.readers.append(reader)

    def repeat(self, name: str, process: subprocess.Popen[bytes], place: int) -> None:
        """Prints what a process says, each line with its name in front."""
        prefix = f"{name.ljust(max(map(len, self.commands)))} | "
        if sys.stdout.isatty():
            prefix = f"\x1b[{COLORS[place % len(COLORS)]}m{prefix}\x1b[0m"
        for line in process.stdout or ():
            say(prefix + line.decode(errors="replace").rstrip())

    def announce(self, address: str, port: tuple[str, int]) -> None:
        """Waits until the port answers, unless something ends before, and says where to go."""
        while not self.asked_to_stop and not self.ended():
            if answers(port):
                say(f"\nOpen {address} in a browser. Ctrl-C ends everything.\n")
                return
            time.sleep(LOOK)

    def watch(self) -> int:
        """Waits for the end and says why it came."""
        while not self.asked_to_stop:
            name = self.ended()
            if name is not None:
                time.sleep(LOOK)  # its last lines come first
                say(
                    f"{name} ended by itself ({reason(self.processes[name].returncode)}), so everything stops."
                )
                return 1
            time.sleep(LOOK)
        say("Stopping ...")
        return 0

    def ended(self) -> str | None:
        """Name of a process that is no longer there."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def stop(self) -> None:
        """Asks all at once to end, then waits for each and kills what does not."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for process in self.processes.values():
            wait(process, deadline)
            child.signal_all(process, signal.SIGKILL)
        for reader in self.readers:
            reader.join(1)
        say("Everything has stopped.")


def wait(process: subprocess.Popen[bytes], deadline: float) -> None:
    """Waits for the end of a process, or for the deadline of the monotonic clock."""
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return


def answers(port: tuple[str, int]) -> bool:
    """Tells whether something listens on host and port."""
    try:
        socket.create_connection(port, timeout=1).close()
    except OSError:
        return False
    return True


def reason(code: int) -> str:
    """An exit code in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def say(line: str) -> None:
    """Prints a line; a reader that went away is no reason to leave the processes alone."""
    try:
        print(line, flush=True)
    except (BrokenPipeError, OSError):
        return

"""Reads a file of networks, which whoever runs the installation puts in place and replaces.

One network a line, in CIDR notation; after it, apart by commas, what kind it is and whose. Text after # is a remark:

    192.0.2.0/24                              a data center
    2001:db8::/32, vpn, Example Tunnels       kinds: data-center (if none is said), vpn, tor, mobile

Of other kinds the first 12 letters are kept.

None is shipped: the owners of large networks publish their ranges and change them weekly, and most say nothing about
passing them on. `networks.txt` beside this module is the empty default, and says so.
"""

import logging
from pathlib import Path
from threading import Thread
from time import monotonic

from tracking.visits.countries import stamp_of
from tracking.visits.networks import Known, Networks, network_of
from tracking.visits.texts import clean

log = logging.getLogger(__name__)

EMPTY = Path(__file__).with_name("networks.txt")
MOST_WRONG = 5  # lines named in the log, of those that cannot be read
PAUSE = 60.0  # seconds after which the file is looked at again
KIND_LETTERS = 12  # as the table of clicks keeps it


class NetworkFile:
    """The networks of a file, read again when it changes; a missing file is an empty list, and said so once."""

    def __init__(self, path: Path | str = "") -> None:
        self.path = Path(path or EMPTY)
        self._seen: tuple[int, int] | None = None
        self._networks = Networks()
        self._look_again = 0.0

    def kind_of(self, address: str) -> str | None:
        """Return the kind of an address's network; "" for an unlisted one, None where it cannot be said.

        A newer file is taken up within a minute, and read in a thread: who asks never waits for it but the first time.
        """
        if monotonic() >= self._look_again:
            self._look_again = monotonic() + PAUSE
            self._look()
        return self._networks.kind_of(address)

    def _look(self) -> None:
        if self._seen is None:
            self.networks()
        elif stamp_of(self.path) != self._seen:
            Thread(target=self.networks, name="network-file", daemon=True).start()

    def networks(self) -> Networks:
        """Return the networks as the file stands now; the former ones while it cannot be read."""
        stamp = stamp_of(self.path)
        if stamp != self._seen:
            self._seen = stamp
            self._networks = self._read()
        return self._networks

    def _read(self) -> Networks:
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as failure:
            log.error(
                "The list of networks cannot be read (%s): the former one counts", type(failure).__name__
            )
            return self._networks
        networks, wrong = read_networks(text)
        if wrong:
            lines = ", ".join(map(str, wrong[:MOST_WRONG]))
            log.warning("The list of networks has %s lines that name no network: %s ...", len(wrong), lines)
        return networks


def read_networks(text: str) -> tuple[Networks, list[int]]:
    """Return the networks that a text lists, and the numbers (from 1) of lines that name none."""
    known, wrong = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        said = line.partition("#")[0].strip()
        if not said:
            continue
        parts = [part.strip() for part in said.split(",", 2)]
        network = network_of(parts[0])
        if network is None:
            wrong.append(number)
        else:
            known.append((network, _known(parts[1:])))
    return Networks(known), wrong


def _known(parts: list[str]) -> Known:
    kind = clean(parts[0].lower(), KIND_LETTERS) if parts and parts[0] else Known().kind
    return Known(kind, parts[1] if len(parts) > 1 else "")

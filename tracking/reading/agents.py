"""Device, browser and system of a user agent, as ua-parser's tables know them; names without versions."""

import re
from dataclasses import dataclass
from functools import lru_cache

from ua_parser import parse

from tracking.states import Device

NAME_LENGTH = 40
TV = re.compile(
    r"\b(?:smart-?tv|google ?tv|apple ?tv|android tv|hbbtv|web0s|webos\.tv|bravia|roku|crkey|netcast|viera|"
    r"aft[a-z0-9]{1,6} build|dtv)\b|tizen\b.*\btv\b",
    re.IGNORECASE,
)
TABLET = re.compile(r"\b(?:ipad|tablet|playbook|kindle|silk)\b|android(?!.*\bmobile\b)", re.IGNORECASE)
MOBILE = re.compile(r"\b(?:mobile|iphone|ipod|windows phone|blackberry|opera mini|kaios)\b", re.IGNORECASE)
DESKTOP = re.compile(r"windows nt|macintosh|x11|\bcros\b|linux (?:x86_64|i686)", re.IGNORECASE)
NO_COMPUTER = re.compile(r"playstation|xbox|nintendo", re.IGNORECASE)
MACHINE = "Spider"  # what ua-parser calls the device of robots
IN_PASSING = re.compile(r"\b(?:mobile|ios|webview|ui/wkwebview)\b", re.IGNORECASE)
SYSTEMS = {
    "Mac OS X": "macOS",
    "Web0S": "webOS",
    "WebTV": "webOS",
    **dict.fromkeys(("Ubuntu", "Debian", "Fedora", "Red Hat", "SUSE", "Arch Linux", "Linux Mint"), "Linux"),
}


@dataclass(frozen=True, slots=True)
class Agent:
    """What a visitor looked with; names are "" where nobody knows them."""

    device: Device
    browser: str
    os: str


@lru_cache(maxsize=8192)
def read_agent(user_agent: str) -> Agent:
    """Return what a user agent names; the same few thousand texts come again and again, so they are remembered."""
    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    is_machine = found.device is not None and found.device.family == MACHINE
    return Agent(
        device=Device.OTHER if is_machine else _device(user_agent),
        browser=_browser(browser),
        os=SYSTEMS.get(system, system)[:NAME_LENGTH],
    )


def _device(user_agent: str) -> Device:
    """The first that fits: televisions and tablets also call themselves mobile."""
    if NO_COMPUTER.search(user_agent):
        return Device.OTHER
    for pattern, device in (
        (TV, Device.TV),
        (TABLET, Device.TABLET),
        (MOBILE, Device.MOBILE),
        (DESKTOP, Device.DESKTOP),
    ):
        if pattern.search(user_agent):
            return device
    return Device.OTHER


def _browser(name: str) -> str:
    """Leave out on what it runs: that is the device's and the system's business."""
    return " ".join(IN_PASSING.sub(" ", name).split())[:NAME_LENGTH]

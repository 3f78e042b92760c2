"""What a user agent is: a person's browser or a program, and on which kind of device; pure."""

import re
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from tracking.states import Device

# Names of programs, not of people's browsers; "Cubot" is a telephone. Read in small letters.
OURS = re.compile(
    r"(?<!cu)bot(?:\b|_)|crawl|spider|slurp|\+https?:|preview|prerender|facebookexternalhit|facebookcatalog|"
    r"whatsapp/|embedly|headless|phantomjs|lighthouse|pingdom|uptime|monitor|scan|validator|archiver|curl/|wget/|"
    r"python|httpx|aiohttp|okhttp|java/|libwww|go-http|node-fetch|axios|undici|ruby|perl|php/|guzzle|postman|scrapy"
)
NOT_PLAIN = re.compile(r"[\^$\[\](){}|?*+]|(?<!\\)\.|\\[A-Za-z]")
TV = re.compile(
    r"\b(?:smart-?tv|googletv|android tv|appletv|hbbtv|bravia|netcast|web0s|"
    r"tizen.+\btv\b|crkey|aft[a-z])",
    re.IGNORECASE,
)
TABLET = re.compile(r"ipad|tablet|kindle|silk/|playbook|android(?!.*\bmobile\b)", re.IGNORECASE)
MOBILE = re.compile(
    r"iphone|ipod|\bmobile\b|android|windows phone|blackberry|opera mini|kaios", re.IGNORECASE
)
DESKTOP = re.compile(r"windows nt|macintosh|x11|linux|cros ", re.IGNORECASE)


def _tree_of(words: list[str]) -> str:
    """Return a pattern for any of the words; common beginnings are tried once, which makes it ten times quicker."""
    ends: dict[str, list[str]] = {}
    for word in words:
        ends.setdefault(word[0], []).append(word[1:])
    branches = [
        re.escape(letter) if "" in rest else re.escape(letter) + _tree_of(rest)
        for letter, rest in ends.items()
    ]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


def _listed() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compile the maintained list: plain names in one tree, true patterns beside each other."""
    patterns = [str(entry["pattern"]) for entry in CRAWLER_USER_AGENTS_DATA]
    plain = [re.sub(r"\\(.)", r"\1", pattern) for pattern in patterns if not NOT_PLAIN.search(pattern)]
    others = [pattern for pattern in patterns if NOT_PLAIN.search(pattern)]
    return re.compile(_tree_of(plain)), re.compile("|".join(others))


NAMES, PATTERNS = _listed()


@lru_cache(maxsize=16384)
def is_bot(user_agent: str) -> bool:
    """Does the user agent name a program, or nothing at all?"""
    if not user_agent or OURS.search(user_agent.lower()):
        return True
    return NAMES.search(user_agent) is not None or PATTERNS.search(user_agent) is not None


@lru_cache(maxsize=16384)
def device_of(user_agent: str) -> str:
    """Return the class of device at a glance, one of Device; what nobody knows is something else."""
    for device, pattern in (
        (Device.TV, TV),
        (Device.TABLET, TABLET),
        (Device.MOBILE, MOBILE),
        (Device.DESKTOP, DESKTOP),
    ):
        if pattern.search(user_agent):
            return str(device)
    return str(Device.OTHER)

"""What the query of a link says, and what of it goes on to the shop: pure."""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote_from_bytes, unquote_plus

from tracking.states import Consent
from tracking.visits.texts import clean

SUB_IDS = ("s1", "s2", "s3", "s4", "s5")
RESERVED = frozenset({*SUB_IDS, "via", "tid"})
SUB_ID_LENGTH, UTM_LENGTH, MOST_UTM, MOST_PARTS = 80, 100, 10, 100
VIA = re.compile(r"[a-z0-9_-]{1,10}", re.ASCII)
UTM = re.compile(r"utm_([a-z0-9_]{1,20})", re.ASCII)
OURS_ALONE = "direct"  # how a click came that no link was followed for: no address may say it
SHORT = 100  # bytes of a query that is worth remembering
PLAIN = "!$'()*+,;:@/?%=-._~"


class Query(NamedTuple):
    """A link's query: what is ours, and (name, text) of what goes on, in ASCII and as it was written."""

    sub_ids: tuple[str, ...] = ()
    via: str = ""
    consent: str = Consent.UNKNOWN.value
    utm: tuple[tuple[str, str], ...] = ()
    passed: tuple[tuple[str, str], ...] = ()

    @property
    def campaign(self) -> tuple[tuple[str, str], ...]:
        """What goes on even where the link's own address is kept: the names of the campaign."""
        return tuple((name, text) for name, text in self.passed if name.startswith("utm_"))


EMPTY = Query()


def read_query(raw: bytes) -> Query:
    """Read a query; more than a hundred parts are taken for noise and none of them counts."""
    if not raw:
        return EMPTY
    return _remembered(raw) if len(raw) <= SHORT else _read(raw)


def _read(raw: bytes) -> Query:
    parts = [part for part in raw.split(b"&", MOST_PARTS) if part]
    if not parts or len(parts) > MOST_PARTS:
        return EMPTY
    given, passed = {}, []
    for part in parts:
        name, _is, value = part.partition(b"=")
        said = _text(name)
        given[said] = _text(value)
        if said not in RESERVED:
            passed.append((said, quote_from_bytes(part, PLAIN)))
    return Query(_sub_ids(given), _via(given), consent_of(given.get("consent")), _utm(given), tuple(passed))


_remembered = lru_cache(maxsize=4096)(_read)  # the same banner says the same each time


def _text(raw: bytes) -> str:
    """Browsers quote; what arrives unquoted is UTF-8, or else one byte a letter."""
    if raw.isalnum():
        return raw.decode("ascii")
    try:
        return unquote_plus(raw.decode())
    except UnicodeDecodeError:
        return unquote_plus(raw.decode("latin-1"))


def _sub_ids(given: dict[str, str]) -> tuple[str, ...]:
    """Return s1 to s5 by position, without empty ones at the end."""
    found = [clean(given[name], SUB_ID_LENGTH) if name in given else "" for name in SUB_IDS]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _via(given: dict[str, str]) -> str:
    said = given.get("via", "")
    return said if VIA.fullmatch(said) and said != OURS_ALONE else ""


def _utm(given: dict[str, str]) -> tuple[tuple[str, str], ...]:
    named = ((UTM.fullmatch(name), value) for name, value in given.items())
    found = [(name[1], clean(value, UTM_LENGTH)) for name, value in named if name and value]
    return tuple(found[:MOST_UTM])


def consent_of(said: object) -> str:
    """Return what was said about consent; whatever is unclear is unknown."""
    return str(said) if said in {"granted", "denied"} else Consent.UNKNOWN.value


def sub_ids(raw: bytes) -> tuple[str, ...]:
    """Return s1 to s5 of a query by position, without empty ones at the end."""
    return read_query(raw).sub_ids

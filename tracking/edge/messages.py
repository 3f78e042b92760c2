"""What a shop's page says in a beacon or a pixel: read strictly, before anything is kept; pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from tracking import clickid
from tracking.states import BeaconKind
from tracking.visits import clean
from tracking.visits.queries import consent_of

MOST_BYTES = 8192
MOST_DEPTH, MOST_LETTERS, NAME_LETTERS, ADDRESS_LETTERS = 4, 500, 40, 1000
SHORT_NUMBER = 15  # digits; a longer number is kept as it was written
PIXEL_FIELDS = (
    "order",
    "total",
    "currency",
    "goal",
    "tax",
    "shipping",
    "customer",
    "email",
    "ref",
    "source",
)


class Unreadable(ValueError):
    """What was sent cannot be read; the text is a sentence for whoever builds the page."""


@dataclass(frozen=True, slots=True)
class Message:
    """A beacon; `tid` is genuine or "", `data` fit for a JSON column; `is_foreign` if it named an id not of ours."""

    kind: str
    tid: str = ""
    consent: str = "unknown"
    page: str = ""
    referrer: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    is_foreign: bool = False


def parse(body: bytes) -> dict[str, Any]:
    """Return the object that a body holds; raise Unreadable. A number with a point stays the text it was written as."""
    try:
        said = json.loads(body, parse_float=_as_written, parse_int=_whole, parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        raise Unreadable(_("The body is no JSON.")) from wrong
    if not isinstance(said, dict):
        raise Unreadable(_('The body is a JSON object, like {"k": "...", "e": "page"}.'))
    return said


def read_message(said: Mapping[str, Any]) -> Message:
    """Return what a beacon says; raise Unreadable."""
    kind = said.get("e")
    if kind not in BeaconKind.values:
        raise Unreadable(_("“e” is one of: %(kinds)s.") % {"kinds": ", ".join(BeaconKind.values)})
    data = said.get("d") if said.get("d") is not None else {}
    if not isinstance(data, dict):
        raise Unreadable(_("“d” is a JSON object."))
    tid = genuine(said.get("tid"))
    return Message(
        kind=str(kind),
        tid=tid,
        is_foreign=bool(said.get("tid")) and not tid,
        consent=_consent(said.get("c")),
        page=_address(said.get("u")),
        referrer=_address(said.get("r")),
        data=_kept(data, MOST_DEPTH),
    )


def read_pixel(query: bytes, referrer: str) -> Message:
    """Return what a pixel's query says, a conversion; raise Unreadable. `referrer` is the page it stands in."""
    try:
        given = dict(parse_qsl(query.decode("utf-8", "replace"), max_num_fields=100, errors="replace"))
    except ValueError as wrong:
        raise Unreadable(_("There are too many parameters.")) from wrong
    data: dict[str, Any] = {name: given[name] for name in PIXEL_FIELDS if given.get(name)}
    coupons = [code.strip() for code in given.get("coupon", "").split(",") if code.strip()]
    data |= {"coupons": coupons} if coupons else {}
    return Message(
        kind=BeaconKind.CONVERSION.value,
        tid=genuine(given.get("tid")),
        page=_address(referrer),
        data=_kept({**data, "channel": "pixel"}, MOST_DEPTH),
    )


def genuine(tid: object) -> str:
    """Return a click's id that we issued, else ""."""
    return str(tid) if clickid.read(tid) else ""


def _consent(said: object) -> str:
    return consent_of(said if isinstance(said, str) else "")


def _address(said: object) -> str:
    """Keep what is a web address, for people will look at it."""
    text = clean(said, ADDRESS_LETTERS) if isinstance(said, str) else ""
    return text if text.lower().startswith(("http://", "https://")) else ""


def _kept(value: Any, depth: int) -> Any:
    """Return a value without control characters; raise Unreadable for what is too long or too deep."""
    if isinstance(value, str):
        if len(value) > MOST_LETTERS:
            raise Unreadable(_("A text has more than %(most)s letters.") % {"most": MOST_LETTERS})
        return clean(value, MOST_LETTERS)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        raise Unreadable(_("“d” is nested too deeply."))
    if isinstance(value, list):
        return [_kept(one, depth - 1) for one in value]
    return {clean(name, NAME_LETTERS): _kept(one, depth - 1) for name, one in value.items()}


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= SHORT_NUMBER else digits


def _as_written(digits: str) -> str:
    return digits


def _no_number(word: str) -> None:
    raise ValueError(word)

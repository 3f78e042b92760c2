"""What may be chosen for a link: each reader returns the value as it is kept, or raises LinkRefused and says where."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from affiliates.countries import COUNTRIES
from affiliates.destinations import DestinationRefused, LinkRefused, check_destination
from affiliates.models import Program

SUB_IDS = 5
SUB_ID_LETTERS = 80
NAME_LETTERS = 80
MOST_RULES = 20
MOST_WEIGHT = 1000
FARTHEST = timedelta(days=3653)
DEVICES: dict[str, Any] = {
    "desktop": gettext_lazy("computer"),
    "mobile": gettext_lazy("telephone"),
    "tablet": gettext_lazy("tablet"),
    "tv": gettext_lazy("television"),
}


def read_choice(program: Program, name: str, value: Any, now: datetime) -> Any:
    """Return a choice as it is kept; `name` is a key of READERS."""
    return READERS[name](program, value, now)


def _destination(program: Program, value: Any, now: datetime) -> str:
    return check_destination(program, value)


def _name(program: Program, value: Any, now: datetime) -> str:
    if len(value) > NAME_LETTERS:
        raise LinkRefused(_("At most %(most)s letters.") % {"most": NAME_LETTERS}, "name")
    return str(value)


def _sub_ids(program: Program, value: Any, now: datetime) -> list[str]:
    marks = [str(mark) for mark in value]
    if len(marks) > SUB_IDS or any(len(mark) > SUB_ID_LETTERS for mark in marks):
        raise LinkRefused(_("At most five sub ids of 80 letters each."), "sub_ids")
    return marks


def _expires_at(program: Program, value: datetime | None, now: datetime) -> datetime | None:
    if value is not None and value <= now:
        raise LinkRefused(_("The end must lie ahead; to stop a link now, pause it."), "expires_at")
    if value is not None and value - now > FARTHEST:
        raise LinkRefused(_("Choose an end within the next ten years, or none."), "expires_at")
    return value


def _rules(program: Program, value: Any, now: datetime) -> list[dict[str, Any]]:
    """Rules in the order in which they are asked."""
    return [_rule(program, rule, ("rules", place)) for place, rule in enumerate(_list(value, "rules"))]


def _rotation(program: Program, value: Any, now: datetime) -> list[dict[str, Any]]:
    """Destinations with their weights."""
    parts = enumerate(_list(value, "rotation"))
    return [_part(program, part, ("rotation", place)) for place, part in parts]


def _list(value: Any, name: str) -> list[Mapping[str, Any]]:
    entries = list(value)
    if len(entries) > MOST_RULES:
        raise LinkRefused(_("At most %(most)s of them.") % {"most": MOST_RULES}, name)
    return entries


def _rule(program: Program, rule: Mapping[str, Any], where: tuple[str, int]) -> dict[str, Any]:
    _known(rule, {"countries", "devices", "destination"}, where)
    countries = list(dict.fromkeys(str(code).upper() for code in rule.get("countries", ())))
    devices = list(dict.fromkeys(map(str, rule.get("devices", ()))))
    strange = ", ".join(code for code in countries if code not in COUNTRIES)
    if strange:
        words = _("Write countries as two letters of ISO 3166, like DE; unknown: %(codes)s.")
        raise LinkRefused(words % {"codes": strange}, *where, "countries")
    if any(device not in DEVICES for device in devices):
        words = _("Choose among: %(devices)s.") % {"devices": ", ".join(DEVICES)}
        raise LinkRefused(words, *where, "devices")
    if not countries and not devices:
        raise LinkRefused(_("Name a country or a device, else nobody would see the link’s own page."), *where)
    return {"countries": countries, "devices": devices, "destination": _page(program, rule, where)}


def _part(program: Program, part: Mapping[str, Any], where: tuple[str, int]) -> dict[str, Any]:
    _known(part, {"destination", "weight"}, where)
    weight = part.get("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, int) or not 1 <= weight <= MOST_WEIGHT:
        words = _("The weight is a whole number from 1 to %(most)s.") % {"most": MOST_WEIGHT}
        raise LinkRefused(words, *where, "weight")
    return {"destination": _page(program, part, where), "weight": weight}


def _known(entry: Any, names: set[str], where: tuple[str, int]) -> None:
    if not isinstance(entry, Mapping) or not entry.keys() <= names:
        words = _("It has %(names)s and nothing else.") % {"names": ", ".join(sorted(names))}
        raise LinkRefused(words, *where)


def _page(program: Program, entry: Mapping[str, Any], where: tuple[str, int]) -> str:
    try:
        return check_destination(program, str(entry.get("destination") or ""))
    except DestinationRefused as refused:
        raise DestinationRefused(str(refused), *where, "destination") from refused


READERS: dict[str, Callable[[Program, Any, datetime], Any]] = {
    "destination": _destination,
    "name": _name,
    "sub_ids": _sub_ids,
    "expires_at": _expires_at,
    "rules": _rules,
    "rotation": _rotation,
}

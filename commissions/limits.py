"""What one sale, one affiliate or the whole program may cost at most: the ceiling over all levels, and caps."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from commissions.claims import Party
from commissions.counters import Counters
from commissions.earned import plain
from commissions.plan import Cap
from core.money import allocate, round_half_up


@dataclass(frozen=True, slots=True)
class Cut:
    """A cap that left less than there was: what had been used of it, and the sum before and after."""

    cap: Cap
    used: int
    enrollment_id: int | None
    before: int
    after: int


def keep_under_ceiling(base: int, rate: Decimal, parties: list[Party]) -> dict[str, Any]:
    """Scale the upper levels down, then level 1, until all together stay under the rate; return its line of the trace.

    It does not apply where the base is 0, as for a lead.
    """
    limit = round_half_up(base * rate.scaleb(-2)) if base else None
    total = sum(party.amount for party in parties)
    if limit is not None and total > limit:
        _shrink(parties, limit)
    for party in parties:
        party.under_ceiling = party.amount
    after = sum(party.amount for party in parties)
    return {"rate": plain(rate), "limit": limit, "before": total, "after": after}


def keep_under_caps(caps: tuple[Cap, ...], counters: Counters, parties: list[Party]) -> list[Cut]:
    """Cut what is above the plan's caps: those of a conversion first, then an affiliate's, then the program's."""
    cuts: list[Cut] = []
    first = [party for party in parties if party.level == 1]
    for cap in (cap for cap in caps if cap.of == "conversion"):
        cuts += _cut(cap, 0, None, first)
    for cap in (cap for cap in caps if cap.of == "affiliate"):
        for party in first:
            used = counters.of(party.enrollment_id, cap.window) if cap.window else 0
            cuts += _cut(cap, used, party.enrollment_id, [party])
    for cap in (cap for cap in caps if cap.of == "program"):
        used = counters.spent.get(cap.window, 0) if cap.window else 0
        cuts += _cut(cap, used, None, parties)
    return cuts


def _cut(cap: Cap, used: int, enrollment_id: int | None, parties: list[Party]) -> list[Cut]:
    before = sum(party.amount for party in parties)
    room = max(0, cap.amount - used)
    if before <= room:
        return []
    _shrink(parties, room)
    return [Cut(cap, used, enrollment_id, before, sum(party.amount for party in parties))]


def _shrink(parties: list[Party], room: int) -> None:
    """Bring a sum above `room` down to it: the upper levels give way before level 1 does."""
    first = [party for party in parties if party.level == 1]
    upper = [party for party in parties if party.level > 1]
    own = sum(party.amount for party in first)
    if own > room:
        _scale(first, room)
        own = room
    _scale(upper, room - own)


def _scale(parties: list[Party], room: int) -> None:
    total = sum(party.amount for party in parties)
    if total <= room:
        return
    rounded = [party.amount for party in parties]
    parts = allocate(room, [_weight(party) for party in parties])
    if any(part > was for part, was in zip(parts, rounded, strict=True)):  # a paradox of largest remainders
        parts = allocate(room, rounded)
    for party, part in zip(parties, parts, strict=True):
        party.amount = part


def _weight(party: Party) -> Fraction:
    """What it had a claim to, unrounded; once it was cut, what is left."""
    if party.amount != party.before:
        return Fraction(party.amount)
    return sum((claim.weight for claim in party.claims), Fraction(0))

"""What a conversion adds to the counters: net of refunds, nothing once it was cancelled or declined."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from commissions.counters import CLICK
from commissions.rates import Credited
from core.money import round_half_up

_NONE = Fraction(0)
Key = tuple[int, int]  # enrollment, level


class Counted(NamedTuple):
    """What a conversion counts for one enrollment; amounts in minor units, as in Volume."""

    enrollment_id: int
    base: int = 0
    conversions: int = 0
    commission: int = 0
    spent: int = 0


def counted_of(
    goal: str,
    credited: Iterable[Credited],
    refunded: Mapping[str, Fraction],
    left: Mapping[Key, int],
    declined: Collection[Key] = (),
) -> list[Counted]:
    """Return what a sale counts, one value per enrollment that has it on level 1.

    `refunded` is how much of each line went back; `left` what each commission still holds. Whose own commission was
    declined counts nothing. What all levels cost stands with the lowest enrollment credited. Who only gets a split
    of it counts the commission alone.
    """
    kept = {key: amount for key, amount in left.items() if key not in declined}
    spent, found = sum(kept.values()), []
    own = sorted(credited, key=lambda one: one.enrollment_id)
    for place, one in enumerate(own):
        stands = (one.enrollment_id, 1) not in declined and not _is_gone(one, refunded)
        found.append(
            Counted(
                one.enrollment_id,
                _net_base(one, refunded) if stands else 0,
                int(stands and goal != CLICK),
                kept.get((one.enrollment_id, 1), 0),
                0 if place else spent,
            )
        )
    names = {one.enrollment_id for one in own}
    partners = [
        (who, amount) for (who, level), amount in sorted(kept.items()) if level == 1 and who not in names
    ]
    return found + [Counted(who, commission=amount) for who, amount in partners]


def _is_gone(one: Credited, refunded: Mapping[str, Fraction]) -> bool:
    """Whether all that could earn went back; a sale without any base is gone when all of it is."""
    keys = [key for key, _base in one.bases] or list(refunded)
    return bool(keys) and all(refunded.get(key, _NONE) >= 1 for key in keys)


def _net_base(one: Credited, refunded: Mapping[str, Fraction]) -> int:
    if not refunded and one.share == 1:
        return sum(base for _key, base in one.bases)
    parts = (base * (1 - refunded.get(key, _NONE)) for key, base in one.bases)
    return round_half_up(sum(parts, _NONE) * one.share)

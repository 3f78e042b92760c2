"""Which of many unusual findings to believe: of a thousand honest tests fifty show p < 0.05 by chance. Pure."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Q = 0.05  # the part of all findings of a night that may be chance

Key = TypeVar("Key", bound=Hashable)


def discovered(p_values: Mapping[Key, float], q: float = Q) -> frozenset[Key]:
    """Return those that stand when all tests of a night are held against each other (Benjamini and Hochberg).

    `p_values` holds every test that was made, the dull ones too, such as (enrollment, check) -> p.
    """
    if not p_values:
        return frozenset()
    from scipy.stats import (
        false_discovery_control,
    )  # where it is used: it takes a second and much memory, and most processes never need it

    adjusted = false_discovery_control(list(p_values.values()))
    return frozenset(key for key, value in zip(p_values, adjusted, strict=True) if value <= q)

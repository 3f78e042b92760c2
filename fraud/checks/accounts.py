"""What is known of one affiliate beside the other accounts of the same company, and of the buyers it brought."""

from collections.abc import Mapping
from dataclasses import dataclass

from fraud.checks.facts import Mark


@dataclass(frozen=True, slots=True)
class Twin:
    """Another account of the company that shares marks with this one.

    `marks` are the kinds shared, and how many accounts have that very mark. `likeness` compares the two e-mail
    addresses (fraud.lists.emails), None where they cannot be compared. `is_related` says that a manager knows the two
    to belong together: an agency and its client, two of a family.
    """

    enrollment: int
    marks: Mapping[Mark, int]
    likeness: float | None = None
    is_related: bool = False


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One affiliate's account; `twins` is None where it has no mark that could be compared.

    `buyers` counts the e-mail addresses of those it brought within the window, `in_series` those that differ from at
    least two others by a number alone; both are 0 where buyers are known by digests only.
    """

    enrollment: int
    twins: tuple[Twin, ...] | None = None
    is_disposable: bool | None = None
    buyers: int = 0
    in_series: int = 0

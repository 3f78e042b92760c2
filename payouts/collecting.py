"""What is payable, to whom, and what stays behind: pure arithmetic over ledger entries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from payouts.states import HeldBackReason


@dataclass(frozen=True, slots=True)
class Open:
    """The part of an entry that no payout has yet; above zero it was earned, below it was taken back."""

    entry: int
    amount: int
    is_held: bool = False
    commission: int | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one enrollment gets in a run (`items`: entry, amount) and what is held back (reason, amount)."""

    items: tuple[tuple[int, int], ...]
    held_back: tuple[tuple[HeldBackReason, int], ...]

    @property
    def amount(self) -> int:
        """The payout, in minor units; 0 when nothing is paid."""
        return sum(amount for _, amount in self.items)


def bundle(
    parts: Sequence[Open], *, minimum: int, debt_share: int, has_payee: bool, is_payable: bool
) -> Bundle:
    """Decide what of one enrollment's open parts is paid; debt is netted first, at most `debt_share` per cent.

    What was taken back of a commission that no payout has yet is no debt: it was never owed, and is netted whole. What
    is on hold waits; what was paid before, and was taken back since, is owed all the same.
    """
    owed_all_the_same, held = _held(parts)
    kept = ((HeldBackReason.ON_HOLD, held),) if held else ()
    free = [part for part in parts if not part.is_held] + owed_all_the_same
    earned = [part for part in free if part.amount > 0]
    never_owed, owed = _told_apart(earned, [part for part in free if part.amount < 0])
    worth = sum(part.amount for part in earned) + sum(amount for _entry, amount in never_owed)
    debts = _debts(owed, worth * debt_share // 100)
    back: dict[int, int] = defaultdict(int)
    for entry, amount in (*never_owed, *debts):  # of one entry both may be taken
        back[entry] += amount
    items = (*((part.entry, part.amount) for part in earned), *back.items())
    amount = sum(part for _, part in items)
    reason = _reason(amount, minimum, has_payee, is_payable, bool(items or any(part.amount for part in free)))
    if reason is None:
        return Bundle(items, kept)
    whole = sum(part.amount for part in free)
    return Bundle((), (*kept, (reason, whole)) if whole else kept)


def _held(parts: Sequence[Open]) -> tuple[list[Open], int]:
    """The debts of commissions that are on hold, and what else of them waits."""
    waiting = [part for part in parts if part.is_held]
    _never_owed, debts = _told_apart(
        [part for part in waiting if part.amount > 0], [part for part in waiting if part.amount < 0]
    )
    return debts, sum(part.amount for part in waiting) - sum(part.amount for part in debts)


def _told_apart(earned: list[Open], back: list[Open]) -> tuple[list[tuple[int, int]], list[Open]]:
    """Tell what was taken back of commissions that are open themselves, (entry, amount), from the debts besides."""
    left: dict[int | None, int] = defaultdict(int)
    for part in earned:
        left[part.commission] += part.amount
    never_owed, owed = [], []
    for part in sorted(back, key=lambda part: part.entry):
        own = min(-part.amount, left[part.commission]) if part.commission is not None else 0
        if own > 0:
            left[part.commission] -= own
            never_owed.append((part.entry, -own))
        if own < -part.amount:
            owed.append(Open(part.entry, part.amount + own, part.is_held, part.commission))
    return never_owed, owed


def _debts(debts: list[Open], most: int) -> list[tuple[int, int]]:
    """Take debts, the oldest first, up to `most`; the last one in part."""
    taken = []
    for debt in sorted(debts, key=lambda part: part.entry):
        part = min(-debt.amount, most)
        if part > 0:
            taken.append((debt.entry, -part))
            most -= part
    return taken


def _reason(
    amount: int, minimum: int, has_payee: bool, is_payable: bool, anything: bool
) -> HeldBackReason | None:
    if not anything:
        return HeldBackReason.MINIMUM
    if amount <= 0:
        return HeldBackReason.DEBT
    if not is_payable:
        return HeldBackReason.INACTIVE
    if amount < minimum:
        return HeldBackReason.MINIMUM
    return None if has_payee else HeldBackReason.NO_PAYEE

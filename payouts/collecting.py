"""What is payable, to whom, and what stays behind: pure arithmetic over ledger entries."""

from collections.abc import Sequence
from dataclasses import dataclass

from payouts.states import HeldBackReason


@dataclass(frozen=True, slots=True)
class Open:
    """The part of an entry that no payout has yet; above zero it was earned, below it was taken back."""

    entry: int
    amount: int
    is_held: bool = False


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
    """Decide what of one enrollment's open parts is paid; debt is netted first, at most `debt_share` per cent."""
    free = [part for part in parts if not part.is_held]
    held = sum(part.amount for part in parts if part.is_held)
    kept = ((HeldBackReason.ON_HOLD, held),) if held else ()
    earned = [part for part in free if part.amount > 0]
    debts = _debts(
        [part for part in free if part.amount < 0], sum(part.amount for part in earned) * debt_share // 100
    )
    items = tuple([(part.entry, part.amount) for part in earned] + debts)
    amount = sum(part for _, part in items)
    reason = _reason(amount, minimum, has_payee, is_payable, bool(items or any(part.amount for part in free)))
    if reason is None:
        return Bundle(items, kept)
    whole = sum(part.amount for part in free)
    return Bundle((), (*kept, (reason, whole)) if whole else kept)


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

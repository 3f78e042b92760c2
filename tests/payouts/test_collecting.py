"""What of one enrollment's open entries is paid: pure arithmetic, with a share of debts below the whole."""

import pytest

from payouts.collecting import Bundle, Open, bundle
from payouts.states import HeldBackReason


def paid(*parts: Open, share: int = 20, minimum: int = 1) -> Bundle:
    return bundle(parts, minimum=minimum, debt_share=share, has_payee=True, is_payable=True)


@pytest.mark.parametrize(
    ("parts", "items"),
    [
        # taken back before anything was paid of it: never owed, so the whole is netted
        ([Open(1, 1000, commission=7), Open(2, -300, commission=7)], ((1, 1000), (2, -300))),
        # a debt of what was paid before: a fifth of what there is
        ([Open(1, 1000, commission=7), Open(2, -300, commission=6)], ((1, 1000), (2, -200))),
        # a fifth of what is left after what was never owed
        (
            [Open(1, 1000, commission=7), Open(2, -500, commission=7), Open(3, -300, commission=6)],
            ((1, 1000), (2, -500), (3, -100)),
        ),
        # more was taken back than is open: the rest of the same entry is a debt
        (
            [Open(1, 1000, commission=7), Open(2, 600, commission=8), Open(3, -1100, commission=7)],
            ((1, 1000), (2, 600), (3, -1100)),
        ),
        # what has no commission nets nothing of its own
        ([Open(1, 1000), Open(2, -300)], ((1, 1000), (2, -200))),
    ],
)
def test_what_was_never_owed_is_no_debt(parts: list[Open], items: tuple[tuple[int, int], ...]) -> None:
    assert paid(*parts).items == items


def test_all_taken_back_leaves_nothing_to_pay() -> None:
    gone = paid(Open(1, 1000, commission=7), Open(2, -1000, commission=7))

    assert (gone.items, gone.held_back) == ((), ())


def test_what_is_held_is_told_and_left() -> None:
    found = paid(Open(1, 1000, commission=7), Open(2, 400, True, commission=8))

    assert found == Bundle(((1, 1000),), ((HeldBackReason.ON_HOLD, 400),))

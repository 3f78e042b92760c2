"""What a person should look at before a batch is approved."""

from datetime import timedelta

from affiliates.models import Enrollment
from core.csv_cells import plain
from core.models import User
from payouts import actions
from payouts.models import Batch
from payouts.review import review
from tests import makers

DUE = makers.NOON + timedelta(days=31)


def paid(enrollment: Enrollment, fin: User, net: int) -> Batch:
    """An approved batch with one payout."""
    makers.make_payable(enrollment, net)
    batch = actions.open_batch(enrollment.program, cut_off=DUE, at=DUE)
    return actions.approve_batch(batch, actor=fin, at=DUE)


def test_first_payout_is_flagged(ann: Enrollment) -> None:
    makers.make_payee(ann)
    makers.make_payable(ann, 100000)

    looked = review(actions.open_batch(ann.program, cut_off=DUE, at=DUE))

    assert (looked.first_time, looked.outliers, looked.rows[0].usual) == (1, 0, None)


def test_three_times_the_usual_is_an_outlier(ann: Enrollment, fin: User) -> None:
    makers.make_payee(ann)
    paid(ann, fin, 100000)
    makers.make_payable(ann, 310000)

    looked = review(actions.open_batch(ann.program, cut_off=DUE, at=DUE + timedelta(days=1)))

    assert (looked.first_time, looked.outliers) == (0, 1)
    assert looked.rows[0].usual == ann.program.money(10000)


def test_what_is_held_back_is_summed(ann: Enrollment) -> None:
    makers.make_payable(ann, 100000)

    looked = review(actions.open_batch(ann.program, cut_off=DUE, at=DUE))

    assert (looked.rows, looked.held_total) == ([], ann.program.money(10000))
    assert [row.reason for row in looked.held_back] == ["no_payee"]


def test_cell_that_a_spreadsheet_would_run_is_made_plain() -> None:
    assert [plain(cell) for cell in ("=1+1", "@sum", "Ann", "12.50")] == ["'=1+1", "'@sum", "Ann", "12.50"]

"""What a verdict would do is shown before, exactly, and nothing happens."""

import pytest

from affiliates import actions as affiliates
from affiliates.models import Enrollment
from commissions.models import Commission, Entry
from fraud.actions import policies
from fraud.actions.previews import preview
from fraud.actions.verdicts import decide
from tests.fraud.reviews import SOON, everything, holding, stands, told
from tests.makers import NOON, make_commission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]


def test_preview_changes_nothing(case, mia):
    before = everything()

    for verdict in ("clear", "extend", "decline", "reverse", "suspend", "ban"):
        assert preview(case, verdict, actor=mia, at=SOON).refusal == ""

    assert everything() == before


@pytest.mark.parametrize("verdict", ["clear", "decline", "reverse", "suspend", "ban"])
def test_preview_shows_exactly_what_happens(case, bob, pending, approved, mia, verdict):
    shown = preview(case, verdict, actor=mia, at=SOON)
    last = Entry.objects.order_by("pk").last()

    decide(case, verdict, reason="So be it.", actor=mia, at=SOON)

    entries = Entry.objects.filter(pk__gt=last.pk).order_by("pk")
    assert [(str(one.kind), one.money.amount) for one in shown.postings] == [
        (entry.get_kind_display(), entry.amount) for entry in entries
    ]
    after = [(line.after.state, line.after.is_held) for line in shown.lines]
    assert after == stands(*[Commission(pk=line.commission) for line in shown.lines])
    assert shown.amount.amount == told("case.decided")[0]["amount"]
    assert shown.enrollment == Enrollment.objects.get(pk=bob.pk).get_state_display()


def test_preview_sums_by_what_becomes_of_it(case, mia):
    sums = {
        verdict: [
            money.amount for money in (shown.amount, shown.released, shown.declined, shown.taken, shown.held)
        ]
        for verdict in ("clear", "extend", "decline", "reverse")
        for shown in [preview(case, verdict, actor=mia, at=SOON)]
    }

    assert sums == {
        "clear": [11000, 11000, 0, 0, 0],
        "extend": [11000, 0, 0, 0, 11000],
        "decline": [11000, 10000, 1000, 0, 0],
        "reverse": [11000, 0, 1000, 10000, 0],
    }


def test_preview_names_order_person_and_level(program, ann, sue, mia):
    commission = make_commission(ann, external_id="77")
    above = commission.conversion.commissions.get(enrollment=sue)
    case = holding(ann, [commission, above])

    shown = preview(case, "decline", actor=mia, at=SOON)

    named = [(line.number, line.affiliate, line.level) for line in shown.lines]
    assert named == [("77", "Ann Archer", 1), ("77", "Sue Sponsor", 2)]
    assert [(one.affiliate, str(one.debit), str(one.credit)) for one in shown.postings] == [
        ("Ann Archer", "pending", "program expense"),
        ("Sue Sponsor", "pending", "program expense"),
    ]


def test_sponsor_whom_the_case_does_not_hold_is_left_alone(ann, sue, mia):
    commission = make_commission(ann)

    shown = preview(holding(ann, [commission]), "decline", actor=mia, at=SOON)

    assert [line.affiliate for line in shown.lines] == ["Ann Archer"]
    assert shown.others == ()


def test_preview_says_that_a_second_person_is_needed(program, case, mia, rita):
    policies.set_policy(program, actor=mia, second_above=5000)
    assert preview(case, "clear", actor=rita, at=SOON).needs_second
    decide(case, "clear", reason="Fine.", actor=rita, at=SOON)

    assert preview(case, "clear", actor=rita, at=SOON).needs_second
    assert not preview(case, "clear", actor=mia, at=SOON).needs_second
    assert preview(case, "reverse", actor=mia, at=SOON).needs_second
    assert not preview(case, "extend", actor=mia, at=SOON).needs_second


def test_preview_refuses_in_words(case, bob, mia, rita):
    affiliates.ban(bob, reason="Earlier.", actor=mia, at=NOON)
    before = everything()

    refusal = preview(case, "suspend", actor=mia, at=SOON)

    assert "banned" in refusal.refusal
    assert (refusal.lines, refusal.postings, everything()) == ((), (), before)
    assert preview(case, "ban", actor=mia, at=SOON).refusal == ""

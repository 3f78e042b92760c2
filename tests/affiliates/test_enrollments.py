"""The life of a membership."""

import pytest

from affiliates import actions
from affiliates.actions.enrollments import SponsorRefused
from affiliates.models import Enrollment
from affiliates.roles import NotAllowed
from affiliates.states import IllegalMove
from core.models import Event
from tests.makers import make_affiliate, make_enrollment, make_program

pytestmark = pytest.mark.django_db


def test_application_waits_for_a_person(program):
    enrollment = make_enrollment(program, active=False)

    assert (enrollment.state, enrollment.links.count()) == ("applied", 0)


def test_automatic_program_accepts_at_once(merchant):
    program = make_program(merchant, approval="automatic")

    enrollment = make_enrollment(program, active=False)

    assert (enrollment.state, enrollment.links.get().code) == ("active", enrollment.code)


def test_applying_twice_is_one_membership(program):
    affiliate = make_affiliate(program.merchant)

    assert actions.apply(program, affiliate) == actions.apply(program, affiliate)
    assert Event.objects.filter(kind="enrollment.applied").count() == 1


def test_two_of_one_name_get_two_codes(program):
    first, second = make_enrollment(program, "Ann Archer"), make_enrollment(program, "Ann Archer")

    assert (first.code, second.code[:11]) == ("ann-archer", "ann-archer-")


def test_refusal_needs_a_reason(program, mia):
    enrollment = make_enrollment(program, active=False)

    with pytest.raises(IllegalMove):
        actions.refuse(enrollment, reason="", actor=mia)
    assert Enrollment.objects.get(pk=enrollment.pk).state == "applied"


def test_banned_is_for_good(bob, mia):
    actions.ban(bob, reason="Bought through his own link.", actor=mia)

    with pytest.raises(IllegalMove):
        actions.activate(bob, actor=mia)
    assert Enrollment.objects.get(pk=bob.pk).state == "banned"


def test_stranger_may_not_decide(bob, eve):
    with pytest.raises(NotAllowed):
        actions.suspend(bob, reason="Mine.", actor=eve)
    assert Enrollment.objects.get(pk=bob.pk).state == "active"


def test_circle_of_sponsors_is_refused(ann, sue, mia):
    with pytest.raises(SponsorRefused):
        actions.set_sponsor(sue, ann, actor=mia)
    with pytest.raises(SponsorRefused):
        actions.set_sponsor(ann, ann, actor=mia)
    assert Enrollment.objects.get(pk=sue.pk).sponsor is None


def test_sponsor_of_another_program_is_refused(ann, stranger, mia):
    with pytest.raises(SponsorRefused):
        actions.set_sponsor(ann, stranger, actor=mia)


def test_affiliate_leaves_by_itself(bob):
    assert actions.leave(bob, actor=bob.affiliate.user).state == "left"

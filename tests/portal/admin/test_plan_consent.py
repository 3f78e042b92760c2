"""A manager sees who has agreed to a plan's newest version."""

import pytest
from django.utils import timezone

from affiliates.actions import change_program
from commissions import actions
from commissions.actions.acceptances import accept_version
from tests.makers import FOUNDED, make_enrollment, percent_plan

pytestmark = pytest.mark.django_db


def page(client, plan):
    return client.get(f"/admin/commissions/plan/{plan.pk}/change/").content.decode()


def test_page_of_a_plan_names_who_has_not_agreed_yet(enter, program, ann, mia, olga):
    change_program(program, asks_acceptance=True, actor=olga)
    bob = make_enrollment(program, "Bob Baker")
    plan = program.plans.get()
    version = actions.publish(plan, percent_plan("12"), actor=mia)
    accept_version(bob, version, actor=bob.affiliate.user, at=timezone.now())

    text = page(enter(mia), plan)

    assert "Agreed to version 2" in text
    waiting = text[text.index('aria-labelledby="consent"') :]
    assert (ann.affiliate.name in waiting, "Bob Baker" in waiting) == (True, False)


def test_nobody_is_named_where_nobody_is_asked(enter, program, ann, mia):
    actions.publish(program.plans.get(), percent_plan("12"), actor=mia, at=FOUNDED)

    assert 'id="consent"' not in page(enter(mia), program.plans.get())

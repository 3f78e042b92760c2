"""New terms reach the affiliate: a letter, a question before everything else, an answer by the keyboard."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from affiliates.models import Program
from commissions import actions
from commissions.models import Acceptance
from core.models import Event
from tests.browser.conftest import MakePerson, mailed
from tests.makers import percent_plan
from tests.story.processes import House, wait_for

pytestmark = pytest.mark.browser
STEPS = [{"from": "0", "rate": "10"}, {"from": "1000.00", "rate": "15"}]
REWARD = {"type": "brackets", "metric": "base", "period": "month", "mode": "marginal", "steps": STEPS}
BRACKETS = {"schema": 2, "rules": [{"id": "all", "name": "Every sale", "reward": REWARD}]}


def test_new_terms_are_told_asked_and_agreed_to(shop: House, make_person: MakePerson) -> None:
    with shop.opened():
        plan = Program.objects.get().plans.get()
        Program.objects.update(asks_acceptance=True)
        actions.publish(plan, percent_plan("12"), effective_at=timezone.now() + timedelta(days=9))
    assert mailed(shop, r"Subject: Your terms in Partner program change")

    ann = make_person(shop, 390)
    page = ann.sign_in("ann@partner.example")
    page.wait_for_url("**/terms/acceptance/**")
    expect(page.get_by_text("pays 12 %").first).to_be_visible()
    page.get_by_role("button", name="I agree").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/overview/")

    with shop.opened():
        accepted = Acceptance.objects.get()
        assert (accepted.enrollment.code, accepted.version.number) == ("ann-archer", 2)


def test_way_to_the_next_bracket_is_drawn(shop: House, make_person: MakePerson) -> None:
    with shop.opened():
        actions.publish(Program.objects.get().plans.get(), BRACKETS)
        wait_for(lambda: Event.objects.filter(kind="terms.announced").exists(), "the terms are announced")
    ann = make_person(shop)
    ann.sign_in("ann@partner.example")

    page = ann.open("/terms/")

    bar = page.get_by_role("progressbar", name="Every sale: 0.00 EUR of 1000.00 EUR")
    expect(bar).to_be_visible()
    box = bar.bounding_box()
    assert box is not None
    assert (box["width"] > 300, box["height"]) == (True, 8)

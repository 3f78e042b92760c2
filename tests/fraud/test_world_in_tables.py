"""A made-up world in the real tables: screening finds there what is found by looking at the world itself."""

from collections import Counter
from datetime import timedelta

import pytest

from commissions.models import Commission
from commissions.states import Screening
from fraud.actions import marks, screening
from fraud.models import Case, Hold, Signal
from fraud.states import Action
from tests import makers
from tests.fraud.world import LOOKALIKES, SCHEMES, world
from tests.fraud.world.events import FIRST_DAY
from tests.fraud.world.screening import screened
from tests.fraud.world.stored import store

PARTNERS, DAYS = 12, 60

pytestmark = pytest.mark.django_db


def test_screening_finds_in_the_tables_what_happened() -> None:
    made = world(7, partners=PARTNERS, days=DAYS, schemes=tuple(SCHEMES), similar=tuple(LOOKALIKES))
    program = makers.make_program(is_screened=True)
    stored = store(made, program)
    end = FIRST_DAY + timedelta(days=DAYS, hours=1)

    by_time = [stored.conversions[sale.conversion] for sale in made.sales]
    for part in screening.parts(by_time):
        marks.keep_marks(program, part)
    screening.screen_program(program, at=end)  # first: who has a case stands in nobody's baseline afterwards
    for part in screening.parts(by_time):
        screening.screen_conversions(program, [row.pk for row in part], at=end)

    wanted = Counter((one.check.name, one.enrollment, one.conversion) for one in screened(made))
    people = stored.enrollments_by_key()
    sales = stored.conversions_by_key()
    got = Counter(
        (row.check_name, people[row.enrollment_id], sales[row.conversion_id] if row.conversion_id else 0)
        for row in Signal.objects.standing().filter(program=program)
    )
    assert [sorted(wanted - got), sorted(got - wanted)] == [[], []]
    assert not Commission.objects.filter(program=program, screening=Screening.WAITING).exists()
    held = set(Hold.objects.values_list("case__enrollment", flat=True))
    assert held == set(Case.objects.values_list("enrollment", flat=True))
    assert not Signal.objects.exclude(action=Action.NOTE).filter(case=None).exists()

"""What no form of ours sends: it is refused in words and never ends in a broken page."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from core.models import User

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]


@pytest.mark.parametrize("query", ["name=%00", "q=%00", "at__year=99999", "state=%00", "kind__exact=%00"])
@pytest.mark.parametrize("page", ["portal/event", "affiliates/enrollment", "commissions/commission"])
def test_senseless_question_leads_to_a_list(
    enter: Enter, busy: SimpleNamespace, olga: User, page: str, query: str
) -> None:
    answer = enter(olga).get(f"/admin/{page.replace('portal/event', 'core/event')}/?{query}", follow=True)

    assert answer.status_code == 200


@pytest.mark.parametrize("chosen", ["\0", "abc", "9" * 30])
def test_chosen_row_that_cannot_be_changes_nothing(
    enter: Enter, busy: SimpleNamespace, mia: User, chosen: str
) -> None:
    fields = {"action": "approve", "_selected_action": chosen, "confirm": "1"}

    answer = enter(mia).post("/admin/affiliates/enrollment/", fields, follow=True)

    busy.enrollment.refresh_from_db()
    assert (answer.status_code, busy.enrollment.state) == (200, "applied")


@pytest.mark.parametrize(
    ("model", "field", "term", "code"),
    [
        ("affiliates.enrollment", "affiliate", "a", 404),
        ("fraud.exemption", "program", "a", 404),
        ("fraud.exemption", "enrollment", "\0", 404),
        ("fraud.exemption", "enrollment", "a", 200),
    ],
)
def test_only_fields_that_ask_for_it_complete(
    enter: Enter, busy: SimpleNamespace, olga: User, model: str, field: str, term: str, code: int
) -> None:
    app, _dot, name = model.partition(".")
    where = {"app_label": app, "model_name": name, "field_name": field, "term": term}

    assert enter(olga).get("/admin/autocomplete/", where).status_code == code

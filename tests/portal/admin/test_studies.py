"""The managers' pages of model comparisons: asking, waiting, reading, taking home, switching."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import Enrollment, Program
from core import jobs
from core.models import User
from tests.house.markup import inline
from tests.makers import NOON
from tracking import actions
from tracking.models import Study
from tracking.states import StudyState
from tracking.study_form import StudyForm

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
DAY = timedelta(days=1)
START = "/admin/tracking/study/start/"
LIST = "/admin/tracking/study/"


def credit(orders: float, value: float, **more: float) -> dict[str, float]:
    return {"conversions": orders, "value": value, **more}


def result_of(ann: Enrollment, bob: Enrollment, **fields: Any) -> dict[str, Any]:
    """What a run keeps: all 400 orders to bob by the last click, 100 of them to ann by other models."""
    one, two = str(ann.pk), str(bob.pk)
    split = {one: credit(100, 250_000), two: credit(300, 750_000)}
    sure = {
        one: credit(100, 250_000, low=80, high=123.4, value_low=200_000, value_high=301_000),
        two: credit(300, 750_000, low=277, high=320, value_low=690_000, value_high=800_000),
    }
    rules = dict.fromkeys(("first_click", "linear", "time_decay", "position"), split)
    return {
        "v": 1,
        "journeys": 5_000,
        "conversions": 400,
        "nulls": 4_600,
        "touches": 12_500,
        "value": 1_000_000,
        "players": 3,
        "known": 2,
        "enough": True,
        "missing": "",
        "currency": "EUR",
        "foreign": 1,
        "in_force": "last_click",
        "fallback": "last_click",
        "window_hours": 720,
        "view_hours": 0,
        "models": {"last_click": {two: credit(400, 1_000_000)}, **rules, "markov": sure, "shapley": sure},
        "weights": {},
    } | fields


def done(ann: Enrollment, bob: Enrollment, **fields: Any) -> Study:
    study: Study = Study.objects.create(
        program=ann.program,
        begins_at=NOON - 30 * DAY,
        ends_at=NOON,
        state=StudyState.DONE,
        finished_at=NOON,
        result=result_of(ann, bob, **fields),
    )
    return study


def asked(program: Program) -> Study:
    return actions.ask_study(program, NOON - 30 * DAY, NOON, at=NOON)


def page(study: Study) -> str:
    return reverse("admin:tracking_study_change", args=[study.pk])


def part(study: Study) -> str:
    return reverse("admin:tracking_study_progress", args=[study.pk])


def file(study: Study) -> str:
    return reverse("admin:tracking_study_file", args=[study.pk])


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_question_leads_to_a_page_that_waits(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)

    sent = client.post(START, {"program": program.pk, "period": "90"})

    study = Study.objects.get()
    assert sent.headers["Location"] == page(study)
    assert (study.program, study.asked_by, study.is_routine) == (program, mia, False)
    assert timedelta(days=89) < study.ends_at - study.begins_at <= timedelta(days=90)
    shown = client.get(page(study)).content.decode()
    assert f'hx-get="{part(study)}" hx-trigger="every 2s"' in shown
    assert f'<a href="{page(study)}">Look again</a>' in shown
    assert inline(shown) == []


def test_only_program_is_chosen_without_asking(program: Program, mia: User, enter: Enter) -> None:
    shown = enter(mia).get(START)

    assert f'<option value="{program.pk}" selected>' in shown.content.decode()
    assert inline(shown.content.decode()) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"period": "own"}, "first"),
        ({"period": "own", "first": "2026-01-01"}, "until"),
        ({"period": "own", "first": "2026-02-01", "until": "2026-01-31"}, "until"),
        ({"period": "own", "first": "2026-01-01", "until": "2999-01-01"}, "until"),
        ({"period": "own", "first": "nonsense", "until": "2026-01-31"}, "first"),
        ({"period": "century"}, "period"),
        ({"period": "30", "program": "x"}, "program"),
        ({"period": "30", "program": "9" * 30}, "program"),
        ({"period": "own", "first": "1990-01-01", "until": "2026-01-31"}, "__all__"),
    ],
)
def test_question_that_makes_no_sense_is_refused_in_its_place(
    program: Program, mia: User, enter: Enter, given: dict[str, str], field: str
) -> None:
    sent = enter(mia).post(START, {"program": program.pk} | given)

    assert (sent.status_code, list(sent.context["form"].errors)) == (200, [field])
    assert not Study.objects.exists()


def test_periods_are_whole_days_of_the_programs_clock(program: Program) -> None:
    program.time_zone = "America/New_York"
    program.save()
    data = {"program": program.pk, "period": "own", "first": "2026-03-01", "until": "2026-03-31"}

    own = StudyForm(Program.objects.all(), data)
    last = StudyForm(Program.objects.all(), data | {"period": "30"}, at=NOON)
    today = StudyForm(Program.objects.all(), data | {"until": "2026-11-02"}, at=NOON)

    assert (own.is_valid(), last.is_valid(), today.is_valid()) == (True, True, True)
    assert own.between == (datetime(2026, 3, 1, 5, tzinfo=UTC), datetime(2026, 4, 1, 4, tzinfo=UTC))
    assert last.between == (datetime(2026, 10, 3, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC))
    assert today.between[1] == NOON


def test_answer_says_what_would_move(ann: Enrollment, bob: Enrollment, mia: User, enter: Enter) -> None:
    shown = enter(mia).get(page(done(ann, bob)))

    text = words(shown)
    for expected in (
        "By “data driven (Markov)”, 25.0 % of revenue would be credited to others than by “last click”.",
        "400 €10,000.00 in all",
        "5,000 8.0 % led to an order",
        "2.5",
        "2 in at least 30 journeys",
        "Ann Archer +€2,500.00",
        "Bob Baker −€2,500.00",
        "€2,000.00 – €3,010.00",
        "1 order in another currency counts without its value.",
        "1 affiliate is in fewer than 30 journeys; Markov leaves its orders to the rule.",
    ):
        assert expected in text
    assert inline(shown.content.decode()) == []


def test_model_measure_and_order_are_chosen(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    client, study = enter(mia), done(ann, bob)

    def shown(query: str) -> tuple[str, str, list[str]]:
        context = client.get(page(study) + query).context
        return context["found"].chosen, context["found"].measure, [row.name for row in context["table"]]

    assert shown("") == ("markov", "value", ["Ann Archer", "Bob Baker"])
    assert shown("?m=linear&v=orders&o=loss") == ("linear", "orders", ["Bob Baker", "Ann Archer"])
    assert shown("?o=now") == ("markov", "value", ["Bob Baker", "Ann Archer"])
    assert shown("?o=name")[2] == ["Ann Archer", "Bob Baker"]
    assert shown("?m=last_click&v=x&o=y&p=z") == ("markov", "value", ["Ann Archer", "Bob Baker"])


def test_orders_are_shown_with_one_decimal(ann: Enrollment, bob: Enrollment, mia: User, enter: Enter) -> None:
    text = words(enter(mia).get(page(done(ann, bob)) + "?v=orders"))

    assert "Ann Archer +100.0" in text
    assert "80.0 – 123.4" in text
    assert "25.0 % of orders would be credited to others" in text


def test_too_little_to_go_by_is_said(ann: Enrollment, bob: Enrollment, mia: User, enter: Enter) -> None:
    study = done(ann, bob, enough=False, missing="There is not enough to go by yet: it is too quiet.")

    shown = enter(mia).get(page(study))

    assert "There is not enough to go by yet: it is too quiet." in words(shown)
    assert shown.context["found"].chosen == "linear"
    markov = enter(mia).get(page(study) + "?m=markov")
    assert markov.context["switch_at"] == ""


def test_rule_stands_in_for_a_model_without_enough(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    study = done(ann, bob, in_force="markov", fallback="first_click", enough=False, missing="Too little.")

    found = enter(mia).get(page(study)).context["found"]

    assert (found.base, found.chosen) == ("first_click", "linear")


def test_switching_is_new_terms_with_the_model_chosen(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    client, study = enter(mia), done(ann, bob)

    link = client.get(page(study) + "?m=linear").context["switch_at"]

    assert link == f"/admin/affiliates/attributionterms/add/?program={ann.program.pk}&model=linear"
    assert client.get(link).status_code == 200


def test_empty_answer_says_so(program: Program, mia: User, enter: Enter) -> None:
    study = asked(program)
    jobs.drain()

    text = words(enter(mia).get(page(study)))

    assert "No order of this period has a journey yet." in text
    assert "Journeys are kept from now on, as orders with clicks come in." in text


def test_part_asks_for_the_page_anew_once_it_is_over(program: Program, mia: User, enter: Enter) -> None:
    client, study = enter(mia), asked(program)

    waiting = client.get(part(study))
    jobs.drain()
    over = client.get(part(study))

    assert ("hx-get" in waiting.content.decode(), waiting.headers.get("HX-Refresh")) == (True, None)
    assert ("hx-get" in over.content.decode(), over.headers["HX-Refresh"]) == (False, "true")


def test_failed_run_says_why_and_what_to_do(program: Program, mia: User, enter: Enter) -> None:
    study = asked(program)
    Study.objects.update(state=StudyState.FAILED, error="It could not be worked out.")

    shown = enter(mia).get(page(study))

    assert "It could not be worked out." in words(shown)
    assert f"{START}?program={program.pk}" in shown.content.decode()
    assert "hx-get" not in shown.content.decode()


def test_file_has_a_line_for_everybody_and_runs_nothing(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    bob.affiliate.name = '=HYPERLINK("http://evil.example")'
    bob.affiliate.save()

    response = enter(mia).get(file(done(ann, bob)))

    assert response.streaming
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")  # spreadsheets know UTF-8 by it
    head, *rows = csv.reader(content.decode("utf-8-sig").splitlines())
    assert [len(row) for row in rows] == [len(head)] * 2
    found = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert set(found) == {"Ann Archer", '\'=HYPERLINK("http://evil.example")'}
    assert found["Ann Archer"]["linear: value"] == "2500.00"
    assert found["Ann Archer"]["data driven (Markov): orders at most"] == "123.4000"


def test_there_is_no_file_before_the_answer(program: Program, mia: User, enter: Enter) -> None:
    assert enter(mia).get(file(asked(program))).status_code == 404


def test_stranger_finds_nothing_and_asks_nothing(
    ann: Enrollment, bob: Enrollment, other: Program, eve: User, enter: Enter
) -> None:
    client, study = enter(eve), done(ann, bob)

    assert [client.get(address(study)).status_code for address in (part, file)] == [404, 404]
    assert client.get(page(study)).status_code == 302
    sent = client.post(START, {"program": ann.program.pk, "period": "30"})
    assert list(sent.context["form"].errors) == ["program"]
    assert [row.pk for row in client.get(START).context["form"].fields["program"].queryset] == [other.pk]
    assert Study.objects.count() == 1
    assert client.get(LIST).context["cl"].result_count == 0


@pytest.mark.parametrize("person", ["ada", "fin", "rita"])
def test_who_only_reads_sees_the_answer_and_asks_nothing(
    ann: Enrollment, bob: Enrollment, enter: Enter, person: str, request: pytest.FixtureRequest
) -> None:
    client, study = enter(request.getfixturevalue(person)), done(ann, bob)

    shown = client.get(page(study))

    assert (shown.status_code, START in shown.content.decode()) == (200, False)
    assert "attributionterms/add" not in shown.content.decode()
    data = {"program": ann.program.pk, "period": "30"}
    assert (client.get(START).status_code, client.post(START, data).status_code) == (403, 403)
    assert client.get(file(study)).status_code == 200
    assert Study.objects.count() == 1


def test_adding_one_is_asking(program: Program, mia: User, ada: User, enter: Enter) -> None:
    add, data = reverse("admin:tracking_study_add"), {"program": program.pk, "period": "30"}

    assert enter(ada).post(add, data).status_code == 403
    assert enter(mia).post(add, data).headers["Location"] == page(Study.objects.get())


def test_list_reads_only_sums_with_few_questions(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    for _study in range(3):
        done(ann, bob)
    asked(ann.program)
    client = enter(mia)
    client.get("/admin/")

    with django_assert_max_num_queries(40) as seen:
        shown = client.get(LIST)

    assert words(shown).count("400 yes") == 3
    whole = '"tracking_study"."result", "tracking_study"."error"'
    assert not any(whole in each["sql"] for each in seen.captured_queries)

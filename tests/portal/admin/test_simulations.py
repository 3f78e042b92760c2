"""The managers' pages of the simulator: asking, waiting, reading the answer, taking it home."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from affiliates.models import Enrollment, Program
from commissions import actions
from commissions.admin.simulation_form import SimulationForm
from commissions.models import Plan, Simulation
from commissions.states import SimulationState
from core import jobs
from core.models import User
from tests import makers
from tests.house.markup import inline
from tests.makers import NOON, make_commission, make_plan, percent_plan

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
DAY = timedelta(days=1)
START = "/admin/commissions/simulation/start/"
BRACKETS: dict[str, Any] = {
    "schema": 2,
    "rules": [
        {
            "id": "v",
            "name": "Volume",
            "reward": {
                "type": "brackets",
                "metric": "base",
                "period": "month",
                "mode": "retroactive",
                "steps": [{"from": "0", "rate": "8"}, {"from": "1000.00", "rate": "15"}],
            },
        }
    ],
    "levels": [{"level": 2, "rate": "5", "basis": "base"}],
    "caps": [{"of": "conversion", "amount": "90.00"}],
}


@pytest.fixture
def plan(program: Program) -> Plan:
    """The plan of Northwind's program."""
    return program.plans.get()  # type: ignore[no-any-return]


def ask(plan: Plan, body: dict[str, Any] | None = None, days: int = 60) -> Simulation:
    return actions.start_simulation(
        plan, body or percent_plan("20"), NOON - days * DAY, NOON + 29 * DAY, at=NOON + 40 * DAY
    )


def answer(plan: Plan, body: dict[str, Any] | None = None, days: int = 60) -> Simulation:
    simulation = ask(plan, body, days)
    actions.run_simulation(simulation)
    return simulation


def page(simulation: Simulation) -> str:
    return reverse("admin:commissions_simulation_change", args=[simulation.pk])


def part(simulation: Simulation) -> str:
    return reverse("admin:commissions_simulation_progress", args=[simulation.pk])


def file(simulation: Simulation) -> str:
    return reverse("admin:commissions_simulation_file", args=[simulation.pk])


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_question_leads_to_a_page_that_waits(plan: Plan, mia: User, enter: Enter) -> None:
    client = enter(mia)

    sent = client.post(START, {"plan": plan.pk, "what": "1", "period": "month"})

    simulation = Simulation.objects.get()
    assert sent.headers["Location"] == page(simulation)
    assert (simulation.plan, simulation.body, simulation.created_by) == (plan, makers.TWO_LEVELS, mia)
    shown = client.get(page(simulation)).content.decode()
    assert f'hx-get="{part(simulation)}" hx-trigger="every 2s"' in shown
    assert f'<a href="{page(simulation)}">Look again</a>' in shown
    assert inline(shown) == []


def test_adding_one_is_asking(plan: Plan, mia: User, ada: User, enter: Enter) -> None:
    add = reverse("admin:commissions_simulation_add")

    assert enter(ada).post(add, {"plan": plan.pk, "what": "1", "period": "month"}).status_code == 403
    sent = enter(mia).post(add, {"plan": plan.pk, "what": "1", "period": "month"})

    assert sent.headers["Location"] == page(Simulation.objects.get())


def test_only_plan_is_chosen_without_asking(plan: Plan, mia: User, enter: Enter) -> None:
    client = enter(mia)

    assert client.get(START).context["form"].plan == plan
    make_plan(plan.program, "Gold")
    assert client.get(START).context["form"] is None
    assert client.get(f"{START}?plan={plan.pk}").context["form"].plan == plan


@pytest.mark.parametrize("number", ["0", "x", "9" * 30, "-1", "²"])
def test_plan_that_is_not_there_is_not_found(plan: Plan, mia: User, enter: Enter, number: str) -> None:
    assert enter(mia).get(START, {"plan": number}).status_code == 404


def test_draft_stands_before_the_versions_and_is_tried(plan: Plan, mia: User, enter: Enter) -> None:
    actions.open_draft(plan, percent_plan("33"), actor=mia)
    client = enter(mia)

    offered = client.get(START).context["form"].fields["what"].choices
    client.post(START, {"plan": plan.pk, "what": "draft", "period": "quarter"})

    assert [key for key, _title in offered] == ["draft", "1"]
    assert Simulation.objects.get().body["rules"][0]["reward"]["rate"] == "33"


def test_draft_that_is_not_finished_says_where(plan: Plan, mia: User, enter: Enter) -> None:
    actions.open_draft(plan, {"schema": 2, "rules": []}, actor=mia)

    sent = enter(mia).post(START, {"plan": plan.pk, "what": "draft", "period": "month"})

    assert "$.rules: must be a list of 1 to 500 items" in words(sent)
    assert not Simulation.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"period": "own"}, "first"),
        ({"period": "own", "first": "2026-01-01"}, "until"),
        ({"period": "own", "first": "2026-02-01", "until": "2026-01-31"}, "until"),
        ({"period": "own", "first": "2026-01-01", "until": "2999-01-01"}, "until"),
        ({"period": "own", "first": "nonsense", "until": "2026-01-31"}, "first"),
        ({"period": "century"}, "period"),
        ({"period": "month", "what": "7"}, "what"),
        ({"period": "own", "first": "1990-01-01", "until": "2026-01-31"}, "__all__"),
    ],
)
def test_question_that_makes_no_sense_is_refused_in_its_place(
    plan: Plan, mia: User, enter: Enter, given: dict[str, str], field: str
) -> None:
    sent = enter(mia).post(START, {"plan": plan.pk, "what": "1"} | given)

    assert (sent.status_code, list(sent.context["form"].errors)) == (200, [field])
    assert not Simulation.objects.exists()


def test_own_dates_are_whole_days_of_the_programs_clock(plan: Plan) -> None:
    plan.program.time_zone = "America/New_York"
    form = SimulationForm(plan, {"what": "1", "period": "own", "first": "2026-03-01", "until": "2026-03-31"})

    assert form.is_valid(), form.errors
    assert form.between == (datetime(2026, 3, 1, 5, tzinfo=UTC), datetime(2026, 4, 1, 4, tzinfo=UTC))


def test_today_is_counted_up_to_now(plan: Plan) -> None:
    data = {"what": "1", "period": "own", "first": "2026-11-01", "until": "2026-11-02"}
    form = SimulationForm(plan, data, at=NOON)

    assert form.is_valid(), form.errors
    assert form.between[1] == NOON


def test_answer_says_cost_difference_and_share(plan: Plan, ann: Enrollment, mia: User, enter: Enter) -> None:
    make_commission(ann, 100000)

    shown = enter(mia).get(page(answer(plan)))

    assert (
        "This plan would have cost €200.00, €50.00 more than was earned (+33.3 %), 20.0 % of revenue."
        in words(shown)
    )
    assert inline(shown.content.decode()) == []


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        ("15", "This plan would have cost €150.00, exactly what was earned."),
        ("5", "This plan would have cost €50.00, €100.00 less than was earned (−66.7 %), 5.0 % of revenue."),
    ],
)
def test_headline_fits_the_answer(
    plan: Plan, ann: Enrollment, mia: User, enter: Enter, rate: str, sentence: str
) -> None:
    make_commission(ann, 100000)

    assert sentence in words(enter(mia).get(page(answer(plan, percent_plan(rate)))))


def test_answer_without_any_sale_says_so(plan: Plan, mia: User, enter: Enter) -> None:
    shown = enter(mia).get(page(answer(plan)))

    assert "This plan would have cost nothing, and nothing was earned." in words(shown)
    assert "Nobody was credited with anything in this period." in words(shown)


def test_answer_shows_everything_that_was_found(
    plan: Plan, ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    for net in (80000, 70000):
        make_commission(ann, net)
    make_commission(bob, 20000)
    makers.commissions.take_orders(plan.program, [makers.make_order(currency="USD", ref=ann.code)], at=NOON)

    text = words(enter(mia).get(page(answer(plan, BRACKETS))))

    for expected in (
        "true-ups",
        "Ann Archer",
        "Sponsors of level 2",
        "15 % from €1,000.00",
        "8 % 15 % €1,500.00",
        "The limit per conversion cut 1 conversion, by",
        "1 conversion could not be valued: no exchange rate from USD to EUR is stored.",
        "The ceiling over all levels cut nothing.",
    ):
        assert expected in text


def test_table_is_sorted_as_asked_and_paged(
    plan: Plan, ann: Enrollment, bob: Enrollment, mia: User, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commissions.admin.simulation_page.PAGE", 2)
    make_commission(ann, 10000)
    make_commission(bob, 90000)
    client, simulation = enter(mia), answer(plan, percent_plan("20"))

    def names(query: str) -> list[str]:
        return [row["name"] for row in client.get(page(simulation) + query).context["table"]]

    assert names("") == names("?o=gain") == names("?p=1") == ["Bob Baker", "Ann Archer"]
    assert names("?p=2") == names("?p=99") == ["Sue Sponsor"]
    assert names("?o=loss") == ["Sue Sponsor", "Ann Archer"]
    assert names("?o=name") == ["Ann Archer", "Bob Baker"]
    assert names("?o=revenue") == ["Bob Baker", "Ann Archer"]
    assert names("?o=nonsense&p=nonsense") == ["Bob Baker", "Ann Archer"]


def test_part_asks_for_the_page_anew_once_it_is_over(plan: Plan, mia: User, enter: Enter) -> None:
    client, simulation = enter(mia), ask(plan)
    Simulation.objects.update(state=SimulationState.RUNNING, done=30, total=120)

    running = client.get(part(simulation))
    jobs.drain()
    over = client.get(part(simulation))

    assert ("25 % worked out" in words(running), running.headers.get("HX-Refresh")) == (True, None)
    assert over.headers["HX-Refresh"] == "true"
    assert "hx-get" not in over.content.decode()


def test_failed_run_says_why(plan: Plan, mia: User, enter: Enter) -> None:
    simulation = ask(plan)
    Simulation.objects.update(state=SimulationState.FAILED, error="It could not be worked out.")

    shown = enter(mia).get(page(simulation))

    assert "It could not be worked out." in words(shown)
    assert "hx-get" not in shown.content.decode()


def test_button_cancels(plan: Plan, mia: User, enter: Enter) -> None:
    client, simulation = enter(mia), ask(plan)
    verb = reverse("admin:commissions_simulation_verb", args=[simulation.pk, "cancel"])

    assert verb in client.get(page(simulation)).content.decode()
    client.post(verb)

    simulation.refresh_from_db()
    assert simulation.state == SimulationState.CANCELLED
    assert verb not in client.get(page(simulation)).content.decode()


def test_file_has_a_line_for_everybody_and_runs_nothing(
    plan: Plan, ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    bob.affiliate.name = '=HYPERLINK("http://evil.example")'
    bob.affiliate.save()
    make_commission(ann, 80000)
    make_commission(bob, 20000)

    response = enter(mia).get(file(answer(plan, percent_plan("5"))))

    assert response.streaming
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")  # spreadsheets know UTF-8 by it
    head, *rows = csv.reader(content.decode("utf-8-sig").splitlines())
    assert [len(row) for row in rows] == [len(head)] * 3
    assert {row[0] for row in rows} == {'\'=HYPERLINK("http://evil.example")', "Ann Archer", "Sue Sponsor"}
    assert {row[0]: (row[4], row[9]) for row in rows}["Ann Archer"] == ("800.00", "-40.00")


def test_there_is_no_file_before_the_answer(plan: Plan, mia: User, enter: Enter) -> None:
    assert enter(mia).get(file(ask(plan))).status_code == 404


def test_stranger_finds_nothing_and_asks_nothing(
    plan: Plan, ann: Enrollment, other: Program, eve: User, enter: Enter
) -> None:
    make_commission(ann, 10000)
    client, simulation = enter(eve), answer(plan)

    assert [client.get(address(simulation)).status_code for address in (part, file)] == [404, 404]
    assert client.get(page(simulation)).status_code == 302
    assert client.get(START, {"plan": plan.pk}).status_code == 404
    assert client.post(START, {"plan": plan.pk, "what": "1", "period": "month"}).status_code == 404
    assert Simulation.objects.count() == 1
    assert plan.name not in [str(row) for row in client.get(START).context["plans"] if row.pk == plan.pk]
    assert client.get("/admin/commissions/simulation/").context["cl"].result_count == 0


@pytest.mark.parametrize("person", ["ada", "fin", "rita"])
def test_who_only_reads_sees_the_answer_and_asks_nothing(
    plan: Plan, enter: Enter, person: str, request: pytest.FixtureRequest
) -> None:
    client, simulation = enter(request.getfixturevalue(person)), answer(plan)

    shown = client.get(page(simulation))

    assert (shown.status_code, START in shown.content.decode()) == (200, False)
    assert (client.get(START).status_code, client.post(START, {"plan": plan.pk}).status_code) == (403, 403)
    assert client.get(file(simulation)).status_code == 200


def test_list_shows_cost_and_difference_with_few_questions(
    plan: Plan, ann: Enrollment, mia: User, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    make_commission(ann, 100000)
    for rate in ("20", "30", "5"):
        answer(plan, percent_plan(rate))
    ask(plan)
    client = enter(mia)
    client.get("/admin/")

    with django_assert_max_num_queries(40) as asked:
        shown = client.get("/admin/commissions/simulation/")

    assert [text in words(shown) for text in ("€200.00", "+€50.00", "€300.00", "−€100.00")] == [True] * 4
    whole = '"commissions_simulation"."result", "commissions_simulation"."error"'
    assert not any(whole in each["sql"] for each in asked.captured_queries)


def test_clock_of_the_form_is_the_programs(plan: Plan) -> None:
    plan.program.time_zone = "Pacific/Auckland"
    form = SimulationForm(plan, at=datetime(2026, 10, 31, 20, tzinfo=UTC))

    assert form.today == date(2026, 11, 1)
    assert timezone.is_aware(form.between[0])

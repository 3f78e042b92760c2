"""Studies: what is asked, how a run ends, what is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from affiliates.models import AttributionTerms, Enrollment, Program
from affiliates.roles import NotAllowed
from affiliates.states import IllegalMove
from core import jobs
from core.models import Event, Job, JobState, User
from tests import makers
from tests.makers import NOON
from tests.tracking.shoppers import bought
from tracking import actions, tasks
from tracking.actions import studies
from tracking.models import Study
from tracking.states import StudyState

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEGINS, ENDS, LATE = NOON - 30 * DAY, NOON + DAY, NOON + 2 * DAY


def study_of(program: Program, **fields: Any) -> Study:
    return actions.ask_study(program, BEGINS, ENDS, at=LATE, **fields)


def test_run_writes_every_model(ann: Enrollment, bob: Enrollment) -> None:
    bought((ann, 900), (bob, 60))
    study = study_of(ann.program)

    actions.run_study(study, at=LATE)

    study.refresh_from_db()
    assert (study.state, study.finished_at, study.error) == (StudyState.DONE, LATE, "")
    result = study.result
    assert (result["v"], result["conversions"], result["players"], result["enough"]) == (1, 1, 2, False)
    assert result["models"]["last_click"] == {str(bob.pk): {"conversions": 1.0, "value": 10_000.0}}
    assert result["models"]["linear"][str(ann.pk)] == {"conversions": 0.5, "value": 5_000.0}
    assert set(result["models"]["shapley"][str(ann.pk)]) == {
        *("conversions", "low", "high"),
        *("value", "value_low", "value_high"),
    }
    assert (result["in_force"], result["currency"], result["foreign"]) == ("last_click", "EUR", 0)


def test_too_little_to_go_by_is_said_in_a_sentence(ann: Enrollment) -> None:
    bought((ann, 60))
    study = study_of(ann.program)

    actions.run_study(study)

    study.refresh_from_db()
    assert study.result["missing"] == (
        "There is not enough to go by yet: there is 1 order with a journey, and at least 300 are needed; "
        "0 affiliates are in 30 journeys or more, and at least 2 must be."
    )


def test_enough_is_said_without_a_sentence() -> None:
    assert studies.missing({"conversions": 300, "known": 2}) == ""


def test_finished_study_never_changes(ann: Enrollment) -> None:
    bought((ann, 60))
    study = study_of(ann.program)
    actions.run_study(study, at=LATE)
    bought((ann, 70))

    actions.run_study(study, at=LATE + DAY)

    study.refresh_from_db()
    assert (study.result["conversions"], study.finished_at) == (1, LATE)


def test_asking_starts_the_run(ann: Enrollment, mia: User) -> None:
    bought((ann, 60))

    study = study_of(ann.program, actor=mia)
    jobs.drain()

    study.refresh_from_db()
    assert (study.state, study.asked_by) == (StudyState.DONE, mia)
    told = Event.objects.filter(subject_type="tracking.study", subject_id=str(study.pk)).order_by("pk")
    assert list(told.values_list("kind", flat=True)) == ["study.asked", "study.finished"]
    assert told[1].data == {"conversions": 1, "enough": False}


def test_same_question_is_answered_once(program: Program) -> None:
    assert study_of(program) == study_of(program)
    assert Study.objects.count() == 1


def test_answered_question_may_be_asked_again(program: Program) -> None:
    study = study_of(program)
    actions.run_study(study)

    assert study_of(program) != study


def test_only_three_are_worked_on_at_once(program: Program) -> None:
    for days in (1, 2, 3):
        actions.ask_study(program, BEGINS - days * DAY, ENDS, at=LATE)

    with pytest.raises(IllegalMove, match="Three comparisons"):
        study_of(program)
    assert Study.objects.count() == 3


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        (BEGINS, LATE + DAY, "The future is not known yet"),
        (ENDS, BEGINS, "an end after its beginning"),
        (ENDS, ENDS, "an end after its beginning"),
        (ENDS - 800 * DAY, ENDS, "at most two years"),
    ],
)
def test_period_must_make_sense(program: Program, begins: datetime, ends: datetime, words: str) -> None:
    with pytest.raises(IllegalMove, match=words):
        actions.ask_study(program, begins, ends, at=LATE)
    assert not Study.objects.exists()


def test_only_who_manages_programs_may_ask(program: Program, ada: User, eve: User, other: Program) -> None:
    for person in (ada, eve):
        with pytest.raises(NotAllowed):
            study_of(program, actor=person)
    assert not Study.objects.exists()


def test_every_night_each_program_with_journeys_is_asked_once(
    ann: Enrollment, program: Program, other: Program
) -> None:
    bought((ann, 60))
    night = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)

    first, again = (actions.ask_routine_studies(at=night + hours * HOUR) for hours in (0, 5))

    assert [(study.program, study.is_routine) for study in first] == [(program, True)]
    assert (first[0].begins_at, first[0].ends_at) == (
        night - timedelta(days=90, hours=3.5),
        night - 3.5 * HOUR,
    )
    assert again == first
    actions.run_study(first[0])
    assert actions.ask_routine_studies(at=night + 9 * HOUR) == first
    assert len(actions.ask_routine_studies(at=night + DAY)) == 1
    assert actions.ask_routine_studies(at=night + 120 * DAY) == []


def test_nightly_studies_are_kept_for_a_month(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "KEPT", 2)
    asked = study_of(program)
    nightly = [
        actions.ask_study(program, BEGINS, ENDS - days * HOUR, is_routine=True, at=LATE) for days in range(4)
    ]

    for place, study in enumerate([asked, *nightly]):
        actions.run_study(study, at=LATE + place * HOUR)

    assert list(Study.objects.order_by("pk")) == [asked, *nightly[2:]]


def test_failed_run_says_so_and_is_put_aside(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of(program)
    monkeypatch.setattr(studies, "gather", lambda *_: 1 / 0)

    jobs.drain()

    study.refresh_from_db()
    assert (study.state, study.result) == (StudyState.FAILED, {})
    assert study.error == "It could not be worked out: an error that nobody foresaw."
    assert Job.objects.get(task=studies.TASK).state == JobState.QUARANTINED


def test_database_that_is_away_is_tried_again(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("no connection")

    study = study_of(program)
    monkeypatch.setattr(studies, "gather", away)

    with pytest.raises(jobs.Temporary):
        actions.run_study(study)

    study.refresh_from_db()
    assert study.state == StudyState.ASKED


def test_third_worker_in_a_row_does_not_die_of_it(program: Program) -> None:
    study = study_of(program)
    Job.objects.filter(task=studies.TASK).update(strikes=2)

    jobs.drain()

    study.refresh_from_db()
    assert (study.state, study.error) == (StudyState.FAILED, "The worker stopped twice while it was at it.")


def test_worker_whose_lease_is_lost_writes_nothing(ann: Enrollment, monkeypatch: pytest.MonkeyPatch) -> None:
    bought((ann, 60))
    study = study_of(ann.program)
    monkeypatch.setattr(studies, "BEAT", 0.0)
    steal = studies.Lease.keep

    def keep(lease: studies.Lease) -> bool:
        Job.objects.filter(pk=lease.job).update(lease_token=uuid4())
        return steal(lease)

    monkeypatch.setattr(studies.Lease, "keep", keep)
    event = Event.objects.get(kind="study.asked")
    Job.objects.filter(task=studies.TASK).update(lease_token=uuid4())

    actions.run_study(study, event=event)

    study.refresh_from_db()
    assert (study.state, study.result) == (StudyState.ASKED, {})


def test_run_keeps_its_lease(ann: Enrollment, monkeypatch: pytest.MonkeyPatch) -> None:
    bought((ann, 60))
    study = study_of(ann.program)
    monkeypatch.setattr(studies, "BEAT", 0.0)
    held = Job.objects.filter(task=studies.TASK)
    held.update(lease_token=uuid4(), lease_until=LATE)

    actions.run_study(study, event=held.get().event)

    assert (held.get().lease_until or LATE) > LATE


def test_forgotten_study_is_no_error_for_its_job(program: Program) -> None:
    event = Event(kind="study.asked", subject_type="tracking.study", subject_id="987654321")

    tasks.run_study(event)

    assert not Study.objects.exists()


def test_study_goes_by_the_terms_in_force_at_its_end(program: Program) -> None:
    terms = program.attribution_terms.get()
    later = AttributionTerms.objects.create(program=program, effective_at=ENDS, model="linear")

    assert studies.terms_at(program, ENDS) == terms
    assert studies.terms_at(program, ENDS + HOUR) == later
    assert studies.terms_at(program, makers.FOUNDED - DAY) == terms

"""The next version of a plan while it is written: shared by people, unfinished for a while, then published."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, strategies as st

from affiliates.models import Enrollment, Program
from affiliates.roles import NotAllowed
from commissions import actions as commissions
from commissions.actions.drafts import DraftGone, DraftMoved
from commissions.actions.plans import read_plan
from commissions.models import Assignment, Draft, Plan
from commissions.plan import PlanError, parse_plan
from commissions.plan_shape import misshapen
from commissions.starters import STARTERS, body_of
from commissions.states import IllegalMove
from core.models import Event, User
from tests import makers

pytestmark = pytest.mark.django_db
Body = dict[str, Any]


def cheaper(body: Body) -> Body:
    body["rules"][0]["reward"]["rate"] = "8"
    return body


def named(name: str) -> Any:
    def change(body: Body) -> Body:
        body["rules"][0]["name"] = name
        return body

    return change


@pytest.fixture
def plan(program: Program) -> Plan:
    return program.plans.get()


def test_draft_begins_with_a_copy_of_the_newest_version(plan: Plan, mia: User) -> None:
    draft = commissions.open_draft(plan, actor=mia)

    newest = plan.versions.get()
    assert draft.body == {**newest.body, "schema": 2}
    assert (draft.edits, draft.updated_by) == (0, mia)


def test_draft_is_opened_once(plan: Plan, mia: User, olga: User) -> None:
    first = commissions.open_draft(plan, actor=mia)
    commissions.edit_draft(plan, 0, cheaper, actor=mia)

    again = commissions.open_draft(plan, body_of("flat"), actor=olga)

    assert (again.pk, again.body["rules"][0]["reward"]["rate"]) == (first.pk, "8")


def test_edit_is_counted_and_changes_no_version(plan: Plan, mia: User) -> None:
    commissions.open_draft(plan, actor=mia)

    draft = commissions.edit_draft(plan, 0, cheaper, actor=mia)

    assert (draft.edits, draft.body["rules"][0]["reward"]["rate"]) == (1, "8")
    assert plan.versions.get().body["rules"][0]["reward"]["rate"] == "10"


def test_second_of_two_people_is_told_and_overwrites_nothing(plan: Plan, mia: User, olga: User) -> None:
    commissions.open_draft(plan, actor=mia)
    commissions.edit_draft(plan, 0, named("By Mia"), actor=mia)

    with pytest.raises(DraftMoved) as told:
        commissions.edit_draft(plan, 0, cheaper, actor=olga)

    assert str(told.value) == "Mia Manager changed this draft in the meantime."
    assert told.value.draft.body["rules"][0]["name"] == "By Mia"
    assert Draft.objects.get(plan=plan).body["rules"][0]["reward"]["rate"] == "10"


def test_edit_that_changes_nothing_disturbs_nobody(plan: Plan, mia: User, olga: User) -> None:
    commissions.open_draft(plan, actor=mia)

    commissions.edit_draft(plan, 0, lambda body: body, actor=mia)

    assert commissions.edit_draft(plan, 0, cheaper, actor=olga).edits == 1


def test_unfinished_draft_is_kept(plan: Plan, mia: User) -> None:
    commissions.open_draft(plan, actor=mia)

    draft = commissions.edit_draft(plan, 0, lambda body: {"schema": 2, "rules": [{"id": "a"}]}, actor=mia)

    assert draft.body == {"schema": 2, "rules": [{"id": "a"}]}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], "$"),
        ({"rules": {}}, "$.rules"),
        ({"rules": ["a"]}, "$.rules[0]"),
        ({"rules": [{"when": []}]}, "$.rules[0].when"),
        ({"rules": [{"when": {"skus": "A"}}]}, "$.rules[0].when.skus"),
        ({"rules": [{"when": {"payment": 3}}]}, "$.rules[0].when.payment"),
        ({"rules": [{"reward": {"steps": {}}}]}, "$.rules[0].reward.steps"),
        ({"levels": [{"groups": []}]}, "$.levels[0].groups"),
        ({"exclude": {"skus": [["A"]]}}, "$.exclude.skus"),
        ({"rules": [{"name": "a\0"}]}, "$"),
        ({"rules": [{"name": "\ud800"}]}, "$"),
        ({"rules": [{"priority": float("inf")}]}, "$"),
    ],
)
def test_what_is_not_shaped_like_a_plan_is_refused(plan: Plan, mia: User, body: Any, path: str) -> None:
    draft = commissions.open_draft(plan, actor=mia)

    with pytest.raises(PlanError) as wrong:
        commissions.edit_draft(plan, 0, lambda _: body, actor=mia)

    assert [place for place, _what in wrong.value.errors] == [path]
    assert Draft.objects.get(pk=draft.pk).edits == 0


def test_body_nested_without_end_is_refused_in_words() -> None:
    deep: Any = "x"
    for _layer in range(100_000):
        deep = [deep]

    assert misshapen({"rules": deep}) == [("$", "must not be nested deeper than 20")]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["when", "reward", "steps", "groups", "skus", "where"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["rules", "levels", "split", "bonuses", "caps", "exclude"]), values))
def test_any_json_is_a_draft_or_told_why_not(body: Body) -> None:
    assert all(path.startswith("$") and what for path, what in misshapen(body))


def test_analyst_writes_nothing(plan: Plan, ada: User, mia: User) -> None:
    with pytest.raises(NotAllowed):
        commissions.open_draft(plan, actor=ada)
    commissions.open_draft(plan, actor=mia)
    for verb in (
        lambda: commissions.edit_draft(plan, 0, cheaper, actor=ada),
        lambda: commissions.discard_draft(plan, actor=ada),
        lambda: commissions.publish_draft(plan, actor=ada),
    ):
        with pytest.raises(NotAllowed):
            verb()

    assert (Draft.objects.get(plan=plan).edits, plan.versions.count()) == (0, 1)


def test_owner_of_another_company_writes_nothing(plan: Plan, other: Program, eve: User) -> None:
    with pytest.raises(NotAllowed):
        commissions.open_draft(plan, actor=eve)

    assert Draft.objects.count() == 0


def test_discarded_draft_is_gone(plan: Plan, mia: User) -> None:
    commissions.open_draft(plan, actor=mia)

    commissions.discard_draft(plan, actor=mia)
    commissions.discard_draft(plan, actor=mia)

    assert Draft.objects.count() == 0
    with pytest.raises(DraftGone):
        commissions.edit_draft(plan, 0, cheaper, actor=mia)


def test_published_draft_is_the_next_version(plan: Plan, mia: User) -> None:
    commissions.open_draft(plan, actor=mia)
    commissions.edit_draft(plan, 0, cheaper, actor=mia)

    version = commissions.publish_draft(plan, actor=mia, edits_seen=1)

    told = Event.objects.get(kind="plan.published", subject_id=str(version.pk))
    assert (version.number, version.body["rules"][0]["reward"]["rate"]) == (2, "8")
    assert (told.data["plan"], told.data["number"], told.data["previous"]) == (plan.pk, 2, 1)
    assert Draft.objects.count() == 0


def test_what_was_not_read_is_not_published(plan: Plan, mia: User, olga: User) -> None:
    commissions.open_draft(plan, actor=mia)
    commissions.edit_draft(plan, 0, cheaper, actor=olga)

    with pytest.raises(DraftMoved):
        commissions.publish_draft(plan, actor=mia, edits_seen=0)

    assert plan.versions.count() == 1


def test_unfinished_draft_is_not_published_and_stays(plan: Plan, mia: User) -> None:
    commissions.open_draft(plan, {"rules": []}, actor=mia)

    with pytest.raises(PlanError):
        commissions.publish_draft(plan, actor=mia)

    assert (Draft.objects.count(), plan.versions.count()) == (1, 1)


def test_version_does_not_begin_in_the_past(plan: Plan, mia: User) -> None:
    commissions.open_draft(plan, actor=mia)

    with pytest.raises(IllegalMove):
        commissions.publish_draft(plan, timezone.now() - timedelta(minutes=1), actor=mia)

    assert (Draft.objects.count(), plan.versions.count()) == (1, 1)


def test_plan_that_is_only_a_draft_holds_from_its_first_version_on(merchant: Any, olga: User) -> None:
    program = makers.make_program(merchant, plan={})
    plan = commissions.begin_plan(program, "Standard", body_of("flat"), actor=olga)
    assert (plan.versions.count(), Assignment.objects.filter(program=program).count()) == (0, 0)

    version = commissions.publish_draft(plan, actor=olga)

    assignment = Assignment.objects.get(program=program)
    assert (assignment.plan, assignment.starts_at) == (plan, version.effective_at)
    assert version.effective_at == program.created_at


def test_second_plan_holds_for_nobody_until_it_is_assigned(program: Program, mia: User) -> None:
    plan = commissions.begin_plan(program, "Special", body_of("flat"), actor=mia)

    commissions.publish_draft(plan, actor=mia)

    assert plan.assignments.count() == 0


def test_plan_with_brackets_counts_from_then_on(plan: Plan, mia: User) -> None:
    assert plan.is_counting is False

    commissions.publish(plan, body_of("brackets"), actor=mia)
    commissions.publish(plan, body_of("flat"), actor=mia)

    plan.refresh_from_db()
    assert plan.is_counting is True  # the version with brackets still holds for what occurred under it


def test_part_goes_to_nobody_who_is_not_in_the_program(
    program: Program, ann: Enrollment, stranger: Enrollment
) -> None:
    body = {**body_of("flat"), "split": [{"affiliate": "Ann-Archer", "share": "30"}]}
    assert read_plan(program, body).split[0].affiliate == "ann-archer"

    body["split"].append({"affiliate": stranger.code, "share": "10"})
    with pytest.raises(PlanError) as wrong:
        read_plan(program, body)

    allowed = "must be the referral code of an affiliate of this program"
    assert wrong.value.errors == [("$.split[1].affiliate", allowed)]


def test_group_that_the_program_does_not_have_is_named(program: Program, mia: User) -> None:
    from affiliates import actions as affiliates

    affiliates.create_group(program, "Gold", actor=mia)
    body = body_of("two_level")
    body["rules"][0]["when"] = {"groups": ["Gold", "Silver"]}
    body["levels"][0]["groups"] = {"Gold": "7", "Bronze": "6"}

    with pytest.raises(PlanError) as wrong:
        commissions.publish(program.plans.get(), body, actor=mia)

    assert [path for path, _what in wrong.value.errors] == [
        "$.levels[0].groups.Bronze",
        "$.rules[0].when.groups[1]",
    ]


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@pytest.mark.parametrize("key", STARTERS)
def test_every_starter_is_a_plan_in_every_currency(key: str, currency: str) -> None:
    plan = parse_plan(body_of(key), currency)

    assert [rule.name for rule in plan.rules if not rule.name] == []

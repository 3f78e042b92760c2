"""Lists, exemptions and relations: added by a form, ended by a button, each for owners and managers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment, Program
from core.models import Event, User
from fraud.actions import lists
from fraud.models import Exemption, ListEntry, Relation

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
ENTRY, EXEMPTION, RELATION = (f"/admin/fraud/{name}/" for name in ("listentry", "exemption", "relation"))


def entry(program: Program, **fields: str) -> dict[str, str]:
    return {
        "program": str(program.pk),
        "kind": "network",
        "text": "198.51.100.7/24",
        "is_allowed": "0",
        "note": "",
    } | fields


def test_entry_is_kept_in_one_way(program: Program, mia: User, enter: Enter) -> None:
    enter(mia).post(f"{ENTRY}add/", entry(program, note="their office"))

    row = ListEntry.objects.get()
    assert (row.text, row.is_allowed, row.note, row.created_by) == (
        "198.51.100.0/24",
        False,
        "their office",
        mia,
    )
    assert "198.51.100.0/24" in enter(mia).get(ENTRY).content.decode()


def test_what_is_no_entry_is_told_in_words(program: Program, mia: User, enter: Enter) -> None:
    answer = enter(mia).post(f"{ENTRY}add/", entry(program, text="300.1.1.1"), follow=True)

    assert "Write an address or a range of them" in answer.content.decode()
    assert ListEntry.objects.count() == 0


def test_entry_moves_to_the_other_list(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)
    for side in ("0", "1"):
        client.post(f"{ENTRY}add/", entry(program, text="198.51.100.0/24", is_allowed=side))

    assert ListEntry.objects.get().is_allowed is True


def test_entry_is_taken_off_and_leads_back_to_the_list(program: Program, mia: User, enter: Enter) -> None:
    row = lists.add_entry(program, "country", "DE", actor=mia)

    answer = enter(mia).post(f"{ENTRY}{row.pk}/do/remove/", {"confirm": "1"})

    assert answer["Location"] == ENTRY
    assert ListEntry.objects.count() == 0
    assert Event.objects.filter(kind="fraudlist.changed").count() == 2


def test_many_are_taken_off_at_once(program: Program, mia: User, enter: Enter) -> None:
    rows = [lists.add_entry(program, "country", code, actor=mia) for code in ("DE", "FR", "IT")]
    chosen = {"action": "remove", "_selected_action": [rows[0].pk, rows[2].pk], "confirm": "1"}

    enter(mia).post(ENTRY, chosen)

    assert list(ListEntry.objects.values_list("text", flat=True)) == ["FR"]


def test_exemption_ends_with_its_day(ann: Enrollment, mia: User, enter: Enter) -> None:
    day = timezone.localdate() + timedelta(days=30)
    sent = {
        "enrollment": str(ann.pk),
        "check_name": "order_burst",
        "expires_at": day.isoformat(),
        "reason": "television",
    }

    enter(mia).post(f"{EXEMPTION}add/", sent)

    row = Exemption.objects.get()
    assert (row.enrollment, row.check_name, row.reason) == (ann, "order_burst", "television")
    assert timezone.localtime(row.expires_at).date() == day + timedelta(days=1)
    assert (timezone.localtime(row.expires_at).hour, row.program) == (0, ann.program)


@pytest.mark.parametrize("days", [-1, 367])
def test_exemption_that_ends_too_soon_or_too_late_is_refused(
    ann: Enrollment, mia: User, enter: Enter, days: int
) -> None:
    day = timezone.localdate() + timedelta(days=days)
    sent = {
        "enrollment": str(ann.pk),
        "check_name": "",
        "expires_at": day.isoformat(),
        "reason": "television",
    }

    answer = enter(mia).post(f"{EXEMPTION}add/", sent, follow=True)

    assert "within a year" in answer.content.decode()
    assert Exemption.objects.count() == 0


def test_exemption_is_ended_early_once(ann: Enrollment, mia: User, enter: Enter) -> None:
    row = lists.grant(ann, until=timezone.now() + timedelta(days=30), reason="known", actor=mia)
    client = enter(mia)
    assert "in force" in client.get(EXEMPTION).content.decode()

    client.post(f"{EXEMPTION}{row.pk}/do/end/", {"confirm": "1"})

    row.refresh_from_db()
    assert row.expires_at <= timezone.now()
    assert "End it now" not in client.get(f"{EXEMPTION}{row.pk}/change/").content.decode()


def test_relation_is_declared_and_ended(ann: Enrollment, bob: Enrollment, mia: User, enter: Enter) -> None:
    client = enter(mia)
    client.post(f"{RELATION}add/", {"one": str(bob.pk), "other": str(ann.pk), "reason": "agency"})
    row = Relation.objects.get()
    assert {row.one, row.other} == {ann, bob}
    assert "Ann Archer" in client.get(RELATION).content.decode()

    answer = client.post(f"{RELATION}{row.pk}/do/end/", {"confirm": "1"})

    assert answer["Location"] == RELATION
    assert Relation.objects.count() == 0


def test_relation_of_one_with_itself_is_refused(ann: Enrollment, mia: User, enter: Enter) -> None:
    answer = enter(mia).post(
        f"{RELATION}add/", {"one": str(ann.pk), "other": str(ann.pk), "reason": "x"}, follow=True
    )

    assert "two affiliates of one program" in answer.content.decode()
    assert Relation.objects.count() == 0


def test_case_leads_to_a_form_with_the_affiliate_chosen(ann: Enrollment, mia: User, enter: Enter) -> None:
    page = enter(mia).get(f"{EXEMPTION}add/", {"enrollment": ann.pk}).content.decode()

    assert f'<option value="{ann.pk}" selected>' in page


@pytest.mark.parametrize("who", ["rita", "ada", "fin"])
def test_others_only_look(
    program: Program,
    ann: Enrollment,
    bob: Enrollment,
    mia: User,
    enter: Enter,
    who: str,
    request: pytest.FixtureRequest,
) -> None:
    row = lists.add_entry(program, "country", "DE", actor=mia)
    client = enter(request.getfixturevalue(who))
    day = (timezone.localdate() + timedelta(days=3)).isoformat()

    codes = [
        client.get(ENTRY).status_code,
        client.post(f"{ENTRY}add/", entry(program)).status_code,
        client.post(f"{ENTRY}{row.pk}/do/remove/", {"confirm": "1"}).status_code,
        client.post(f"{EXEMPTION}add/", {"enrollment": ann.pk, "expires_at": day, "reason": "x"}).status_code,
        client.post(f"{RELATION}add/", {"one": ann.pk, "other": bob.pk, "reason": "x"}).status_code,
    ]

    assert codes == [200, 403, 403, 403, 403]
    assert (ListEntry.objects.count(), Exemption.objects.count(), Relation.objects.count()) == (1, 0, 0)


def test_affiliates_of_others_are_neither_offered_nor_taken(
    ann: Enrollment, stranger: Enrollment, mia: User, enter: Enter
) -> None:
    client = enter(mia)
    day = (timezone.localdate() + timedelta(days=3)).isoformat()

    page = client.get(f"{EXEMPTION}add/").content.decode()
    client.post(f"{EXEMPTION}add/", {"enrollment": stranger.pk, "expires_at": day, "reason": "x"})
    client.post(f"{RELATION}add/", {"one": ann.pk, "other": stranger.pk, "reason": "x"})

    assert "Ann Archer" in page
    assert "Stan Stranger" not in page
    assert (Exemption.objects.count(), Relation.objects.count()) == (0, 0)

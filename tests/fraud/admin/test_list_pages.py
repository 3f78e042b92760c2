"""Lists, exemptions and relations: added by a form, ended by a button, each for owners and managers."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from affiliates.models import Enrollment, Program
from core.models import Event, Job, User
from fraud.actions import lists
from fraud.admin import entry_form
from fraud.checks import CHECKS
from fraud.models import Exemption, ListEntry, Relation
from tests import makers

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
BURST = CHECKS["order_burst"].title
COMPLETED = {"app_label": "fraud", "model_name": "exemption", "field_name": "enrollment"}
ENTRY, EXEMPTION, RELATION = (f"/admin/fraud/{name}/" for name in ("listentry", "exemption", "relation"))


def entry(program: Program, **fields: str) -> dict[str, str]:
    return {
        "program": str(program.pk),
        "kind": "network",
        "entries": "198.51.100.7/24",
        "is_allowed": "0",
        "note": "",
    } | fields


def exempt(who: Enrollment, day: date, reason: str = "television") -> dict[str, str]:
    return {
        "enrollment": str(who.pk),
        "check_name": "order_burst",
        "expires_at": day.isoformat(),
        "reason": reason,
    }


def told(answer: Any) -> list[str]:
    """The messages of a page."""
    return [str(each) for each in answer.context["messages"]]


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
    answer = enter(mia).post(f"{ENTRY}add/", entry(program, entries="300.1.1.1"), follow=True)

    assert "Write an address or a range of them" in answer.content.decode()
    assert ListEntry.objects.count() == 0


def test_entry_moves_to_the_other_list(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)
    for side in ("0", "1"):
        answer = client.post(f"{ENTRY}add/", entry(program, is_allowed=side), follow=True)

    assert ListEntry.objects.get().is_allowed is True
    assert told(answer) == ["“198.51.100.0/24” was blocked; it is allowed from now on."]


def test_entry_that_stands_already_is_told(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)
    client.post(f"{ENTRY}add/", entry(program))

    answer = client.post(f"{ENTRY}add/", entry(program), follow=True)

    assert told(answer)[1:] == ["“198.51.100.0/24” stood on this list already: nothing was changed."]


def test_many_entries_are_taken_with_one_round_of_looking_again(
    program: Program, mia: User, enter: Enter
) -> None:
    lists.add_entry(program, "domain", "known.example", actor=mia)
    lists.add_entry(program, "domain", "moved.example", is_allowed=True, actor=mia)
    jobs = Job.objects.filter(task=lists.FOLLOWER).count()
    text = "# throw-away\r\nknown.example\r\nmoved.example # was ours\r\n\r\n" + "\r\n".join(
        f"mail{n}.example" for n in range(30)
    )

    answer = enter(mia).post(
        f"{ENTRY}add/", entry(program, kind="domain", entries=text, note="May"), follow=True
    )

    assert ListEntry.objects.filter(is_allowed=False).count() == 32
    assert told(answer) == [
        "30 entries are blocked from now on.",
        "“moved.example” was allowed; it is blocked from now on.",
        "“known.example” stood on this list already: nothing was changed.",
    ]
    assert Event.objects.filter(kind="fraudlist.changed").count() == 2 + 31
    assert Job.objects.filter(task=lists.FOLLOWER).count() == jobs + 1


def test_bad_lines_are_told_and_nothing_is_lost(program: Program, mia: User, enter: Enter) -> None:
    text = "good.example\nno domain\n\nmail\nother.example"

    answer = enter(mia).post(f"{ENTRY}add/", entry(program, kind="domain", entries=text))

    wanted = "Write the part of an e-mail address behind the @, like mail.example."
    assert answer.context["adminform"].form.errors["entries"] == [
        f"Line 2, “no domain”: {wanted}",
        f"Line 4, “mail”: {wanted}",
        "Nothing was added: mend these lines or take them out.",
    ]
    assert "good.example\nno domain" in answer.content.decode()
    assert ListEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [(1001, "At most 1000 entries at once, and these are 1001"), (0, "Write at least one entry.")],
)
def test_too_many_lines_and_none_are_refused(
    program: Program, mia: User, enter: Enter, lines: int, sentence: str
) -> None:
    text = "# nothing\n" + "".join(f"mail{n}.example\n" for n in range(lines))

    answer = enter(mia).post(f"{ENTRY}add/", entry(program, kind="domain", entries=text))

    (told_of,) = answer.context["adminform"].form.errors["entries"]
    assert told_of.startswith(sentence)
    assert ListEntry.objects.count() == 0


def test_of_too_many_lines_none_is_read(
    program: Program, mia: User, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(entry_form, "plain_entry", lambda _kind, line: read.append(line))

    answer = enter(mia).post(f"{ENTRY}add/", entry(program, kind="domain", entries="x.example\n" * 1001))

    assert answer.status_code == 200
    assert read == []


def test_lines_are_counted_as_they_were_written_and_a_files_mark_is_no_entry(
    program: Program, mia: User, enter: Enter
) -> None:
    client = enter(mia)

    wrong = client.post(f"{ENTRY}add/", entry(program, kind="domain", entries="\r\n\r\nmail\r\ngood.example"))
    client.post(f"{ENTRY}add/", entry(program, kind="domain", entries="\ufeffgood.example\r\nother.example"))

    assert wrong.context["adminform"].form.errors["entries"][0].startswith("Line 3, “mail”: ")
    assert set(ListEntry.objects.values_list("text", flat=True)) == {"good.example", "other.example"}


def test_domain_in_other_letters_is_shown_in_both_ways(program: Program, mia: User, enter: Enter) -> None:
    client = enter(mia)
    answer = client.post(f"{ENTRY}add/", entry(program, kind="domain", entries="Müller.de"), follow=True)

    text = answer.content.decode()
    assert "müller.de<small>xn--mller-kva.de</small>" in text
    assert told(answer) == ["“müller.de” is blocked from now on."]
    page = client.get(f"{ENTRY}{ListEntry.objects.get().pk}/change/").content.decode()
    assert "müller.de<small>xn--mller-kva.de</small>" in page


def test_list_has_one_name_and_counts_entries(program: Program, mia: User, enter: Enter) -> None:
    for code in ("DE", "FR"):
        lists.add_entry(program, "country", code, actor=mia)

    text = enter(mia).get(ENTRY).content.decode()

    assert "<h1>Allow and block lists</h1>" in text
    assert "2 entries" in text


def test_lists_are_told_apart_in_their_own_words(program: Program, mia: User, enter: Enter) -> None:
    blocked = lists.add_entry(program, "country", "DE", actor=mia)
    allowed = lists.add_entry(program, "country", "FR", is_allowed=True, actor=mia)
    client = enter(mia)

    found = [list(client.get(ENTRY, {"side": side}).context["cl"].result_list) for side in ("block", "allow")]

    assert found == [[blocked], [allowed]]


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


def test_exemption_says_its_last_day(ann: Enrollment, mia: User, enter: Enter) -> None:
    day = timezone.localdate() + timedelta(days=30)

    answer = enter(mia).post(f"{EXEMPTION}add/", exempt(ann, day), follow=True)

    words = date_format(day, "j M" if day.year == timezone.localdate().year else "j M Y")
    assert told(answer) == [f"Ann Archer is exempt from “{BURST}” until the end of {words}."]
    assert f'<td class="field-until">{words}</td>' in answer.content.decode()


def test_second_exemption_changes_the_first_and_says_so(ann: Enrollment, mia: User, enter: Enter) -> None:
    client, day = enter(mia), timezone.localdate() + timedelta(days=30)
    client.post(f"{EXEMPTION}add/", exempt(ann, day, "television"), follow=True)
    first = Exemption.objects.get()

    answer = client.post(f"{EXEMPTION}add/", exempt(ann, day + timedelta(days=1), "radio"), follow=True)
    again = client.post(f"{EXEMPTION}add/", exempt(ann, day + timedelta(days=1), "radio"), follow=True)

    row = Exemption.objects.get()
    assert (row.pk, row.reason, row.last_day) == (first.pk, "radio", day + timedelta(days=1))
    assert "was exempt" in told(answer)[0]
    assert "(television)" in told(answer)[0]
    assert told(again) == [f"Ann Archer was exempt from “{BURST}” already: nothing was different."]
    data = [event.data for event in Event.objects.filter(kind="exemption.granted").order_by("pk")]
    assert len(data) == 2
    assert data[1]["before"] == {"until": first.expires_at.isoformat(), "reason": "television"}


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


def test_relation_that_is_declared_already_is_told(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    lists.declare(ann, bob, reason="agency", actor=mia)
    sent = {"one": str(bob.pk), "other": str(ann.pk), "reason": "friends"}

    answer = enter(mia).post(f"{RELATION}add/", sent, follow=True)

    assert told(answer) == ["Ann Archer – Bob Baker were declared already (agency): nothing was changed."]
    assert Relation.objects.get().reason == "agency"


def test_rows_about_the_own_account_are_for_colleagues(
    program: Program, ann: Enrollment, bob: Enrollment, mia: User, olga: User, enter: Enter
) -> None:
    mine = makers.make_enrollment(program, affiliate=makers.make_affiliate(program.merchant, user=mia))
    until = timezone.now() + timedelta(days=30)
    about_me = [
        (EXEMPTION, lists.grant(mine, until=until, reason="watched", actor=olga)),
        (RELATION, lists.declare(ann, mine, reason="watched", actor=olga)),
    ]
    lists.grant(ann, until=until, reason="others", actor=olga)
    lists.declare(ann, bob, reason="others", actor=olga)

    for address, row in about_me:
        own, theirs = (enter(one).get(address).content.decode() for one in (mia, olga))
        assert ("watched" in own, "others" in own) == (False, True)
        assert ("watched" in theirs, "others" in theirs) == (True, True)
        assert enter(mia).get(f"{address}{row.pk}/change/").status_code == 302
        assert enter(mia).post(f"{address}{row.pk}/do/end/", {"confirm": "1"}).status_code == 302

    assert Exemption.objects.in_force(timezone.now()).count() == 2
    assert Relation.objects.count() == 2


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
    found = client.get("/admin/autocomplete/", COMPLETED | {"term": "r"}).json()["results"]
    client.post(f"{EXEMPTION}add/", {"enrollment": stranger.pk, "expires_at": day, "reason": "x"})
    client.post(f"{RELATION}add/", {"one": ann.pk, "other": stranger.pk, "reason": "x"})

    assert "Ann Archer" not in page  # a program may have thousands: they come while one types
    names = [each["text"].partition(" · ")[0] for each in found]
    assert "Ann Archer" in names
    assert "Stan Stranger" not in names
    assert (Exemption.objects.count(), Relation.objects.count()) == (0, 0)

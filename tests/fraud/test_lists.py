"""Lists, exemptions and declared relations: who may change them, what is taken, and what the event says."""

from datetime import timedelta
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from affiliates.roles import NotAllowed
from commissions.states import IllegalMove
from core.models import Event, User
from fraud.actions import lists
from fraud.lists.entries import EntryRefused, lines_of, plain_entry, readable
from fraud.lists.matching import address_in, domain_in, page_in
from fraud.models import Exemption, ListEntry, Relation
from fraud.states import ListKind
from tests import makers

pytestmark = pytest.mark.django_db
NOON = makers.NOON
YEAR = timedelta(days=366)


def news(kind: str) -> list[dict[str, Any]]:
    return [event.data for event in Event.objects.filter(kind=kind).order_by("pk")]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("network", " 198.51.100.7/24 ", "198.51.100.0/24"),
        ("network", "198.51.100.7", "198.51.100.7/32"),
        ("network", "2001:DB8::1/48", "2001:db8::/48"),
        ("network", "::ffff:198.51.100.0/120", "198.51.100.0/24"),
        ("network", "10.0.0.0/8", "10.0.0.0/8"),
        ("domain", "@Mail.Example", "mail.example"),
        ("domain", "someone@mail.example", "mail.example"),
        ("domain", "*.mail.example", "mail.example"),
        ("domain", "bücher.example", "xn--bcher-kva.example"),
        ("referrer", "https://www.Deals.example/", "deals.example"),
        ("referrer", "deals.example/Codes*", "deals.example/codes*"),
        ("referrer", "*.deals.example", "*.deals.example"),
        ("country", "de", "DE"),
    ],
)
def test_entries_are_kept_in_one_way(kind: str, text: str, expected: str) -> None:
    assert plain_entry(ListKind(kind), text) == expected
    assert plain_entry(ListKind(kind), expected) == expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("network", "300.1.1.1"),
        ("network", "7.0.0.0/7"),
        ("network", "0.0.0.0/0"),
        ("network", "2000::/15"),
        ("domain", "mail"),
        ("domain", "mail..example"),
        ("domain", "198.51.100.7"),
        ("domain", "a b.example"),
        ("referrer", "*"),
        ("referrer", "*.*"),
        ("referrer", "deals"),
        ("referrer", "de als.example"),
        ("referrer", "deals.example/" + "*a" * 9),
        ("country", "XX"),
        ("country", "Germany"),
        ("network", ""),
        ("referrer", "deals.example/" + "a" * 260),
        ("referrer", "deals.example/\u202e"),
        ("referrer", "deals.example/codes*?q=1"),
        ("referrer", "deals.example/codes#top"),
        ("referrer", "deals.example/[ab]"),
    ],
)
def test_what_is_no_entry_of_its_kind_is_refused(kind: str, text: str) -> None:
    with pytest.raises(EntryRefused):
        plain_entry(ListKind(kind), text)


LONG = ".".join(["a" * 60] * 5)  # 304 letters


@pytest.mark.parametrize("kind", ["domain", "referrer"])
@pytest.mark.parametrize("text", [f"{LONG}.example", "a" * 64 + ".example", "ü" * 60 + ".example"])
def test_domains_are_as_long_as_machines_take_them(kind: str, text: str) -> None:
    with pytest.raises(EntryRefused, match="at most 253 letters, and 63 between two dots"):
        plain_entry(ListKind(kind), text)

    longest = f"{'.'.join(['a' * 60] * 4)}.example"
    assert plain_entry(ListKind(kind), longest) == longest


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("xn--mller-kva.de", "müller.de"),
        ("*.xn--mller-kva.de/codes*", "*.müller.de/codes*"),
        ("mail.example", ""),
        ("xn--.de", ""),
        ("198.51.100.0/24", ""),
        ("2001:db8::/48", ""),
    ],
)
def test_entries_are_read_in_the_letters_of_their_language(entry: str, expected: str) -> None:
    assert readable(entry) == expected


def test_lines_have_numbers_and_comments() -> None:
    text = "# ours\r\nmail.example # old\n\n deals.example/a#b \n#\nDE"

    assert list(lines_of(text)) == [(2, "mail.example"), (4, "deals.example/a#b"), (6, "DE")]


def test_what_is_kept_is_found_by_the_matching() -> None:
    assert address_in("198.51.100.9", [plain_entry(ListKind.NETWORK, "198.51.100.7/24")])
    assert domain_in("eu.mail.example", [plain_entry(ListKind.EMAIL_DOMAIN, "@Mail.Example")])
    assert page_in(
        "https://www.deals.example/CODES/1", [plain_entry(ListKind.REFERRER, "deals.example/Codes*")]
    )
    assert page_in("https://a.deals.example/", [plain_entry(ListKind.REFERRER, "*.deals.example")])


def test_entry_is_added_once(program: Program, mia: User) -> None:
    first = lists.add_entry(program, "country", "de", note=" parcels lost ", actor=mia, at=NOON)

    again = lists.add_entry(program, "country", "DE", actor=mia)

    assert (first.pk, first.text, first.note, first.created_at) == (again.pk, "DE", "parcels lost", NOON)
    assert news("fraudlist.changed") == [
        {"change": "added", "kind": "country", "text": "DE", "is_allowed": False, "note": "parcels lost"}
    ]


def test_entry_of_the_other_list_moves_over(program: Program, mia: User) -> None:
    lists.add_entry(program, "domain", "mail.example", actor=mia)

    lists.add_entry(program, "domain", "mail.example", is_allowed=True, note="our own", actor=mia)

    entry = ListEntry.objects.get()
    assert (entry.is_allowed, entry.note) == (True, "our own")
    assert [each["change"] for each in news("fraudlist.changed")] == ["added", "moved"]


def test_removed_entry_is_gone_and_the_event_remembers_it(program: Program, mia: User) -> None:
    entry = lists.add_entry(program, "domain", "mail.example", actor=mia)
    number = str(entry.pk)

    lists.remove_entry(entry, actor=mia)
    lists.remove_entry(ListEntry(pk=int(number), program=program), actor=mia)

    assert ListEntry.objects.count() == 0
    event = Event.objects.filter(kind="fraudlist.changed").order_by("pk").last()
    assert event
    assert (event.subject_id, event.data["change"], event.data["text"]) == (number, "removed", "mail.example")
    assert Event.objects.filter(kind="fraudlist.changed").count() == 2


def test_same_text_may_stand_in_two_programs(program: Program, other: Program, mia: User, eve: User) -> None:
    lists.add_entry(program, "country", "DE", actor=mia)
    lists.add_entry(other, "country", "DE", actor=eve)

    assert ListEntry.objects.count() == 2


def test_exemption_counts_until_it_expires(ann: Enrollment, mia: User) -> None:
    until = NOON + timedelta(days=30)

    exemption = lists.grant(ann, "order_burst", until=until, reason=" television ", actor=mia, at=NOON)

    assert (exemption.check_name, exemption.reason, exemption.expires_at) == (
        "order_burst",
        "television",
        until,
    )
    assert list(Exemption.objects.in_force(NOON)) == [exemption]
    assert list(Exemption.objects.in_force(until)) == []
    assert news("exemption.granted") == [
        {"enrollment": ann.pk, "check": "order_burst", "until": until.isoformat(), "reason": "television"}
    ]


def test_exemption_is_granted_once(ann: Enrollment, mia: User) -> None:
    first = lists.grant(ann, until=NOON + YEAR, reason="known", actor=mia, at=NOON)

    assert lists.grant(ann, until=NOON + YEAR, reason="known", actor=mia, at=NOON) == first
    assert Exemption.objects.count() == 1


@pytest.mark.parametrize(
    ("until", "reason", "check"),
    [
        (NOON, "known", ""),
        (NOON - timedelta(days=1), "known", ""),
        (NOON + YEAR + timedelta(seconds=1), "known", ""),
        (NOON + YEAR, "  ", ""),
        (NOON + YEAR, "known", "nonsense"),
    ],
)
def test_exemption_needs_an_end_a_reason_and_a_check(
    ann: Enrollment, mia: User, until: Any, reason: str, check: str
) -> None:
    with pytest.raises(IllegalMove):
        lists.grant(ann, check, until=until, reason=reason, actor=mia, at=NOON)

    assert Exemption.objects.count() == 0


def test_exemption_from_another_check_is_another_one(ann: Enrollment, mia: User) -> None:
    first = lists.grant(ann, "order_burst", until=NOON + YEAR, reason="known", actor=mia, at=NOON)

    second = lists.grant(ann, until=NOON + YEAR, reason="known", actor=mia, at=NOON)
    shorter = lists.grant(ann, until=NOON + YEAR / 2, reason="for now", actor=mia, at=NOON)

    assert first != second == shorter
    assert (shorter.expires_at, shorter.reason) == (NOON + YEAR / 2, "for now")
    assert Exemption.objects.get(pk=first.pk).expires_at == NOON + YEAR


def test_one_bad_entry_among_many_leaves_nothing(program: Program, mia: User) -> None:
    with pytest.raises(EntryRefused):
        lists.add_entries(program, "country", ["DE", "nowhere"], actor=mia)

    assert ListEntry.objects.count() == 0
    assert news("fraudlist.changed") == []


def test_exemption_ends_early_and_once(ann: Enrollment, mia: User) -> None:
    exemption = lists.grant(ann, until=NOON + YEAR, reason="known", actor=mia, at=NOON)
    later = NOON + timedelta(days=3)

    ended = lists.end_exemption(exemption, actor=mia, at=later)
    lists.end_exemption(exemption, actor=mia, at=later + timedelta(days=1))

    assert ended.expires_at == later
    assert Exemption.objects.get().expires_at == later
    assert list(Exemption.objects.in_force(later)) == []
    assert news("exemption.ended") == [{"enrollment": ann.pk, "check": ""}]


def test_relation_is_declared_once_whoever_is_named_first(
    ann: Enrollment, bob: Enrollment, mia: User
) -> None:
    first = lists.declare(bob, ann, reason="agency and client", actor=mia)
    again = lists.declare(ann, bob, reason="once more", actor=mia)

    assert first == again
    assert (first.one, first.other) == tuple(sorted((ann, bob), key=lambda row: row.pk))
    assert len(news("relation.declared")) == 1


def test_relation_ends(ann: Enrollment, bob: Enrollment, mia: User) -> None:
    relation = lists.declare(ann, bob, reason="agency", actor=mia)
    number = relation.pk

    lists.end_relation(relation, actor=mia)
    lists.end_relation(Relation(pk=number, program=ann.program), actor=mia)

    assert Relation.objects.count() == 0
    assert [each["reason"] for each in news("relation.ended")] == ["agency"]


def test_relation_is_of_two_affiliates_of_one_program(
    ann: Enrollment, stranger: Enrollment, mia: User
) -> None:
    for other in (ann, stranger):
        with pytest.raises(IllegalMove, match="two affiliates of one program"):
            lists.declare(ann, other, reason="agency", actor=mia)

    assert Relation.objects.count() == 0


def test_nobody_decides_about_oneself(program: Program, ann: Enrollment, mia: User) -> None:
    own = makers.make_enrollment(program, affiliate=makers.make_affiliate(program.merchant, user=mia))

    with pytest.raises(IllegalMove, match="their own earnings"):
        lists.grant(own, until=NOON + YEAR, reason="I am honest", actor=mia, at=NOON)
    with pytest.raises(IllegalMove, match="their own earnings"):
        lists.declare(ann, own, reason="friends", actor=mia)

    assert (Exemption.objects.count(), Relation.objects.count()) == (0, 0)


def test_only_owners_and_managers_change_them(
    program: Program, ann: Enrollment, bob: Enrollment, mia: User, rita: User, fin: User, eve: User
) -> None:
    entry = lists.add_entry(program, "country", "DE", actor=mia)
    exemption = lists.grant(ann, until=NOON + YEAR, reason="known", actor=mia, at=NOON)
    relation = lists.declare(ann, bob, reason="agency", actor=mia)
    for person in (rita, fin, eve):
        for verb in (
            lambda actor: lists.add_entry(program, "country", "FR", actor=actor),
            lambda actor: lists.remove_entry(entry, actor=actor),
            lambda actor: lists.grant(bob, until=NOON + YEAR, reason="known", actor=actor, at=NOON),
            lambda actor: lists.end_exemption(exemption, actor=actor, at=NOON),
            lambda actor: lists.declare(ann, bob, reason="agency", actor=actor),
            lambda actor: lists.end_relation(relation, actor=actor),
        ):
            with pytest.raises(NotAllowed):
                verb(person)

    assert list(ListEntry.objects.values_list("text", flat=True)) == ["DE"]
    assert Exemption.objects.get().expires_at == NOON + YEAR
    assert Relation.objects.get() == relation

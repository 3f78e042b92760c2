"""Pages of affiliates that count without a parameter."""

from datetime import timedelta

import pytest

from affiliates import actions
from affiliates.actions import LinkRefused
from affiliates.models import DirectLink, DirectLinkState, Enrollment
from affiliates.roles import NotAllowed
from affiliates.states import DIRECT_LINK_MOVES, IllegalMove
from core.models import Event, User
from tests.makers import NOON

pytestmark = pytest.mark.django_db
BLOG = "https://blog.example/"


def ask(enrollment: Enrollment, page: str = BLOG) -> DirectLink:
    return actions.ask_direct_link(enrollment.links.get(is_default=True), page, at=NOON)


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("https://www.Blog.example", "blog.example/"),
        ("blog.example/Reviews/", "blog.example/Reviews/"),
        ("google.blog.example", "google.blog.example/"),
        ("http://bücher.example/über?x=1#y", "xn--bcher-kva.example/%C3%BCber"),
        (" anna.substack.com/p/mugs ", "anna.substack.com/p/mugs"),
    ],
)
def test_page_is_kept_as_browsers_name_it(ann: Enrollment, page: str, kept: str) -> None:
    row = ask(ann, page)

    assert (str(row), row.state, row.program) == (kept, "asked", ann.program)


@pytest.mark.parametrize(
    "page",
    [
        "",
        "https://",
        "javascript:alert(1)",
        "https://shop.example.com/",
        "https://www.shop.example.com/",
        "https://blog.shop.example.com/",
        "https://user@blog.example/",
        "https://blog.example:8443/",
        "https://blog.example./",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://blog。example/",
        "https://blog.example/a b",
        "https://blog.example/a\\b",
        "https://blog.example/\ud800",
        f"https://blog.example/{'a' * 500}",
        "https://youtube.com/@anna",
        "https://m.facebook.com/anna",
        "https://www.google.de/",
        "https://google.co.uk/",
        "https://search.yahoo.co.jp/",
        "https://www.ecosia.org/",
        "substack.com",
    ],
)
def test_page_that_cannot_be_hers_alone_is_refused(ann: Enrollment, page: str) -> None:
    with pytest.raises(LinkRefused) as refused:
        ask(ann, page)
    assert (refused.value.where, DirectLink.objects.count()) == (("page",), 0)


def test_asking_twice_changes_nothing(ann: Enrollment) -> None:
    assert (ask(ann), Event.objects.filter(kind="directlink.asked").count()) == (
        ask(ann, "www.blog.example"),
        1,
    )


def test_page_counts_to_one_link_only(ann: Enrollment) -> None:
    ask(ann)
    other = actions.create_link(ann, "https://shop.example.com/mugs")

    with pytest.raises(LinkRefused):
        actions.ask_direct_link(other, BLOG, at=NOON)


def test_fifty_are_enough(ann: Enrollment) -> None:
    for number in range(50):
        ask(ann, f"blog{number}.example")

    with pytest.raises(IllegalMove, match="50"):
        ask(ann)
    assert ann.direct_links.count() == 50


def test_asking_and_ending_goes_on_for_a_day_at_most(ann: Enrollment, mia: User) -> None:
    for _turn in range(50):
        actions.end_direct_link(ask(ann), actor=mia, at=NOON)

    with pytest.raises(IllegalMove, match="tomorrow"):
        ask(ann)
    link = ann.links.get(is_default=True)
    assert actions.ask_direct_link(link, BLOG, at=NOON + timedelta(days=2)).state == "asked"


def test_manager_approves_and_ends(ann: Enrollment, mia: User) -> None:
    row = ask(ann)

    approved = actions.approve_direct_link(row, actor=mia, at=NOON)
    assert (approved.state, approved.decided_at) == ("active", NOON)
    ended = actions.end_direct_link(row, reason="The blog was sold.", actor=mia, at=NOON)
    assert (ended.state, ended.reason) == ("ended", "The blog was sold.")
    kinds = Event.objects.filter(kind__startswith="directlink.").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["directlink.asked", "directlink.approved", "directlink.ended"]


def test_refusal_needs_a_reason_and_may_be_thought_over(ann: Enrollment, mia: User) -> None:
    row = ask(ann)

    with pytest.raises(IllegalMove):
        actions.refuse_direct_link(row, reason=" ", actor=mia)
    assert actions.refuse_direct_link(row, reason="Not yours.", actor=mia).reason == "Not yours."
    assert actions.approve_direct_link(row, actor=mia).reason == ""


def test_page_of_another_is_named_to_the_manager_only(ann: Enrollment, bob: Enrollment, mia: User) -> None:
    actions.approve_direct_link(ask(ann), actor=mia)

    asked = ask(bob)  # tells Bob nothing of Ann

    with pytest.raises(IllegalMove) as refused:
        actions.approve_direct_link(asked, actor=mia)
    asked.refresh_from_db()
    assert str(refused.value) == "blog.example/ counts to Ann Archer already; end that direct link first."
    assert asked.state == "asked"


def test_what_is_decided_twice_is_decided_once(ann: Enrollment, mia: User) -> None:
    row = ask(ann)

    for _turn in range(2):
        actions.approve_direct_link(row, actor=mia)
    for _turn in range(2):
        actions.end_direct_link(row, actor=mia)

    assert Event.objects.filter(kind="directlink.approved").count() == 1
    assert Event.objects.filter(kind="directlink.ended").count() == 1


def test_ended_stays_ended(ann: Enrollment, mia: User) -> None:
    row = actions.end_direct_link(ask(ann), actor=ann.affiliate.user)

    with pytest.raises(IllegalMove):
        actions.approve_direct_link(row, actor=mia)
    with pytest.raises(IllegalMove):
        actions.refuse_direct_link(row, reason="No.", actor=mia)
    row.refresh_from_db()
    assert row.state == "ended"


def test_every_state_has_its_moves() -> None:
    assert {*DIRECT_LINK_MOVES} == {*DirectLinkState.values}


def test_affiliate_cannot_approve_and_others_cannot_end(
    ann: Enrollment, bob: Enrollment, eve: User, ada: User
) -> None:
    row = ask(ann)

    for person in (ann.affiliate.user, bob.affiliate.user, eve, ada):
        with pytest.raises(NotAllowed):
            actions.approve_direct_link(row, actor=person)
        with pytest.raises(NotAllowed):
            actions.refuse_direct_link(row, reason="No.", actor=person)
    for person in (bob.affiliate.user, eve, ada):
        with pytest.raises(NotAllowed):
            actions.end_direct_link(row, actor=person)
        with pytest.raises(NotAllowed):
            actions.ask_direct_link(row.link, "other.example", actor=person)
    row.refresh_from_db()
    assert (row.state, DirectLink.objects.count()) == ("asked", 1)


def test_suspended_affiliate_asks_for_nothing_and_gets_nothing(ann: Enrollment, mia: User) -> None:
    row = ask(ann)
    actions.suspend(ann, reason="Check.", actor=mia)

    with pytest.raises(IllegalMove):
        ask(ann, "other.example")
    with pytest.raises(IllegalMove):
        actions.approve_direct_link(row, actor=mia)

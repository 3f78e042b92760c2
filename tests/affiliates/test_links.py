"""Links lead only where the program allows."""

import pytest

from affiliates import actions
from affiliates.actions import DestinationRefused, LinkRefused, links
from affiliates.roles import NotAllowed
from affiliates.states import IllegalMove

pytestmark = pytest.mark.django_db

HOSTILE = [
    "https://evil.example/",
    "//evil.example/",
    "https://shop.example.com@evil.example/",
    "https://shop.example.com:443@evil.example/",
    "https://evil.example\\@shop.example.com/",
    "https://shop.example.com.evil.example/",
    "https://shop.example.com:8443/",
    "javascript:alert(1)",
    "https://shop.example.com /",
    "https://shop.example.com\t.evil.example/",
    "ftp://shop.example.com/",
    "https:///evil.example",
    "https://[::1]/",
    "https://shop.example.com%2eevil.example/",
    "https://shop。example。com.evil.example/",
    "data:text/html,x",
    "",
    "http://",
    "https://shop.example.com:99999/",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_destination_is_refused(bob, url):
    with pytest.raises(DestinationRefused):
        actions.create_link(bob, url)
    assert bob.links.count() == 1


@pytest.mark.parametrize(
    "url",
    ["https://shop.example.com/mug?x=1#y", "http://SHOP.example.com/", "https://shop.example.com:443/a"],
)
def test_page_of_the_shop_is_allowed(bob, url):
    assert actions.create_link(bob, url).destination == url


def test_inactive_affiliate_gets_no_new_link(bob, mia):
    actions.suspend(bob, reason="Check.", actor=mia)
    bob.refresh_from_db()

    with pytest.raises(IllegalMove):
        actions.create_link(bob, "https://shop.example.com/")


def test_only_its_owner_or_a_manager_pauses_a_link(ann, bob, mia):
    link = bob.links.get()

    with pytest.raises(PermissionError):
        actions.pause_link(link, actor=ann.affiliate.user)
    assert actions.pause_link(link, actor=mia).is_active is False
    assert actions.resume_link(link, actor=bob.affiliate.user).is_active is True


def test_coupon_belongs_to_one_affiliate(ann, bob):
    actions.create_coupon(ann, "ANN15")

    with pytest.raises(IllegalMove):
        actions.create_coupon(bob, "ann15 ")


def test_coupon_that_grows_beyond_its_column_is_refused(ann):
    with pytest.raises(IllegalMove):
        actions.create_coupon(ann, "ß" * 41)  # folded, each letter is two


def test_link_for_somebody_else_needs_the_role(ann, bob, eve):
    with pytest.raises(NotAllowed):
        actions.create_link(ann, "https://shop.example.com/", actor=eve)
    with pytest.raises(NotAllowed):
        actions.create_link(ann, "https://shop.example.com/", actor=bob.affiliate.user)


@pytest.mark.parametrize("code", ["southwind", "extra"])
def test_code_that_names_another_merchant_or_program_is_refused(bob, olga, code):
    other = actions.create_merchant("Southwind", "southwind", olga)
    actions.create_program(other, name="Extra", slug="extra", home_url="https://south.example/")

    with pytest.raises(LinkRefused):
        actions.create_link(bob, bob.program.home_url, code=code)
    assert bob.links.count() == 1


def test_code_of_an_affiliate_of_another_program_is_refused(ann, bob, olga):
    other = actions.create_merchant("Southwind", "southwind", olga)
    ann.program = actions.create_program(other, name="Extra", slug="extra", home_url="https://south.example/")
    ann.save()
    ann.links.all().delete()

    with pytest.raises(LinkRefused):
        actions.create_link(bob, bob.program.home_url, code=ann.code)
    assert bob.links.count() == 1


def test_own_program_may_be_named_and_chosen_codes_are_few(bob, monkeypatch):
    monkeypatch.setattr(links, "MOST_OWN_CODES", 1)
    assert actions.create_link(bob, bob.program.home_url, code=bob.program.slug).code == bob.program.slug

    with pytest.raises(LinkRefused) as refused:
        actions.create_link(bob, bob.program.home_url, code="one-more")

    assert refused.value.where == ("code",)
    assert actions.create_link(bob, bob.program.home_url).is_active
    assert bob.links.count() == 3


def test_open_links_are_limited_and_pausing_one_makes_room_for_one(bob, mia, monkeypatch):
    monkeypatch.setattr(links, "MOST_OPEN", 2)
    first = actions.create_link(bob, bob.program.home_url)
    with pytest.raises(IllegalMove):
        actions.create_link(bob, bob.program.home_url)

    actions.pause_link(first, actor=mia)
    actions.create_link(bob, bob.program.home_url)

    with pytest.raises(IllegalMove):
        actions.resume_link(first, actor=mia)
    assert bob.links.filter(is_active=True).count() == 2

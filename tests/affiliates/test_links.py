"""Links lead only where the program allows."""

import pytest

from affiliates import actions
from affiliates.actions import DestinationRefused
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

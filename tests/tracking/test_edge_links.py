"""What a link may say beyond its code: a page, a campaign, another way by country, device or weight, an end."""

from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from affiliates.models import Link, Program
from tests.tracking.places import write_countries
from tests.tracking.visitors import SHOP, follow, tid_of
from tracking.edge import known
from tracking.models import Click
from tracking.visits import Countries, NetworkFile

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1"


@pytest.fixture
def fresh(monkeypatch):
    """Each request asks the database."""
    monkeypatch.setattr(known, "FRESH", 0.0)


def way(answer):
    """Where it leads, without the click's id."""
    return answer.headers["location"].replace(tid_of(answer), "ID")


# --- pages ---


def test_page_lies_on_the_origin_of_the_links_own_destination(edge, link):
    answer = follow(edge, "/r/ann/bags/red?size=4&via=qr&s1=mail&utm_source=x&next=https://evil.example/")

    click = Click.objects.get()
    page = f"{SHOP}bags/red?size=4&utm_source=x&next=https://evil.example/"
    assert way(answer) == f"{page}&tid=ID"
    assert (click.destination, click.via, click.sub_ids, click.utm) == (page, "qr", ["mail"], {"source": "x"})


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/a/%2e%2e/x",
        "/%0d%0ax",
        "/https:%2f%2fe.example",
    ],
)
def test_page_that_tries_to_leave_falls_back_to_the_links_own(edge, link, path):
    answer = follow(edge, f"/r/ann{path}?utm_source=x")

    assert way(answer) == f"{SHOP}shoes?color=red&utm_source=x&tid=ID#top"
    assert Click.objects.get().destination == f"{SHOP}shoes?color=red&utm_source=x#top"


def test_port_of_the_destination_is_kept(edge, link):
    Program.objects.update(allowed_hosts=["shop.example.com:8443"])
    Link.objects.update(destination="https://shop.example.com:8443/shoes")

    assert way(follow(edge, "/r/ann/bags")) == "https://shop.example.com:8443/bags?tid=ID"


def test_campaign_goes_on_and_other_parameters_stay_behind(edge, link):
    answer = follow(edge, "/r/ann?utm_medium=mail&size=4&tid=forged&s1=a")

    assert way(answer) == f"{SHOP}shoes?color=red&utm_medium=mail&tid=ID#top"
    assert Click.objects.get().utm == {"medium": "mail"}


def test_click_without_anything_has_what_the_table_says(edge, link):
    follow(edge)

    click = Click.objects.get()
    assert (click.via, click.utm, click.country, click.consent, click.is_read) == (
        "",
        {},
        "",
        "unknown",
        False,
    )
    assert (click.network_kind, click.fetch_dest, click.fetch_user) == (None, None, None)


# --- ways ---


def test_first_rule_that_fits_wins(edge, link, fresh, tmp_path):
    edge.countries = Countries(str(write_countries(tmp_path / "c.mmdb", {"203.0.113.0/24": "DE"})))
    to = [{"destination": f"{SHOP}{page}"} for page in ("evil", "phones", "de", "all")]
    Link.objects.update(
        rules=[
            {"countries": ["FR"], "devices": [], **to[0]},
            {"countries": [], "devices": ["mobile"], **to[1]},
            {"countries": ["DE", "AT"], "devices": ["desktop"], **to[2]},
        ]
    )

    ways = [way(follow(edge)), way(follow(edge, user_agent=PHONE))]

    assert ways == [f"{SHOP}de?tid=ID", f"{SHOP}phones?tid=ID"]
    assert list(Click.objects.values_list("country", flat=True)) == ["DE", "DE"]


def test_rule_that_leads_where_it_may_not_is_left_out(edge, link):
    evil = {"countries": [], "devices": [], "destination": "https://evil.example/"}
    Link.objects.update(rules=[evil, "nonsense", {"destination": 7}], rotation=[{**evil, "weight": 9}, None])

    assert way(follow(edge)) == f"{SHOP}shoes?color=red&tid=ID#top"


def test_rotation_gives_each_its_share_and_a_visitor_the_same_each_time(edge, link):
    Link.objects.update(
        rotation=[{"destination": f"{SHOP}a", "weight": 3}, {"destination": f"{SHOP}b", "weight": 1}]
    )

    visitors = [f"{number:032x}" for number in range(120)]
    rounds = [
        [urlsplit(follow(edge, cookie=f"vid={visitor}").headers["location"]).path for visitor in visitors]
        for _round in range(2)
    ]

    assert rounds[0] == rounds[1]
    assert 70 <= Counter(rounds[0])["/a"] <= 110


def test_rotation_is_random_for_those_who_keep_no_id(edge, link):
    Link.objects.update(
        rotation=[{"destination": f"{SHOP}a", "weight": 1}, {"destination": f"{SHOP}b", "weight": 1}]
    )

    paths = Counter(urlsplit(follow(edge, sec_gpc="1").headers["location"]).path for _click in range(60))

    assert sorted(paths) == ["/a", "/b"]


def test_link_that_has_ended_leads_home_and_counts_nothing(edge, link):
    Link.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    answer = follow(edge, "/r/ann/bags")

    assert (answer.status_code, answer.headers["location"], Click.objects.count()) == (302, SHOP, 0)


def test_link_ends_by_the_clock_even_if_nothing_is_read_again(edge, link):
    Link.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    follow(edge)
    target = edge.links._known["ann"].thing

    assert [target.is_live(target.ends_at - timedelta(seconds=1)), target.is_live(target.ends_at)] == [
        True,
        False,
    ]


# --- what is kept ---


@pytest.mark.parametrize(("policy", "length"), [("truncated", 11), ("hashed", 40), ("none", 0)])
def test_address_is_kept_as_the_program_says(edge, link, policy, length):
    Program.objects.update(ip_policy=policy)

    follow(edge)

    assert (len(Click.objects.get().ip), "203.0.113.77" in str(Click.objects.values())) == (length, False)


@pytest.mark.parametrize("policy", ["truncated", "hashed", "none"])
def test_kind_of_network_is_read_from_the_whole_address(edge, link, settings, tmp_path, policy):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    Program.objects.update(ip_policy=policy)
    (tmp_path / "networks.txt").write_text("8.8.8.128/25, vpn, Example")
    edge.networks = NetworkFile(tmp_path / "networks.txt")

    for last in (200, 100):
        follow(edge, x_forwarded_for=f"8.8.8.{last}")

    found = list(Click.objects.order_by("id").values_list("network_kind", flat=True))
    assert (found, "8.8.8.200" in str(Click.objects.values())) == (["vpn", ""], False)


def test_how_the_browser_asked_is_kept(edge, link):
    named = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    follow(edge, **named, sec_fetch_user="?1")
    follow(edge, **named | {"sec_fetch_dest": "iframe"})
    follow(edge, sec_fetch_dest="image", user_agent="Safari")

    found = Click.objects.order_by("at", "id").values_list("fetch_dest", "fetch_user")
    assert sorted(found, key=str) == [("document", True), ("iframe", False), ("image", None)]


# --- consent ---


@pytest.fixture
def asking(link):
    """The program waits for consent."""
    Program.objects.update(asks_consent=True)


def test_without_consent_nothing_is_stored_on_the_device_and_the_id_goes_on(edge, asking):
    answer = follow(edge)

    click = Click.objects.get()
    assert (answer.headers.get_list("set-cookie"), len(tid_of(answer))) == ([], 32)
    assert (click.visitor, click.consent) == (None, "unknown")


def test_consent_given_on_the_page_before_lets_the_browser_remember(edge, asking):
    answer = follow(edge, "/r/ann?consent=granted")

    click = Click.objects.get()
    names = [cookie.partition("=")[0] for cookie in answer.headers.get_list("set-cookie")]
    assert (names, click.consent, click.visitor is None) == (["vid", "tid"], "granted", False)


def test_browser_that_was_allowed_to_remember_still_does(edge, asking):
    answer = follow(edge, cookie=f"vid={'ab' * 16}")

    assert Click.objects.get().visitor.hex == "ab" * 16
    assert len(answer.headers.get_list("set-cookie")) == 2


@pytest.mark.parametrize("query", ["?consent=denied", "?consent=granted"])
def test_refusal_counts_more_than_anything_else(edge, link, query):
    headers = {"sec_gpc": "1"} if "granted" in query else {}

    answer = follow(edge, f"/r/ann{query}", cookie=f"vid={'ab' * 16}", **headers)

    click = Click.objects.get()
    assert (click.visitor, click.consent, answer.headers.get_list("set-cookie")) == (None, "denied", [])

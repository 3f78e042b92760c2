"""User agents, traffic sources and repeats: what is read off a click, as values."""

from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from tests.makers import NOON
from tracking.reading import Agent, Seen, read_agent, read_source, repeats
from tracking.reading.hosts import APPS, HOSTS, kind_of
from tracking.reading.repeats import person_of
from tracking.states import TrafficSource

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
ANDROID = "Mozilla/5.0 (Linux; Android 15; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 {}Safari/537.36"
DESKTOP = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36{}"


@pytest.mark.parametrize(
    ("user_agent", "device", "browser", "os"),
    [
        (IPHONE, "mobile", "Safari", "iOS"),
        (IPHONE.replace("Version/18.5", "CriOS/125.0"), "mobile", "Chrome", "iOS"),
        (IPHONE.replace("iPhone;", "iPad;", 1), "tablet", "Safari", "iOS"),
        (ANDROID.format("Pixel 9", "Mobile "), "mobile", "Chrome", "Android"),
        (ANDROID.format("SM-X906C", ""), "tablet", "Chrome", "Android"),
        (ANDROID.format("AFTMM Build/PS7233", ""), "tv", "Chrome", "Android"),
        (DESKTOP.format("Windows NT 10.0; Win64; x64", " Edg/137.0.0.0"), "desktop", "Edge", "Windows"),
        (DESKTOP.format("Macintosh; Intel Mac OS X 10_15_7", ""), "desktop", "Chrome", "macOS"),
        (DESKTOP.format("X11; CrOS x86_64 14541.0.0", ""), "desktop", "Chrome", "Chrome OS"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:139.0) Gecko Firefox/139.0", "desktop", "Firefox", "Linux"),
        (DESKTOP.format("Web0S; Linux/SmartTV", ""), "tv", "Chrome", "webOS"),
        (DESKTOP.format("PlayStation; PlayStation 5/2.26", ""), "other", "Chrome", ""),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "other", "Googlebot", ""),
        ("something of its own", "other", "", ""),
        ("", "other", "", ""),
    ],
)  # fmt: skip
def test_user_agent_names_device_browser_and_system(
    user_agent: str, device: str, browser: str, os: str
) -> None:
    assert read_agent(user_agent) == Agent(device, browser, os)  # type: ignore[arg-type]  # a choice is its text


@given(st.text(max_size=400))
def test_any_text_is_read_and_fits_its_columns(user_agent: str) -> None:
    agent = read_agent(user_agent)

    assert max(len(agent.browser), len(agent.os)) <= 40


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("google.com", "search"),
        ("www.google.de", "search"),
        ("google.co.uk", "search"),
        ("WWW.GOOGLE.COM.", "search"),
        ("yandex.com.tr", "search"),
        ("de.search.yahoo.com", "search"),
        ("mail.google.com", "email"),
        ("gemini.google.com", "ai"),
        ("docs.google.com", "referral"),
        ("pinterest.co.uk", "social"),
        ("l.facebook.com", "social"),
        ("t.co", "social"),
        ("m.youtube.com", "video"),
        ("chatgpt.com", "ai"),
        ("notgoogle.com", None),
        ("google.example.com", None),
        ("google.com.evil.example", None),
        ("google.evil.com", None),
        ("myfacebook.com", None),
        ("facebook.com.evil.example", None),
        ("xt.co", None),
        ("google", None),
        ("com", None),
        ("", None),
    ],
)
def test_host_is_known_by_whole_labels_at_its_end(host: str, kind: str | None) -> None:
    assert kind_of(host) == kind


@given(st.sampled_from(sorted(HOSTS)), st.text(alphabet="abcxyz0-", min_size=1, max_size=8))
def test_letters_before_a_known_host_make_another_one(host: str, letters: str) -> None:
    if kind_of(f"{letters}{host}") is not None:
        assert kind_of(f"{letters}{host}") == HOSTS.get(f"{letters}{host}", kind_of(host.partition(".")[2]))


def test_every_host_stands_in_one_table_only() -> None:
    from tracking.reading.hosts import KINDS

    listed = [host for hosts in KINDS.values() for host in hosts.split()]
    assert len(listed) == len(set(listed))
    assert all(name == name.lower() for name in [*HOSTS, *APPS])


@pytest.mark.parametrize(
    ("referrer", "utm", "address", "source"),
    [
        ("", {}, "", "direct"),
        ("https://www.google.com/", {}, "", "search"),
        ("https://norahollis.example/boots", {}, "", "referral"),
        ("https://notgoogle.com/google.com", {}, "", "referral"),
        ("https://norahollis.example/?q=https://www.google.com/", {}, "", "referral"),
        ("https://user@www.google.com@norahollis.example/", {}, "", "referral"),
        ("android-app://com.google.android.gm/", {}, "", "email"),
        ("android-app://org.example.reader/", {}, "", "referral"),
        ("about:blank", {}, "", "direct"),
        ("https://[::1", {}, "", "referral"),
        ("https://www.google.com/", {"medium": "cpc"}, "", "paid"),
        ("", {"medium": "Paid-Social", "source": "facebook"}, "", "paid"),
        ("https://mail.google.com/", {"medium": "E-Mail"}, "", "email"),
        ("", {"source": "newsletter"}, "", "email"),
        ("", {"source": "chatgpt.com"}, "", "ai"),
        ("", {"source": "Instagram", "medium": "bio"}, "", "social"),
        ("https://www.youtube.com/", {"campaign": "spring"}, "", "video"),
        ("https://norahollis.example/", {"campaign": "spring"}, "", "campaign"),
        ("", {"source": "spring-sale"}, "", "campaign"),
        ("https://www.google.com/", {}, "https://shop.example.com/?gclid=x", "paid"),
        ("", {"gclid": "x"}, "", "paid"),
        ("", {}, "https://shop.example.com/?fbclid=x", "social"),
        ("https://shop.example.com/?gclid=x", {}, "", "referral"),
    ],
)
def test_source_is_told_by_marks_else_by_the_page_before(
    referrer: str, utm: dict[str, str], address: str, source: str
) -> None:
    assert read_source(referrer, utm, address) == source


@given(
    st.text(max_size=200), st.dictionaries(st.text(max_size=9), st.text(max_size=20), max_size=4), st.text()
)
def test_whatever_a_visitor_sends_has_a_source(referrer: str, utm: dict[str, str], address: str) -> None:
    assert read_source(referrer, utm, address) in TrafficSource.values


def click(number: int, seconds: float, *, person: str = "a", link: int = 1, program: int = 1) -> Seen:
    return Seen(UUID(int=number), link, program, NOON + timedelta(seconds=seconds), (person, "browser"))


def numbers(found: set[UUID]) -> list[int]:
    return sorted(one.int for one in found)


def test_click_within_the_seconds_repeats_the_one_before() -> None:
    clicks = [click(1, 0), click(2, 10), click(3, 20.001), click(4, 60)]

    assert numbers(repeats(clicks, {1: 10})) == [2]


def test_others_links_people_and_programs_without_seconds_are_no_repeats() -> None:
    others = [click(1, 0), click(2, 1, person="b"), click(3, 1, link=2)]
    never = [click(4, 0, link=9, program=2), click(5, 0, link=9, program=2)]

    assert repeats([*others, *never], {1: 10, 2: 0}) == set()


def test_who_is_not_known_at_all_repeats_nobody() -> None:
    unknown = [Seen(UUID(int=number), 1, 1, NOON, person_of(None, "", "browser")) for number in (1, 2)]

    assert repeats(unknown, {1: 10}) == set()


def test_repeats_are_the_same_in_any_order() -> None:
    clicks = [click(1, 0), click(2, 0), click(3, 8), click(4, 30)]

    found = {tuple(numbers(repeats(order, {1: 10}))) for order in permutations(clicks)}

    assert found == {(2, 3)}


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ab")), max_size=12), st.integers(0, 30))
def test_a_click_more_never_unmakes_a_repeat(some: list[tuple[int, str]], at: int) -> None:
    clicks = [click(number, seconds, person=person) for number, (seconds, person) in enumerate(some, 1)]

    before = repeats(clicks, {1: 10})

    assert before <= repeats([*clicks, click(99, at)], {1: 10})

"""Where the demo's visitors come from, with what, from which country; drawn by dice of their own."""

from dataclasses import dataclass
from typing import Any

from portal.demo.chance import Chance
from portal.demo.stage import Promoter
from tracking.visits.networks import Kind

# kept for examples, as an edge keeps them: without the last part
NETWORKS = ("192.0.2.0", "198.51.100.0", "203.0.113.0")
_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
_CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 {}Safari/537.36{}"
_SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Safari/605.1.15"
)
_ANDROID = "Linux; Android 15; {}"
BROWSERS: tuple[tuple[str, float], ...] = (
    (_IPHONE, 27),
    (_CHROME.format(_ANDROID.format("Pixel 9"), "Mobile ", ""), 21),
    (_CHROME.format("Windows NT 10.0; Win64; x64", "", ""), 15),
    (_CHROME.format("Windows NT 10.0; Win64; x64", "", " Edg/137.0.0.0"), 7),
    (_CHROME.format("Macintosh; Intel Mac OS X 10_15_7", "", ""), 5),
    (_SAFARI, 8),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0", 4),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0", 4),
    (_IPHONE.replace("iPhone;", "iPad;", 1), 4),
    (_CHROME.format(_ANDROID.format("SM-X716B"), "", ""), 2),
    (
        _CHROME.format(_ANDROID.format("SM-S921B"), "Mobile ", "").replace(
            "Chrome", "SamsungBrowser/27.0 Chrome"
        ),
        5,
    ),
)
ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "python-requests/2.32",
)
# page before ("{site}" is the affiliate's), marks of the link, weight
ORIGINS: tuple[tuple[str, dict[str, str], float], ...] = (
    ("https://{site}/", {}, 34),
    ("https://{site}/gear-list", {}, 8),
    ("https://www.google.com/", {}, 9),
    ("https://www.youtube.com/", {}, 10),
    ("https://l.instagram.com/", {}, 9),
    ("https://www.facebook.com/", {}, 4),
    ("https://www.reddit.com/", {}, 3),
    ("", {"source": "newsletter", "medium": "email", "campaign": "weekend"}, 8),
    ("", {"source": "instagram", "medium": "cpc", "campaign": "retarget"}, 2),
    ("", {"source": "spring-hut-tour", "campaign": "hut-tour"}, 1.5),
    ("android-app://com.whatsapp/", {}, 2),
    ("https://chatgpt.com/", {}, 3),
    ("", {}, 6.5),
)
LANDS: tuple[tuple[str, float], ...] = (
    ("DE", 34),
    ("GB", 22),
    ("AT", 10),
    ("IE", 7),
    ("NL", 6),
    ("FR", 6),
    ("SE", 4),
    ("CH", 4),
    ("PL", 3),
    ("US", 2),
    ("", 2),
)
CONSENTS: tuple[tuple[str, float], ...] = (("granted", 62), ("denied", 9), ("unknown", 29))


@dataclass(frozen=True, slots=True)
class Person:
    """A visitor as the edge sees one: the same browser and country at every click."""

    user_agent: str
    country: str
    ip: str
    consent: str


def person(looks: Chance) -> Person:
    """Draw a visitor."""
    return Person(_one(looks, BROWSERS), _one(looks, LANDS), looks.one(NETWORKS), _one(looks, CONSENTS))


def of_person(looks: Chance, who: Person, promoter: Promoter, destination: str) -> dict[str, Any]:
    """Return what a click of a person has besides its link: the page before, marks, and what the tag told."""
    referrer, utm = looks.weighted([row[:2] for row in ORIGINS], [row[2] for row in ORIGINS], 1)[0]
    return {
        "user_agent": who.user_agent,
        "country": who.country,
        "ip": who.ip,
        "consent": who.consent,
        "referrer": referrer.format(site=promoter.person.site),
        "utm": utm,
        "landing": "" if who.consent == "unknown" else destination,
        "network_kind": "",
        "fetch_dest": "document",
        "fetch_user": None if "Version/" in who.user_agent else True,  # Safari does not say
    }


def of_robot(looks: Chance) -> dict[str, Any]:
    """Return what a machine leaves."""
    looks_like = {"user_agent": looks.one(ROBOTS), "ip": looks.one(NETWORKS), "country": "US"}
    return {**looks_like, "network_kind": Kind.DATA_CENTER}


def _one(looks: Chance, table: tuple[tuple[str, float], ...]) -> str:
    return looks.weighted([row[0] for row in table], [row[1] for row in table], 1)[0]

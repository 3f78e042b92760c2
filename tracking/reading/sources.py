"""Where a visitor came from before the link: by what the link was marked with, else by the page that it stood on."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from tracking.reading.hosts import APPS, kind_of
from tracking.states import TrafficSource

# Added by an advertising system to what was paid for. Not fbclid: every link on that network gets it, paid or not.
AD_IDS = frozenset(
    {
        "gclid",
        "gbraid",
        "wbraid",
        "dclid",
        "gclsrc",
        "msclkid",
        "yclid",
        "ttclid",
        "twclid",
        "li_fat_id",
        "sccid",
    }
)
NETWORK_IDS: dict[str, TrafficSource] = {
    "fbclid": TrafficSource.SOCIAL,
    "igshid": TrafficSource.SOCIAL,
    "igsh": TrafficSource.SOCIAL,
    "mc_eid": TrafficSource.EMAIL,
    "mc_cid": TrafficSource.EMAIL,
    "_hsenc": TrafficSource.EMAIL,
}
MEDIUMS: dict[str, TrafficSource] = {
    **dict.fromkeys(
        (
            "cpc",
            "ppc",
            "cpm",
            "cpv",
            "cpa",
            "cpp",
            "paid",
            "paidsearch",
            "paidsocial",
            "paidvideo",
            "display",
        ),
        TrafficSource.PAID,
    ),
    **dict.fromkeys(("banner", "retargeting", "remarketing", "sem", "ads", "ad"), TrafficSource.PAID),
    **dict.fromkeys(("organic", "seo", "search"), TrafficSource.SEARCH),
    **dict.fromkeys(
        ("social", "socialnetwork", "socialmedia", "sm", "story", "stories", "reel", "post"),
        TrafficSource.SOCIAL,
    ),
    **dict.fromkeys(("email", "mail", "newsletter", "enewsletter"), TrafficSource.EMAIL),
    **dict.fromkeys(("messenger", "chat", "sms", "whatsapp", "telegram", "im"), TrafficSource.MESSENGER),
    **dict.fromkeys(("video", "youtube", "livestream", "stream"), TrafficSource.VIDEO),
    **dict.fromkeys(("ai", "llm", "assistant", "chatbot"), TrafficSource.AI),
    **dict.fromkeys(("referral", "blog", "article"), TrafficSource.REFERRAL),
}
SOURCES: dict[str, TrafficSource] = {
    **dict.fromkeys(("newsletter", "mail", "email", "mailchimp", "klaviyo", "substack"), TrafficSource.EMAIL),
    **dict.fromkeys(
        ("facebook", "fb", "instagram", "ig", "tiktok", "twitter", "x", "linkedin", "pinterest", "reddit"),
        TrafficSource.SOCIAL,
    ),
    **dict.fromkeys(("threads", "bluesky", "mastodon", "snapchat", "xing", "vk"), TrafficSource.SOCIAL),
    **dict.fromkeys(("youtube", "yt", "vimeo", "twitch"), TrafficSource.VIDEO),
    **dict.fromkeys(
        ("whatsapp", "telegram", "signal", "discord", "slack", "messenger", "sms"), TrafficSource.MESSENGER
    ),
    **dict.fromkeys(("chatgpt", "openai", "perplexity", "claude", "gemini", "copilot"), TrafficSource.AI),
    **dict.fromkeys(("google", "bing", "duckduckgo", "yahoo", "ecosia"), TrafficSource.SEARCH),
}


def read_source(referrer: str, utm: Mapping[str, str], address: str = "") -> TrafficSource:
    """Return the traffic source; `utm` without "utm_", `address` the link's as followed or where it led.

    What was paid for is paid, whatever else is said; then the marks of the link, then the page it stood on. Marks that
    say nothing known make a campaign, unless the page is a known place.
    """
    names = {name.lower() for name, _value in _query(address)} | {name.lower() for name in utm}
    medium = _word(utm.get("medium", ""))
    if names & AD_IDS or MEDIUMS.get(medium) == TrafficSource.PAID or medium.startswith("paid"):
        return TrafficSource.PAID
    marked = _by_marks(medium, utm.get("source", ""))
    if marked is not None:
        return marked
    before = _by_referrer(referrer)
    if before not in {TrafficSource.DIRECT, TrafficSource.REFERRAL}:
        return before
    network = next((kind for name, kind in NETWORK_IDS.items() if name in names), None)
    return network or (TrafficSource.CAMPAIGN if utm else before)


def _by_marks(medium: str, source: str) -> TrafficSource | None:
    """The medium says what kind it is; where it is unknown the source may be a known name or host."""
    return MEDIUMS.get(medium) or SOURCES.get(_word(source)) or kind_of(source.strip())


def _by_referrer(referrer: str) -> TrafficSource:
    try:
        parts = urlsplit(referrer.strip())
        host = parts.hostname or ""
    except ValueError:  # no address at all, yet somebody's page
        return TrafficSource.REFERRAL
    if parts.scheme == "android-app":
        return APPS.get(host, TrafficSource.REFERRAL)
    if parts.scheme not in {"http", "https"} or not host:
        return TrafficSource.DIRECT
    return kind_of(host) or TrafficSource.REFERRAL


def _query(address: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(address).query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return []


def _word(text: str) -> str:
    """E-Mail, e_mail and email are one word."""
    return "".join(letter for letter in text.lower() if letter.isalnum())

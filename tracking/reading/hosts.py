"""Whose host is it? Tables from a host's last labels to what kind of place it is; never by parts of a label."""

from tracking.states import TrafficSource

_SEARCH, _SOCIAL, _EMAIL = TrafficSource.SEARCH, TrafficSource.SOCIAL, TrafficSource.EMAIL
_MESSENGER, _VIDEO, _AI, _PAID = (
    TrafficSource.MESSENGER,
    TrafficSource.VIDEO,
    TrafficSource.AI,
    TrafficSource.PAID,
)
_SITE = TrafficSource.REFERRAL

KINDS: dict[TrafficSource, str] = {
    _SEARCH: (
        "bing.com duckduckgo.com ecosia.org qwant.com startpage.com search.brave.com baidu.com sogou.com so.com "
        "naver.com daum.net seznam.cz ask.com search.aol.com swisscows.com mojeek.com kagi.com metager.de "
        "metager.org presearch.com petalsearch.com search.marginalia.nu karmasearch.org ya.ru search.ch "
        "search.yahoo.co.jp coccoc.com search.t-online.de suche.t-online.de suche.web.de suche.gmx.net"
    ),
    _SOCIAL: (
        "facebook.com fb.com fb.me instagram.com threads.net threads.com x.com twitter.com t.co linkedin.com lnkd.in "
        "pin.it reddit.com redd.it tiktok.com snapchat.com vk.com vk.ru ok.ru tumblr.com quora.com bsky.app "
        "mastodon.social mastodon.online weibo.com weibo.cn xing.com nextdoor.com flipboard.com news.ycombinator.com "
        "xiaohongshu.com plus.google.com stocktwits.com truthsocial.com gab.com lemmy.world out.reddit.com"
    ),
    _EMAIL: (
        "mail.google.com mail.yahoo.com mail.yahoo.co.jp outlook.com outlook.live.com outlook.office.com "
        "outlook.office365.com mail.live.com mail.aol.com mail.proton.me mail.protonmail.com mail.zoho.com "
        "mail.zoho.eu mail.ru mail.yandex.ru mail.yandex.com navigator.web.de navigator.gmx.net mail.gmx.com "
        "app.fastmail.com mail.tutanota.com app.tuta.com icloud.com email.t-online.de list-manage.com "
        "campaign-archive.com substack.com beehiiv.com"
    ),
    _MESSENGER: (
        "whatsapp.com wa.me web.whatsapp.com telegram.org telegram.me t.me messenger.com m.me discord.com "
        "discordapp.com discord.gg slack.com teams.microsoft.com teams.live.com signal.org viber.com line.me "
        "wechat.com weixin.qq.com chat.google.com threema.ch"
    ),
    _VIDEO: (
        "youtube.com youtube-nocookie.com youtu.be vimeo.com dailymotion.com twitch.tv rumble.com odysee.com "
        "bilibili.com nicovideo.jp"
    ),
    _AI: (
        "chatgpt.com chat.openai.com perplexity.ai claude.ai gemini.google.com bard.google.com copilot.com "
        "copilot.microsoft.com copilot.cloud.microsoft m365.cloud.microsoft you.com poe.com chat.mistral.ai "
        "chat.deepseek.com grok.com meta.ai phind.com chat.qwen.ai kimi.com doubao.com notebooklm.google.com "
        "duck.ai character.ai"
    ),
    _PAID: (
        "googleadservices.com doubleclick.net googlesyndication.com googleads.com ads.google.com criteo.com "
        "taboola.com outbrain.com adnxs.com ads.yahoo.com"
    ),
    _SITE: (
        "docs.google.com sites.google.com drive.google.com groups.google.com maps.google.com calendar.google.com "
        "classroom.google.com accounts.google.com blogs.bing.com"
    ),
}
HOSTS: dict[str, TrafficSource] = {host: kind for kind, hosts in KINDS.items() for host in hosts.split()}

# Names that stand before any country's ending: google.de, google.co.uk, yandex.com.tr.
FAMILIES: dict[str, TrafficSource] = {
    "google": _SEARCH,
    "yahoo": _SEARCH,
    "yandex": _SEARCH,
    "pinterest": _SOCIAL,
}
SECOND_LEVEL = frozenset({"co", "com", "org", "net", "ne", "or"})

# Apps say who they are by android-app://<package>.
APPS: dict[str, TrafficSource] = {
    "com.google.android.googlequicksearchbox": _SEARCH,
    "com.google.android.gm": _EMAIL,
    "com.google.android.youtube": _VIDEO,
    "com.google.android.apps.bard": _AI,
    "com.openai.chatgpt": _AI,
    "ai.perplexity.app.android": _AI,
    "com.anthropic.claude": _AI,
    "com.microsoft.office.outlook": _EMAIL,
    "com.facebook.katana": _SOCIAL,
    "com.facebook.lite": _SOCIAL,
    "com.facebook.orca": _MESSENGER,
    "com.instagram.android": _SOCIAL,
    "com.instagram.barcelona": _SOCIAL,
    "com.twitter.android": _SOCIAL,
    "com.linkedin.android": _SOCIAL,
    "com.pinterest": _SOCIAL,
    "com.reddit.frontpage": _SOCIAL,
    "com.zhiliaoapp.musically": _SOCIAL,
    "com.snapchat.android": _SOCIAL,
    "com.whatsapp": _MESSENGER,
    "com.whatsapp.w4b": _MESSENGER,
    "org.telegram.messenger": _MESSENGER,
    "com.discord": _MESSENGER,
    "com.slack": _MESSENGER,
}


def kind_of(host: str) -> TrafficSource | None:
    """Return what kind of place a host is, by its longest known ending; None for one that nobody listed."""
    labels = host.lower().rstrip(".").split(".")
    for start in range(len(labels)):
        known = HOSTS.get(".".join(labels[start:]))
        if known is not None:
            return known
    return _family(labels)


def _family(labels: list[str]) -> TrafficSource | None:
    """google.com, google.de and google.co.uk, but not google.example.com."""
    if len(labels) >= 2 and labels[-1] == "com":
        return FAMILIES.get(labels[-2])
    if len(labels) < 2 or len(labels[-1]) != 2:
        return None
    if len(labels) >= 3 and labels[-2] in SECOND_LEVEL:
        return FAMILIES.get(labels[-3])
    return FAMILIES.get(labels[-2])

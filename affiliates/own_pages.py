"""An affiliate's own page, as its visitors' browsers name it: a host without www., and the beginning of a path."""

from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _

from affiliates.destinations import ADDRESS, LinkRefused, NoHost, hosts_of, plain_host
from affiliates.models import Program

HOST_LETTERS, PATH_LETTERS = 253, 500
# where everybody writes: whoever had one of these would be credited with everybody's visitors
SHARED_SITES = (
    "google.com bing.com duckduckgo.com yahoo.com facebook.com instagram.com threads.net tiktok.com youtube.com"
    " youtu.be twitch.tv twitter.com x.com t.co reddit.com pinterest.com linkedin.com snapchat.com whatsapp.com"
    " telegram.org t.me discord.com quora.com github.com wikipedia.org linktr.ee bit.ly amazon.com ebay.com"
    " paypal.com stripe.com chatgpt.com perplexity.ai ecosia.org qwant.com startpage.com brave.com baidu.com naver.com"
    " seznam.cz bsky.app vk.com"
)
SHARED = frozenset(SHARED_SITES.split())
# the same under every country's ending, like google.de and google.co.uk
FAMILIES = frozenset({"google", "yahoo", "yandex", "amazon", "ebay", "pinterest"})
SECOND_LEVEL = frozenset({"co", "com"})
# there everybody has a name of their own before it, like anna.substack.com
SHARED_ABOVE = frozenset(
    {"medium.com", "substack.com", "tumblr.com", "blogspot.com", "wordpress.com", "github.io", "etsy.com"}
)


def read_page(program: Program, text: str) -> tuple[str, str]:
    """Return host and path of a page that may link without a parameter; raise LinkRefused("page") with the reason."""
    host, path = _parts(text.strip())
    shop = {bare(own) for own in hosts_of(program)}
    if any(host == own or host.endswith(f".{own}") for own in shop):
        raise LinkRefused(_("This is the shop’s own site; write the address of a page of yours."), "page")
    if _is_shared(host):
        words = _(
            "Many people write on %(host)s, and browsers do not say whose page it was; use a site of your own."
        )
        raise LinkRefused(words % {"host": host}, "page")
    return host, path


def _is_shared(host: str) -> bool:
    if host in SHARED_ABOVE or any(host == site or host.endswith(f".{site}") for site in SHARED):
        return True
    labels = host.split(".")
    if len(labels) > 2 and labels[-2] in SECOND_LEVEL:
        return labels[-3] in FAMILIES
    return labels[-2] in FAMILIES


def bare(host: str) -> str:
    """Return a host without the www. that readers leave out."""
    return host.removeprefix("www.")


def _parts(text: str) -> tuple[str, str]:
    found = ADDRESS.fullmatch(text if "://" in text else f"https://{text}")
    if found is None:
        raise LinkRefused(_("Write the address of your page, like https://blog.example/reviews."), "page")
    try:
        host = bare(plain_host(found[2]))
    except NoHost as wrong:
        words = _("Write the name of your site, like blog.example, without port or password.")
        raise LinkRefused(words, "page") from wrong
    if "." not in host or host.rpartition(".")[2].isdigit() or len(host) > HOST_LETTERS:
        raise LinkRefused(_("A site has a name like blog.example; numbers are not one."), "page")
    return host, _path(found[3] or "/")


def _path(path: str) -> str:
    if any(ord(letter) <= 32 or letter == "\\" or ord(letter) == 127 for letter in path):
        raise LinkRefused(_("The path must not contain spaces, backslashes or control characters."), "page")
    try:
        sent = iri_to_uri(path)
    except UnicodeError as half:
        raise LinkRefused(_("The path contains letters that cannot be sent."), "page") from half
    if len(sent) > PATH_LETTERS:
        raise LinkRefused(_("The path is too long: its beginning is enough."), "page")
    return sent

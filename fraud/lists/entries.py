"""What a person writes on a list, as it is kept; pure."""

from django.utils.translation import gettext as _

from affiliates.countries import COUNTRIES
from affiliates.destinations import NoHost, plain_host
from fraud.lists.matching import MOST_STARS
from fraud.states import ListKind
from tracking.visits.networks import V4, V6, network_of

WIDEST = {V4: 8, V6: 16}  # bits of an address range; with fewer it is a part of the world, not a network
LONGEST = 253  # letters of a domain, and of what is kept


class EntryRefused(ValueError):
    """What was written is no entry of its kind; the text says what is wanted."""


def plain_entry(kind: ListKind, text: str) -> str:
    """Return an entry as it is kept; raise EntryRefused with a sentence.

    Address ranges become networks (198.51.100.7/24 is 198.51.100.0/24), domains and hosts small letters as machines
    send them, countries two big letters.
    """
    text = text.strip()
    if not text or len(text) > LONGEST or not text.isprintable():
        raise EntryRefused(_("Write one entry of at most %(most)s letters.") % {"most": LONGEST})
    return {
        ListKind.NETWORK: _network,
        ListKind.EMAIL_DOMAIN: _domain,
        ListKind.REFERRER: _page,
        ListKind.COUNTRY: _country,
    }[kind](text)


def _network(text: str) -> str:
    network = network_of(text)
    if network is None:
        raise EntryRefused(_("Write an address or a range of them, like 198.51.100.0/24 or 2001:db8::/48."))
    if network.prefixlen < WIDEST[network.version]:
        raise EntryRefused(_("This range is too wide: it is a large part of the internet."))
    return str(network)


def _domain(text: str) -> str:
    domain = text.rpartition("@")[2].lstrip("*.")
    try:
        plain = plain_host(domain)
    except NoHost:
        plain = ""
    if "." not in plain or plain.startswith("[") or plain.replace(".", "").isdigit():
        raise EntryRefused(_("Write the part of an e-mail address behind the @, like mail.example."))
    return plain


def _page(text: str) -> str:
    """A host, or a host and the beginning of a path; * stands for any text."""
    host, slash, path = text.rpartition("//")[2].partition("/")
    host = host.lower().removeprefix("www.")
    try:
        # a star may stand for a part of a host: it is left where it is, and the rest must still be one
        plain = host if "*" in host and plain_host(host.replace("*", "x")) else plain_host(host)
    except NoHost as wrong:
        raise EntryRefused(
            _("Write a site like deals.example, or a page like deals.example/codes*.")
        ) from wrong
    if not plain.replace("*", "").strip(".") or "." not in plain:
        raise EntryRefused(_("This would be every site. Name one, like deals.example."))
    if text.count("*") > MOST_STARS:
        raise EntryRefused(_("At most %(most)s stars may stand in an entry.") % {"most": MOST_STARS})
    return f"{plain}{slash}{path}".rstrip("/").lower()


def _country(text: str) -> str:
    code = text.upper()
    if code not in COUNTRIES:
        raise EntryRefused(_("Write the two letters of a country, like DE."))
    return code

"""What a person writes on a list, as it is kept; pure."""

import re
from collections.abc import Iterator

import idna
from django.utils.translation import gettext as _

from affiliates.countries import COUNTRIES
from affiliates.destinations import NoHost, plain_host
from fraud.lists.matching import MOST_STARS
from fraud.states import ListKind
from tracking.visits.networks import V4, V6, network_of

WIDEST = {V4: 8, V6: 16}  # bits of an address range; with fewer it is a part of the world, not a network
LONGEST = 253  # letters of a domain (RFC 1035), and of what is kept
LABEL = 63  # letters between two dots
READ = 2000  # letters that are looked at
MARK = "\ufeff"  # begins many text files, and is pasted along unseen
COMMENT = re.compile(r"(?:^|\s)#")
LEFT_OUT = frozenset("?#[]")  # of an address only host and path are compared, and * alone stands for others


class EntryRefused(ValueError):
    """What was written is no entry of its kind; the text says what is wanted."""


def plain_entry(kind: ListKind, text: str) -> str:
    """Return an entry as it is kept; raise EntryRefused with a sentence.

    Address ranges become networks (198.51.100.7/24 is 198.51.100.0/24), domains and hosts small letters as machines
    send them, countries two big letters.
    """
    text = text.strip()
    if not text or len(text) > READ or not text.isprintable():
        raise EntryRefused(_("Write one entry of at most %(most)s letters.") % {"most": LONGEST})
    plain = {
        ListKind.NETWORK: _network,
        ListKind.EMAIL_DOMAIN: _domain,
        ListKind.REFERRER: _page,
        ListKind.COUNTRY: _country,
    }[kind](text)
    if len(plain) > LONGEST:
        raise EntryRefused(_("Write one entry of at most %(most)s letters.") % {"most": LONGEST})
    return plain


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """Yield what stands on the lines of a text, with their numbers from 1; # begins a comment, empty lines are none."""
    for number, line in enumerate(text.replace(MARK, "").splitlines(), 1):
        entry = COMMENT.split(line, maxsplit=1)[0].strip()
        if entry:
            yield number, entry


def readable(entry: str) -> str:
    """Return a kept entry in the letters of its language where machines write it otherwise, else "".

    Letters of two scripts may look alike, so it is shown beside what is kept and never instead of it.
    """
    host, slash, path = entry.partition("/")
    try:
        labels = [idna.decode(label) if label.startswith("xn--") else label for label in host.split(".")]
    except idna.IDNAError:
        return ""
    plain = f"{'.'.join(labels)}{slash}{path}"
    return "" if plain == entry else plain


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
        _not_too_long(domain)
        plain = ""
    if "." not in plain or plain.startswith("[") or plain.replace(".", "").isdigit():
        raise EntryRefused(_("Write the part of an e-mail address behind the @, like mail.example."))
    return plain


def _page(text: str) -> str:
    """A host, or a host and the beginning of a path; * stands for any text."""
    host, slash, path = text.rpartition("//")[2].partition("/")
    host = host.lower().removeprefix("www.")
    if LEFT_OUT & set(text):
        raise EntryRefused(
            _("Only site and path are compared, and only * stands for any text: leave out ?, # and brackets.")
        )
    try:
        # a star may stand for a part of a host: it is left where it is, and the rest must still be one
        plain = host if "*" in host and plain_host(host.replace("*", "x")) else plain_host(host)
    except NoHost as wrong:
        _not_too_long(host)
        raise EntryRefused(
            _("Write a site like deals.example, or a page like deals.example/codes*.")
        ) from wrong
    if not plain.replace("*", "").strip(".") or "." not in plain:
        raise EntryRefused(_("This would be every site. Name one, like deals.example."))
    if text.count("*") > MOST_STARS:
        raise EntryRefused(_("At most %(most)s stars may stand in an entry.") % {"most": MOST_STARS})
    return f"{plain}{slash}{path}".rstrip("/").lower()


def _not_too_long(host: str) -> None:
    sent = [len(label) if label.isascii() else 4 + len(label.encode("punycode")) for label in host.split(".")]
    if sum(sent) + len(sent) - 1 > LONGEST or max(sent) > LABEL:
        told = {"most": LONGEST, "label": LABEL}
        raise EntryRefused(_("A domain has at most %(most)s letters, and %(label)s between two dots.") % told)


def _country(text: str) -> str:
    code = text.upper()
    if code not in COUNTRIES:
        raise EntryRefused(_("Write the two letters of a country, like DE."))
    return code

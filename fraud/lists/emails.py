"""What an e-mail address says of itself, and how much two resemble each other; pure.

Whole addresses come in and only numbers and domains go out: facts, figures and rows carry nobody's address.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from disposable_email_domains import blocklist

from tracking.identity import normal_email

# Domains under which anybody has a mailbox: being of the same one says nothing.
FREE_MAIL = (
    "gmail.com yahoo.com yahoo.co.uk yahoo.co.jp yahoo.co.in yahoo.fr yahoo.de yahoo.it yahoo.es ymail.com "
    "rocketmail.com hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.it hotmail.es outlook.com outlook.de "
    "outlook.fr outlook.es live.com live.co.uk live.fr live.nl msn.com icloud.com me.com mac.com aol.com aim.com "
    "gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de mail.com email.com usa.com proton.me "
    "protonmail.com pm.me tutanota.com tuta.com tuta.io posteo.de mailbox.org fastmail.com fastmail.fm hey.com "
    "zoho.com zohomail.eu yandex.ru yandex.com ya.ru mail.ru bk.ru inbox.ru list.ru rambler.ru ukr.net qq.com "
    "163.com 126.com sina.com foxmail.com naver.com daum.net hanmail.net kakao.com docomo.ne.jp ezweb.ne.jp "
    "softbank.ne.jp orange.fr wanadoo.fr free.fr laposte.net sfr.fr bbox.fr libero.it virgilio.it tin.it alice.it "
    "tiscali.it telefonica.net terra.com.br uol.com.br bol.com.br ig.com.br wp.pl onet.pl o2.pl interia.pl op.pl "
    "seznam.cz centrum.cz email.cz post.cz azet.sk bluewin.ch hispeed.ch sunrise.ch telenet.be skynet.be ziggo.nl "
    "kpnmail.nl planet.nl xs4all.nl home.nl btinternet.com sky.com virginmedia.com talktalk.net ntlworld.com "
    "comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net optonline.net earthlink.net "
    "shaw.ca rogers.com sympatico.ca telus.net bigpond.com optusnet.com.au rediffmail.com mail.bg abv.bg inbox.lv "
    "privaterelay.appleid.com"
)
FREE = frozenset(FREE_MAIL.split())
# Names that stand for a desk, not for a person.
DESK_NAMES = (
    "admin billing bestellung bestellungen buchhaltung contact einkauf hello hallo help info kontakt mail office "
    "order orders postmaster sales service shop store support team webmaster"
)
DESKS = frozenset(DESK_NAMES.split())
SHORTEST = 6  # letters of a name that can be compared: anna, peter and maria are many people
SERIES = 3  # addresses that differ by their numbers alone make a series
DIGITS = re.compile(r"\d+")


def domain_of(address: str) -> str:
    """Return an address's domain in ASCII small letters, or ""."""
    return normal_email(address).rpartition("@")[2]


def is_disposable(address: str) -> bool | None:
    """Say whether the domain, or one above it, gives out mailboxes to be thrown away; None for no address."""
    domain = domain_of(address)
    if not domain:
        return None
    return any(above in blocklist for above in _and_above(domain))


def own_domain(address: str) -> str:
    """Return the domain where it can be somebody's own: not one where anybody gets a mailbox; else ""."""
    domain = domain_of(address)
    return "" if domain in FREE or is_disposable(address) else domain


def share_own_domain(address: str, other: str) -> bool | None:
    """Say whether two addresses are of one company's or person's own domain, or of parts of it; None if not known.

    Where one of them is of a domain where anybody gets a mailbox the answer is no.
    """
    if not domain_of(address) or not domain_of(other):
        return None
    first, second = own_domain(address), own_domain(other)
    return bool(first and second) and (first in _and_above(second) or second in _and_above(first))


def likeness(address: str, other: str) -> float | None:
    """Return how alike two people's names in their addresses are, 0 to 1; None where one is too short or a desk.

    Names that differ only by digits, dots and what stands after + are the same one; else the share of common trigrams.
    """
    first, second = _letters(address), _letters(other)
    if not _is_name(first) or not _is_name(second):
        return None
    if first == second:
        return 1.0
    ours, theirs = _trigrams(first), _trigrams(second)
    return len(ours & theirs) / len(ours | theirs)


def in_series(addresses: Iterable[str]) -> int:
    """Return how many of the addresses belong to a series: one domain, one name, at least SERIES different numbers."""
    numbers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for address in addresses:
        name, _at, domain = normal_email(address).rpartition("@")
        digits = "".join(DIGITS.findall(name))
        if domain and digits:
            numbers[DIGITS.sub("#", name), domain].add(digits)
    return sum(len(of_one) for of_one in numbers.values() if len(of_one) >= SERIES)


def _letters(address: str) -> str:
    return "".join(sign for sign in normal_email(address).rpartition("@")[0] if sign.isalpha())


def _is_name(letters: str) -> bool:
    return len(letters) >= SHORTEST and letters not in DESKS


def _trigrams(letters: str) -> set[str]:
    padded = f"  {letters} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def _and_above(domain: str) -> list[str]:
    """The domain and those above it, the endings of countries and trades apart."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]

"""What only a browser has told: it may claim an order for a click, it never releases money or binds a buyer; pure.

Anybody may forge it, so every other door's word counts for more. An order that no other door has told carries
`reported_by: browser` in its metadata and the oldest revision time there is. Of such a report the click id alone stays
once a store tells the order and names no way of its own: the page knows the click and the store often does not.
`evidence_by` then says whose word that is: a browser's, or that of one that knew the buyer's address as the store does.
"""

from dataclasses import replace
from typing import Any

from tracking.identity import digest_of
from tracking.orders import OrderIn
from tracking.told import EARLIEST

BY = "reported_by"
EVIDENCE_BY = "evidence_by"
BROWSER, BUYER = "browser", "buyer"
OLDEST = EARLIEST  # the revision time of what a browser told
# What must not differ between a page's word and what is known; the store knows the rest better.
WEIGHTY = ("currency", "goal", "total")
# Why a decision is a claim, as its trace and the hold of its commissions say it.
CLAIM = "claim"
BROWSER_ORDER, BROWSER_IDENTITY = "browser_order", "browser_identity"
DOUBTS = frozenset({BROWSER_ORDER, BROWSER_IDENTITY})


def is_hearsay(metadata: dict[str, Any]) -> bool:
    """Say whether an order is known from a browser alone."""
    return bool(metadata.get(BY) == BROWSER)


def is_claimed(metadata: dict[str, Any]) -> bool:
    """Say whether the order, or the click that it names, is known from a browser alone."""
    return BROWSER in (metadata.get(BY), metadata.get(EVIDENCE_BY))


def outranks(value: OrderIn, snapshot: dict[str, Any]) -> bool:
    """Say whether a door other than a browser tells of an order that only a browser has told so far."""
    return is_hearsay(snapshot["metadata"]) and not is_hearsay(value.metadata)


def with_click(value: OrderIn, known: OrderIn) -> OrderIn:
    """Return a door's word with the click id that a browser told of the order, where it names no way of its own."""
    by = known.metadata.get(EVIDENCE_BY)
    if is_hearsay(known.metadata):
        by = _by(value, known)
    if not by or is_hearsay(value.metadata) or _names_a_way(value):
        return value
    return _clicked(value, known.evidence.tid, by)


def claimed(known: OrderIn, value: OrderIn) -> OrderIn | None:
    """Return what a store has told with the click id that a browser tells after it; None where that adds none."""
    if is_hearsay(known.metadata) or not is_hearsay(value.metadata):
        return None
    if not value.evidence.tid or _names_a_way(known):
        return None
    if any(getattr(known, name) != getattr(value, name) for name in WEIGHTY):
        return None
    return _clicked(known, value.evidence.tid, _by(known, value))


def without_claim(known: OrderIn) -> OrderIn:
    """Return a store's own word, without the click id that a browser has added to it."""
    if EVIDENCE_BY not in known.metadata:
        return known
    metadata = {name: value for name, value in known.metadata.items() if name != EVIDENCE_BY}
    return replace(known, evidence=replace(known.evidence, tid=""), metadata=metadata)


def is_confirmed(differences: dict[str, list[Any]]) -> bool:
    """Say whether a revision's differences show that another door took the word over from a browser."""
    was, now = differences.get("metadata", [{}, {}])
    return is_hearsay(was) and not is_hearsay(now)


def is_said_anew(differences: dict[str, list[Any]]) -> bool:
    """Say whether they show that a browser's word came in, was vouched for or gave way."""
    was, now = differences.get("metadata", [{}, {}])
    return bool(is_confirmed(differences) or was.get(EVIDENCE_BY) != now.get(EVIDENCE_BY))


def _names_a_way(value: OrderIn) -> bool:
    said = value.evidence
    return bool(said.tid or said.ref or said.landing_url)


def _clicked(value: OrderIn, tid: str, by: str) -> OrderIn:
    if not tid:
        return value
    evidence = replace(value.evidence, tid=tid)
    return replace(value, evidence=evidence, metadata={**value.metadata, EVIDENCE_BY: by})


def _by(store: OrderIn, browser: OrderIn) -> str:
    """Whose word a click id is: a browser that tells the buyer's address is the buyer's own."""
    told, known = (
        digest_of(value.customer.email, str(value.metadata.get("email_sha256") or ""))
        for value in (browser, store)
    )
    return BUYER if known and told == known else BROWSER

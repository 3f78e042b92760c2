"""By what buyers, and the people behind accounts, are known again: read off orders, clicks, payees and log-ins.

What was forgotten or never told gives no mark: a program that keeps no addresses has no networks, a visitor without
consent no browser, a store that does not tell who paid no payment account.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from affiliates.actions.payees import marks_of as payees_of
from affiliates.models import Enrollment, Payee, Program
from core.crypto import fingerprint
from fraud.checks.facts import Mark, Marks
from fraud.gathering.orders import Sold, newest, read_sales
from fraud.models import KnownMark
from tracking.attribution.touches import SKEW
from tracking.buyers import (
    ADDRESS_MARK,
    NETWORK_MARK,
    device_mark,
    email_mark,
    network_mark,
    phone_mark,
)
from tracking.evidence.credits import PAYER
from tracking.evidence.visitors import keys_of_order
from tracking.models import Conversion, Customer, Identity

MOST_BROWSERS = 10  # of one buyer; who is known in more is a crowd, as are guests under one number
LETTERS = 64  # of a digest

Browsers = Mapping[int, Collection[UUID]]  # conversion -> visitors


def marks_of_sales(conversions: Iterable[Conversion]) -> dict[int, Marks]:
    """Return conversion -> marks of its buyer; four queries for each program among them, however many they are."""
    by_program: dict[int, list[Conversion]] = defaultdict(list)
    for one in conversions:
        by_program[one.program_id].append(one)
    found: dict[int, Marks] = {}
    for program, rows in by_program.items():
        found |= marks_of_sold(program, read_sales(program, rows))
    return found


def marks_of_sold(program_id: int, sold: Collection[Sold]) -> dict[int, Marks]:
    """Return conversion -> marks of its buyer, of sales of a program that were read: one query."""
    browsers = _browsers(program_id, sold)
    return {one.conversion.pk: _marks(one, browsers.get(one.conversion.pk, ())) for one in sold}


def marks_of_enrollments(program: Program, enrollments: Iterable[int] | None = None) -> dict[int, Marks]:
    """Return enrollment -> marks of the affiliate behind it, of those whose ids are given, or of all: three queries.

    They are its e-mail address and telephone, all payment accounts it ever had, and what was noted of it since
    (KnownMark): browsers and networks of its log-ins.
    """
    rows = Enrollment.objects.filter(program=program)
    noted = KnownMark.objects.filter(program=program, enrollment__isnull=False)
    if enrollments is not None:
        ids = list(enrollments)
        rows, noted = rows.filter(pk__in=ids), noted.filter(enrollment__in=ids)
    marks: dict[int, dict[Mark, set[str]]] = {}
    by_affiliate: dict[int, int] = {}
    said = rows.order_by("pk").values_list("pk", "affiliate", "affiliate__email", "affiliate__phone")
    for enrollment, affiliate, email, phone in said:
        by_affiliate[affiliate] = enrollment
        marks[enrollment] = defaultdict(
            set, {Mark.EMAIL: {email_mark(email)}, Mark.PHONE: {phone_mark(phone)}}
        )
    payees = Payee.objects.filter(affiliate__in=rows.values("affiliate")).values_list(
        "affiliate", "fingerprint"
    )
    for affiliate, digest in payees:
        marks[by_affiliate[affiliate]][Mark.PAYEE].add(digest)
    for enrollment, kind, digest in noted.values_list("enrollment", "kind", "digest"):
        if enrollment in marks:
            marks[enrollment][Mark(kind)].add(digest)
    return {enrollment: frozen(said) for enrollment, said in marks.items()}


def frozen(marks: Mapping[Mark, Iterable[str]]) -> Marks:
    """Return marks without empty digests, and without kinds of which none is left."""
    kept = {kind: frozenset(one for one in digests if one) for kind, digests in marks.items()}
    return {kind: digests for kind, digests in kept.items() if digests}


# --- of a buyer ----------------------------------------------------------------------------------------------
def _marks(sold: Sold, browsers: Collection[UUID]) -> Marks:
    """The order's own word first; the customer's row only where the order says nothing of the kind."""
    said, known, metadata = sold.value.customer, sold.customer, sold.value.metadata
    visit = sold.visit
    network = _digest(metadata.get(NETWORK_MARK)) or (network_mark(visit.ip) if visit and visit.ip else "")
    return frozen(
        {
            Mark.EMAIL: {email_mark(sold.email, sold.email_sha256)},
            Mark.PHONE: {phone_mark(said.phone) or (phone_mark(known.phone) if known else "")},
            Mark.CUSTOMER: _customers(sold, known),
            Mark.PAYEE: _payers(metadata.get(PAYER)),
            Mark.ADDRESS: {_digest(metadata.get(ADDRESS_MARK))},
            Mark.NETWORK: {network},
            Mark.DEVICE: {device_mark(one) for one in browsers},
        }
    )


def _customers(sold: Sold, known: Customer | None) -> set[str]:
    """The store's own number, which is somebody else's in another store, and our row."""
    marks, said = set(), sold.value.customer
    if said.external_id:
        text = f"{sold.conversion.program_id}|{sold.conversion.source}|{said.external_id}"
        marks.add(fingerprint(text, purpose="mark:customer"))
    if known is not None:
        marks.add(row_mark(known.pk))
    return marks


def row_mark(customer: int) -> str:
    """Return the mark of our own row of a customer, which may be known by an e-mail address alone."""
    return fingerprint(str(customer), purpose="mark:customer-row")


def _payers(account: object) -> list[str]:
    """All that may be paid to the account that paid: as affiliates' payees are compared."""
    return payees_of(account) if isinstance(account, str) and account else []


def _digest(said: object) -> str:
    return said if isinstance(said, str) and len(said) <= LETTERS else ""


def _browsers(program_id: int, sold: Collection[Sold]) -> Browsers:
    """The browser that bought, where a click tells it; else those that orders have proven to be the buyer's by then."""
    found: dict[int, Collection[UUID]] = {}
    keys: dict[int, tuple[str, ...]] = {}
    for one in sold:
        if one.visit is not None and one.visit.visitor:
            found[one.conversion.pk] = (one.visit.visitor,)
        elif not one.is_hearsay:
            keys[one.conversion.pk] = keys_of_order(one.conversion.order, one.value)
    wanted = {key for each in keys.values() for key in each}
    rows = Identity.objects.filter(program=program_id, key__in=wanted, is_proven=True)
    by_key = defaultdict(list)
    for key, visitor, at in newest(rows, ["key"], 5 * MOST_BROWSERS).values_list("key", "visitor", "at"):
        by_key[key].append((visitor, at))
    for one in sold:
        until = one.conversion.occurred_at + SKEW
        own = keys.get(one.conversion.pk, ())
        known = dict.fromkeys(visitor for key in own for visitor, at in by_key[key] if at <= until)
        if 0 < len(known) <= MOST_BROWSERS:
            found[one.conversion.pk] = tuple(known)
    return found

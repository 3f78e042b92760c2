"""About whom or what: a word that a person knows (an address, a number, a code) becomes the keys of the log."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from affiliates.models import Coupon, DirectLink, Enrollment, Link, Program
from integrations.models import Connection, RemoteRecord
from payouts.models import Payout
from tracking.models import Customer, Decision, Order

MOST = 500  # rows of a kind that one word may mean
_KEY = re.compile(r"[a-z_]+:\d{1,18}")


@dataclass(frozen=True, slots=True)
class About:
    """The keys that our messages carry ("order:7"), and the names that other systems' messages do ("1001")."""

    keys: frozenset[str]
    subjects: frozenset[str]


def about(merchants: Sequence[int], word: str) -> About:
    """Return all that a word may mean within some merchants.

    A key as it stands; the address or number of a customer, with its orders; an order's number; an affiliate's code,
    address or name, with its links, coupons, payouts and orders; a coupon's code, with its orders; another system's
    name of a record.
    """
    programs = list(Program.objects.filter(merchant__in=merchants).values_list("pk", flat=True))
    known = _by_remote(merchants, word)
    known |= {word} if _KEY.fullmatch(word) else set()
    customers = _customers(programs, word) | _numbers("customer", known)
    enrollments, coupons = _enrollments(programs, word), _coupons(programs, word)
    orders = _orders(programs, word, customers, _numbers("order", known), enrollments, coupons)
    keys = {*known, *(f"customer:{pk}" for pk in customers), *(f"order:{pk}" for pk in orders)}
    keys |= _of_enrollments(enrollments) | {f"coupon:{pk}" for pk in coupons}
    return About(
        frozenset(keys), frozenset({word, *filter(None, orders.values()), *_remote_names(merchants, keys)})
    )


def _numbers(noun: str, keys: Iterable[str]) -> set[int]:
    return {int(key.partition(":")[2]) for key in keys if key.startswith(f"{noun}:")}


def _by_remote(merchants: Sequence[int], word: str) -> set[str]:
    rows = RemoteRecord.objects.filter(connection__program__merchant__in=merchants, remote_id=word)
    return set(rows.values_list("local_key", flat=True)[:MOST])


def _remote_names(merchants: Sequence[int], keys: Iterable[str]) -> set[str]:
    mine = RemoteRecord.objects.filter(
        connection__program__merchant__in=merchants, local_key__in=list(keys)[: 2 * MOST]
    )
    return set(mine.values_list("remote_id", flat=True)[: 2 * MOST])


def _customers(programs: Sequence[int], word: str) -> set[int]:
    named = Q(email=word.lower()) | Q(external_id=word)
    return set(Customer.objects.filter(named, program__in=programs).values_list("pk", flat=True)[:MOST])


def _enrollments(programs: Sequence[int], word: str) -> dict[int, int]:
    """Membership -> the affiliate whose it is."""
    named = Q(code__iexact=word) | Q(affiliate__email__iexact=word) | Q(affiliate__name__iexact=word)
    rows = Enrollment.objects.filter(named, program__in=programs)
    return dict(rows.values_list("pk", "affiliate_id")[:MOST])


def _coupons(programs: Sequence[int], word: str) -> set[int]:
    rows = Coupon.objects.filter(program__in=programs, code__iexact=word)
    return set(rows.values_list("pk", flat=True)[:MOST])


def _of_enrollments(enrollments: Mapping[int, int]) -> set[str]:
    keys = {f"enrollment:{pk}" for pk in enrollments} | {f"profile:{pk}" for pk in enrollments.values()}
    if not enrollments:
        return keys
    mine = {"enrollment__in": list(enrollments)}
    for noun, model in (("link", Link), ("coupon", Coupon), ("direct_link", DirectLink), ("payout", Payout)):
        rows = model._default_manager.filter(**mine).order_by("-pk").values_list("pk", flat=True)[:MOST]
        keys |= {f"{noun}:{pk}" for pk in rows}
    return keys


def _orders(
    programs: Sequence[int],
    word: str,
    customers: set[int],
    numbers: set[int],
    enrollments: Mapping[int, int],
    coupons: set[int],
) -> dict[int, str]:
    """Order -> its number in its store, the newest ones."""
    meant = Q(external_id=word) | Q(pk__in=numbers) | Q(customer__in=customers)
    if enrollments or coupons:
        credited = Decision.objects.filter(
            Q(enrollment__in=list(enrollments)) | Q(coupon__in=coupons), program__in=programs
        )
        newest = credited.order_by("-pk").values_list("conversion__order_id", flat=True)[:MOST]
        meant |= Q(pk__in=list(newest))
    rows = Order.objects.filter(meant, program__in=programs).order_by("-pk")
    return dict(rows.values_list("pk", "external_id")[:MOST])


def names_of(merchants: Sequence[int], keys: Iterable[str]) -> dict[str, str]:
    """Return what people call the rows of some merchants that some keys stand for."""
    keys, own = set(keys), {"program__merchant__in": merchants}
    orders = Order.objects.filter(**own, pk__in=_numbers("order", keys)).values_list("pk", "external_id")
    customers = Customer.objects.filter(**own, pk__in=_numbers("customer", keys))
    enrollments = Enrollment.objects.filter(**own, pk__in=_numbers("enrollment", keys)).values_list(
        "pk", "code"
    )
    coupons = Coupon.objects.filter(**own, pk__in=_numbers("coupon", keys)).values_list("pk", "code")
    connections = Connection.objects.filter(**own, pk__in=_numbers("connection", keys))
    return {
        **{f"order:{pk}": name for pk, name in orders},
        **{f"customer:{row.pk}": str(row) for row in customers},
        **{f"enrollment:{pk}": code for pk, code in enrollments},
        **{f"coupon:{pk}": code for pk, code in coupons},
        **{f"connection:{pk}": name for pk, name in connections.values_list("pk", "name")},
    }

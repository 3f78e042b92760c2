"""The credits of a decision: everybody's share with sponsors and groups, and who of them bought from himself."""

from collections.abc import Iterable
from typing import Any

from affiliates.actions.payees import PayeeRefused, read_account
from affiliates.models import Affiliate, Enrollment, Group, Payee, PayeeMethod
from core.crypto import fingerprint
from tracking.attribution import Verdict
from tracking.identity import keys_of, normal_email, normal_phone
from tracking.models import Identity, Order
from tracking.orders import OrderIn

LEVELS_ABOVE = 9
FROZEN = frozenset({"group", "chain"})
PAYER = (
    "payer_account"  # in an order's metadata: the IBAN or PayPal address that paid, where a store tells it
)


def credits_of(
    order: Order, value: OrderIn, verdict: Verdict, before: Iterable[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return one credit a credited affiliate, the principal first; frozen with the decision.

    Who was credited `before` keeps chain and group: what has become of sponsors since counts for later orders.
    """
    frozen = {one["enrollment"]: one for one in before}
    ids = [enrollment for enrollment, _share in verdict.shares]
    rows = Enrollment.objects.filter(pk__in=ids).select_related("affiliate", "sponsor").in_bulk()
    above = {number: list(rows[number].upline(LEVELS_ABOVE)) for number in ids}
    names = _names_of_groups([*rows.values(), *(one for chain in above.values() for one in chain)])
    found = []
    for number, share in verdict.shares:
        credit = {
            "enrollment": number,
            "share": str(share),
            "group": names.get(rows[number].group_id, ""),
            "chain": [_sponsor(level, one, names) for level, one in enumerate(above[number], start=2)],
        }
        if number in frozen:
            credit |= {"group": "", **{key: frozen[number][key] for key in FROZEN & frozen[number].keys()}}
        own = self_referral(rows[number].affiliate, order, value)
        found.append(credit | ({"own": own} if own else {}))
    return found


def _sponsor(level: int, one: Enrollment, names: dict[int | None, str]) -> dict[str, Any]:
    return {
        "level": level,
        "enrollment": one.pk,
        "active": one.is_active,
        "group": names.get(one.group_id, ""),
    }


def _names_of_groups(enrollments: list[Enrollment]) -> dict[int | None, str]:
    ids = {one.group_id for one in enrollments if one.group_id is not None}
    return dict(Group.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


# --- is the buyer the affiliate itself? ----------------------------------------------------------------------
def self_referral(affiliate: Affiliate, order: Order, value: OrderIn) -> str:
    """Return by what the buyer is the affiliate itself (email, phone, customer, payee), or an empty text."""
    address, phone = normal_email(affiliate.email), normal_phone(affiliate.phone)
    digest = str(value.metadata.get("email_sha256") or "")
    said = keys_of(order.program_id, order.source, email=value.customer.email, email_sha256=digest)
    if said and said == keys_of(order.program_id, order.source, email=address):
        return "email"
    if phone and phone == normal_phone(value.customer.phone):
        return "phone"
    if _is_customer(address, phone, order, value):
        return "customer"
    return "payee" if _is_payee(affiliate, value) else ""


def _is_customer(address: str, phone: str, order: Order, value: OrderIn) -> bool:
    """Whether the customer is known by the affiliate's address or number: from earlier orders, or by the shop's own
    word, which gave the customer's number and the address together.
    """
    row = order.customer
    if row is not None and address and address == normal_email(row.email):
        return True
    if row is not None and phone and phone == normal_phone(row.phone):
        return True
    number = keys_of(order.program_id, order.source, value.customer.external_id)
    own = keys_of(order.program_id, order.source, email=address)
    if not number or not own:
        return False
    rows = Identity.objects.filter(program=order.program_id, is_proven=True)
    told = set(rows.filter(key__in=number).values_list("visitor", "at"))
    return bool(told) and not told.isdisjoint(rows.filter(key__in=own).values_list("visitor", "at"))


def _is_payee(affiliate: Affiliate, value: OrderIn) -> bool:
    """Whether the account that paid the order is one that the affiliate is, or was, paid to."""
    account = value.metadata.get(PAYER)
    if not isinstance(account, str) or not account:
        return False
    marks = []
    for method in PayeeMethod.values:
        try:
            marks.append(fingerprint(f"{method}:{read_account(method, account)[0]}", purpose="payee"))
        except PayeeRefused:
            continue
    return bool(Payee.objects.filter(affiliate=affiliate, fingerprint__in=marks).exists())

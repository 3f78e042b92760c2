"""Links and coupons; a link leads only where the program allows."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.codes import random_code
from affiliates.models import Coupon, CouponKind, CouponPolicy, Enrollment, Link, Program
from affiliates.roles import demand
from affiliates.states import IllegalMove
from core import events
from core.models import User

SUB_IDS = 5
COUPON_LETTERS = 80


class DestinationRefused(ValueError):
    """The address is outside of what the program allows."""


def check_destination(program: Program, url: str) -> str:
    """Return the address if a link of the program may lead there; raise DestinationRefused with the reason."""
    if any(ord(letter) <= 32 or letter == "\\" or ord(letter) == 127 for letter in url):
        raise DestinationRefused(_("The address must not contain spaces, backslashes or control characters."))
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode().lower()
        port = parts.port
    except (ValueError, UnicodeError) as wrong:
        raise DestinationRefused(_("This is not a web address.")) from wrong
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None or "@" in parts.netloc:
        raise DestinationRefused(_("The address must begin with https:// and name a host."))
    named = f"{host}:{port}" if port else host
    home = urlsplit(program.home_url)
    allowed = {item.lower() for item in program.allowed_hosts} | {home.netloc.lower()}
    if named not in allowed and not (port in {None, 80, 443} and host in allowed):
        hosts = ", ".join(sorted(allowed))
        raise DestinationRefused(_("Links of this program lead to: %(hosts)s.") % {"hosts": hosts})
    return url


@transaction.atomic
def create_link(
    enrollment: Enrollment,
    destination: str,
    *,
    name: str = "",
    sub_ids: Sequence[str] = (),
    actor: User | None = None,
    at: datetime | None = None,
) -> Link:
    """Make a short address for a page of the shop; raise DestinationRefused or IllegalMove."""
    if actor is not None and enrollment.affiliate.user_id != actor.pk:
        demand(actor, "manage_affiliates", enrollment.program.merchant_id)
    if not enrollment.is_active:
        raise IllegalMove(_("Only an active enrollment may have new links."))
    check_destination(enrollment.program, destination)
    if len(sub_ids) > SUB_IDS or any(len(sub) > 80 for sub in sub_ids):
        raise IllegalMove(_("At most five sub ids of 80 letters each."))
    link = _link(enrollment, destination, name=name, sub_ids=list(sub_ids), created_at=at or timezone.now())
    _record("link.created", link, actor, at)
    return link


def create_default_link(enrollment: Enrollment, *, at: datetime | None = None) -> Link:
    """Make the link to the program's home page that every active enrollment has; once."""
    existing: Link | None = Link.objects.filter(enrollment=enrollment, is_default=True).first()
    if existing is not None:
        return existing
    link = _link(enrollment, enrollment.program.home_url, is_default=True, created_at=at or timezone.now())
    _record("link.created", link, None, at)
    return link


def _link(enrollment: Enrollment, destination: str, **fields: object) -> Link:
    """Insert under the first free code: the affiliate's own for the default link, else a random one."""
    codes = [enrollment.code] if fields.get("is_default") else []
    for code in (*codes, *(random_code(7) for _n in range(8))):
        if len(code) < 3 or Link.objects.filter(code=code).exists():
            continue
        try:
            with transaction.atomic():
                link: Link = Link.objects.create(
                    enrollment=enrollment, code=code, destination=destination, **fields
                )
                return link
        except IntegrityError:
            continue
    raise IllegalMove(_("No free code was found; try again."))


def pause_link(link: Link, *, actor: User, at: datetime | None = None) -> Link:
    """Switch a link off: from then on it leads to the program's home page and counts nothing."""
    return _switch(link, False, "link.paused", actor, at)


def resume_link(link: Link, *, actor: User, at: datetime | None = None) -> Link:
    """Switch a link on again."""
    return _switch(link, True, "link.resumed", actor, at)


@transaction.atomic
def _switch(link: Link, on: bool, kind: str, actor: User, at: datetime | None) -> Link:
    link = Link.objects.select_for_update().get(pk=link.pk)
    if link.enrollment.affiliate.user_id != actor.pk:
        demand(actor, "manage_affiliates", link.enrollment.program.merchant_id)
    if link.is_active == on:
        return link
    link.is_active = on
    link.save(update_fields=["is_active", "changed_at"])
    _record(kind, link, actor, at)
    return link


def _record(kind: str, link: Link, actor: User | None, at: datetime | None) -> None:
    program = link.enrollment.program
    events.record(kind, link, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at)


@transaction.atomic
def create_coupon(
    enrollment: Enrollment,
    code: str,
    *,
    kind: str = CouponKind.PERSONAL,
    policy: str = CouponPolicy.ALWAYS,
    note: str = "",
    actor: User | None = None,
    at: datetime | None = None,
) -> Coupon:
    """Give a discount code of the store to an affiliate; a code that is taken raises IllegalMove."""
    program = enrollment.program
    if actor is not None:
        demand(actor, "manage_affiliates", program.merchant_id)
    if not 0 < len(Coupon.normal(code)) <= COUPON_LETTERS:
        raise IllegalMove(_("The coupon needs a code of at most 80 letters."))
    try:
        with transaction.atomic():
            coupon: Coupon = Coupon.objects.create(
                program=program,
                enrollment=enrollment,
                code=Coupon.normal(code),
                kind=kind,
                policy=policy,
                note=note,
            )
    except IntegrityError as taken:
        raise IllegalMove(_("This coupon belongs to somebody already.")) from taken
    events.record("coupon.created", coupon, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at)
    return coupon


@transaction.atomic
def retire_coupon(coupon: Coupon, *, actor: User) -> Coupon:
    """Stop crediting a coupon."""
    demand(actor, "manage_affiliates", coupon.program.merchant_id)
    coupon = Coupon.objects.select_for_update().get(pk=coupon.pk)
    coupon.is_active = False
    coupon.save(update_fields=["is_active"])
    return coupon

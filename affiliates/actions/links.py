"""Links; each leads only where the program allows, and its code never changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.codes import LETTERS, CodeRefused, chosen_code, random_code
from affiliates.destinations import DestinationRefused, LinkRefused, check_destination
from affiliates.link_choices import SUB_IDS, read_choice
from affiliates.models import Enrollment, Link, Merchant, Program
from affiliates.roles import demand
from affiliates.states import IllegalMove
from core import events
from core.models import User

__all__ = [
    "SUB_IDS",
    "DestinationRefused",
    "LinkRefused",
    "change_link",
    "check_destination",
    "create_default_link",
    "create_link",
    "pause_link",
    "resume_link",
]

LONGEST_CODE = 40
MOST_OPEN, MOST_OWN_CODES = (
    1000,
    50,
)  # of one enrollment: codes are the whole installation's, once taken never free
DRAWN_LETTERS = 7
DRAWN = f"^[{LETTERS}]{{{DRAWN_LETTERS}}}$"
HOME_ONLY = ("destination", "expires_at")  # what the link to the home page has once and for all


@transaction.atomic
def create_link(
    enrollment: Enrollment,
    destination: str,
    *,
    code: str = "",
    name: str = "",
    sub_ids: Sequence[str] = (),
    expires_at: datetime | None = None,
    rules: Sequence[Mapping[str, Any]] = (),
    rotation: Sequence[Mapping[str, Any]] = (),
    actor: User | None = None,
    at: datetime | None = None,
) -> Link:
    """Make a short address for a page of the shop, under a code of one's own or a random one.

    Raises LinkRefused (DestinationRefused for an address) and says of what, or IllegalMove.
    """
    _demand(enrollment, actor)
    if not enrollment.is_active:
        raise IllegalMove(_("Only an active enrollment may have new links."))
    _keep_within_limits(enrollment, is_own_code=bool(code))
    now = at or timezone.now()
    asked: dict[str, Any] = {"destination": destination, "name": name, "sub_ids": sub_ids}
    asked |= {"expires_at": expires_at, "rules": rules, "rotation": rotation}
    chosen = {field: read_choice(enrollment.program, field, value, now) for field, value in asked.items()}
    chosen["created_at"] = now
    link = _under_own_code(enrollment, code, chosen) if code else _under_free_code(enrollment, chosen)
    _record("link.created", link, actor, at)
    return link


def create_default_link(enrollment: Enrollment, *, at: datetime | None = None) -> Link:
    """Make the link to the program's home page that every active enrollment has; once."""
    existing: Link | None = Link.objects.filter(enrollment=enrollment, is_default=True).first()
    if existing is not None:
        return existing
    home = {
        "destination": enrollment.program.home_url,
        "is_default": True,
        "created_at": at or timezone.now(),
    }
    link = _under_free_code(enrollment, home, enrollment.code)
    _record("link.created", link, None, at)
    return link


def _under_free_code(enrollment: Enrollment, fields: dict[str, Any], *wanted: str) -> Link:
    """Insert under the first code that is free: one of the wanted, else a random one."""
    for code in (*wanted, *(random_code(DRAWN_LETTERS) for _n in range(8))):
        link = _insert(enrollment, code, fields) if len(code) >= 3 else None
        if link is not None:
            return link
    raise IllegalMove(_("No free code was found; try again."))


def _under_own_code(enrollment: Enrollment, wanted: str, fields: dict[str, Any]) -> Link:
    """Insert under a code that the person chose; one that is taken, or names somebody else, is refused."""
    try:
        code = chosen_code(wanted)
    except CodeRefused as refused:
        raise LinkRefused(str(refused), "code") from refused
    link = None if _names_somebody_else(enrollment, code) else _insert(enrollment, code, fields)
    if link is None:
        words = {"code": code, "free": _free_like(code)}
        raise LinkRefused(_("“%(code)s” is taken. This one is free: %(free)s.") % words, "code")
    return link


def _names_somebody_else(enrollment: Enrollment, code: str) -> bool:
    """Whether it is the code of another affiliate, or the short name of another merchant or program."""
    program = enrollment.program
    if Enrollment.objects.filter(code=code).exclude(pk=enrollment.pk).exists():
        return True
    if code in (program.slug, program.merchant.slug):
        return False
    return bool(Merchant.objects.filter(slug=code).exists() or Program.objects.filter(slug=code).exists())


def _keep_within_limits(enrollment: Enrollment, *, is_own_code: bool) -> None:
    """Refuse one link, or one code of one's own, too many; whoever asks at the same moment waits."""
    Enrollment.objects.select_for_update(no_key=True).only("pk").get(pk=enrollment.pk)
    links = Link.objects.filter(enrollment=enrollment)
    if links.filter(is_active=True).count() >= MOST_OPEN:
        words = _("%(most)s links are open, and more are not possible: pause those that nobody follows.")
        raise IllegalMove(words % {"most": MOST_OPEN})
    if is_own_code and links.filter(is_default=False).exclude(code__regex=DRAWN).count() >= MOST_OWN_CODES:
        words = _(
            "%(most)s links have endings of your own, and more are not possible: leave this field empty."
        )
        raise LinkRefused(words % {"most": MOST_OWN_CODES}, "code")


def _insert(enrollment: Enrollment, code: str, fields: dict[str, Any]) -> Link | None:
    """Insert the row; None where the code is taken already, or is at this very moment."""
    if Link.objects.filter(code=code).exists():
        return None
    try:
        with transaction.atomic():
            link: Link = Link.objects.create(enrollment=enrollment, code=code, **fields)
            return link
    except IntegrityError:
        return None


def _free_like(code: str) -> str:
    """A code like the taken one that nobody has yet."""
    tries = [*(str(number) for number in range(2, 10)), random_code(5)]
    near = [f"{code[: LONGEST_CODE - len(end) - 1].rstrip('-')}-{end}" for end in tries]
    taken = {
        *Link.objects.filter(code__in=near).values_list("code", flat=True),
        *Enrollment.objects.filter(code__in=near).values_list("code", flat=True),
    }
    return next(free for free in [*near, random_code(DRAWN_LETTERS)] if free not in taken)


@transaction.atomic
def change_link(link: Link, *, actor: User | None = None, at: datetime | None = None, **choices: Any) -> Link:
    """Change where a link leads and what is noted of it (`choices`: those of link_choices.READERS); not its code.

    What is not named stays. Raises LinkRefused (DestinationRefused for an address) or IllegalMove.
    """
    link = Link.objects.select_for_update().get(pk=link.pk)
    enrollment = link.enrollment
    _demand(enrollment, actor)
    if not enrollment.is_active:
        raise IllegalMove(_("The links of an enrollment that is not active stay as they are."))
    changed = _changes(link, choices, at or timezone.now())
    if not changed:
        return link
    data = {name: [_told(getattr(link, name)), _told(value)] for name, value in changed.items()}
    for name, value in changed.items():
        setattr(link, name, value)
    link.save(update_fields=[*changed, "changed_at"])
    _record("link.changed", link, actor, at, data)
    return link


def _changes(link: Link, choices: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What is different, read and checked; what stays as it is is not asked again."""
    asked = {name: value for name, value in choices.items() if value != getattr(link, name)}
    fixed = next((name for name in HOME_ONLY if name in asked and link.is_default), None)
    if fixed is not None:
        words = _(
            "This link always leads to the program’s home page; make another one for a page of the shop."
        )
        raise LinkRefused(words, fixed)
    program = link.enrollment.program
    read = {name: read_choice(program, name, value, now) for name, value in asked.items()}
    return {name: value for name, value in read.items() if value != getattr(link, name)}


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def pause_link(link: Link, *, actor: User, at: datetime | None = None) -> Link:
    """Switch a link off: from then on it leads to the program's home page and counts nothing."""
    return _switch(link, False, "link.paused", actor, at)


def resume_link(link: Link, *, actor: User, at: datetime | None = None) -> Link:
    """Switch a link on again."""
    return _switch(link, True, "link.resumed", actor, at)


@transaction.atomic
def _switch(link: Link, on: bool, kind: str, actor: User, at: datetime | None) -> Link:
    link = Link.objects.select_for_update().get(pk=link.pk)
    _demand(link.enrollment, actor)
    if link.is_active == on:
        return link
    if on:
        _keep_within_limits(link.enrollment, is_own_code=False)
    link.is_active = on
    link.save(update_fields=["is_active", "changed_at"])
    _record(kind, link, actor, at)
    return link


def _demand(enrollment: Enrollment, actor: User | None) -> None:
    """The affiliate itself, or somebody who manages affiliates."""
    if actor is not None and enrollment.affiliate.user_id != actor.pk:
        demand(actor, "manage_affiliates", enrollment.program.merchant_id)


def _record(
    kind: str, link: Link, actor: User | None, at: datetime | None, data: dict[str, Any] | None = None
) -> None:
    program = link.enrollment.program
    events.record(kind, link, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)

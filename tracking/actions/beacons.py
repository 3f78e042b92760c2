"""What the tag tells becomes facts: the page a click led to, consent, and whose browser it is.

A beacon's state moves in the transaction of its effect, so each is taken once. Nobody is told of a page seen, as of a
click: these rows are their own record.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from affiliates.models import Link
from core import events
from core.models import User
from tracking.clickid import ClickId, read
from tracking.identity import keys_of
from tracking.models import Beacon, Click, Identity
from tracking.states import BeaconState, Consent
from tracking.told import Told, Untold

TAKEN_KEPT = timedelta(days=30)
REFUSED_KEPT = timedelta(days=90)
MOST_KEYS = 10  # of one browser: a family may share it, a crowd does not
TAG = "tag"
ON_ITS_WAY = timedelta(days=1)  # no click's row takes longer
EARLY = "early"
_AT_ONCE = 1000


class Early(Exception):
    """The row of the beacon's click is still on its way."""


def waiting_beacons(limit: int) -> list[tuple[str, str]]:
    """Return id and kind of the beacons that wait, in the order of their ids; those that came too early at the end."""
    rows = Beacon.objects.filter(state=BeaconState.WAITING).order_by("reason", "pk")
    return list(rows.values_list("pk", "kind")[:limit])


def claim_beacons(ids: Sequence[str]) -> list[Beacon]:
    """Lock those that still wait and that nobody else is at, in the order of their ids; inside a transaction."""
    rows = (
        Beacon.objects.filter(pk__in=ids, state=BeaconState.WAITING).select_related("program").order_by("pk")
    )
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    return list(rows)


@transaction.atomic
def close_beacons(beacons: Sequence[Beacon], reasons: dict[str, str]) -> None:
    """Mark locked beacons as taken, or as refused where a reason stands for their id."""
    done = [beacon.pk for beacon in beacons if beacon.pk not in reasons]
    Beacon.objects.filter(pk__in=done).update(state=BeaconState.TAKEN, reason="")
    for pk, reason in reasons.items():
        Beacon.objects.filter(pk=pk).update(state=BeaconState.REFUSED, reason=reason[:300])


@transaction.atomic
def postpone_beacons(beacons: Sequence[Beacon]) -> None:
    """Let locked beacons wait behind all others."""
    ids = [beacon.pk for beacon in beacons if beacon.reason != EARLY]
    if ids:
        Beacon.objects.filter(pk__in=ids).update(reason=EARLY)


@transaction.atomic
def retry_beacon(beacon: Beacon, *, actor: User | None = None, at: datetime | None = None) -> Beacon:
    """Let a refused beacon be read once more, as after a mended setting; one that is not refused is left."""
    beacon = Beacon.objects.select_for_update(of=("self",)).select_related("program").get(pk=beacon.pk)
    if beacon.state != BeaconState.REFUSED:
        return beacon
    program, data = beacon.program, {"reason": beacon.reason}
    beacon.state, beacon.reason = BeaconState.WAITING, ""
    beacon.save(update_fields=["state", "reason"])
    events.record(
        "beacon.retried", beacon, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
    return beacon


def own_click(beacon: Beacon) -> ClickId | None:
    """Return what the beacon's click id says; None without one. Raises Untold for an id that is not this program's."""
    if not beacon.tid:
        return None
    named = read(beacon.tid)
    links = Link.objects.filter(enrollment__program=beacon.program_id)
    if named is None or not links.filter(pk=named.link_id).exists():
        raise Untold("The click id is not one of this program.")
    return named


def _is_early(beacon: Beacon, named: ClickId, at: datetime) -> bool:
    """Whether the row of a click, which has not come, may come yet: both are younger than a day."""
    return min(beacon.at, named.at) > at - ON_ITS_WAY


@transaction.atomic
def take_page(beacon: Beacon, *, at: datetime | None = None) -> None:
    """Note on the click which page it led to, the first time, and what the visitor allows; raises Untold or Early."""
    named = own_click(beacon)
    if named is None:
        return
    click = Click.objects.filter(pk=named.uuid, program=beacon.program_id)
    if _is_early(beacon, named, at or timezone.now()) and not click.exists():
        raise Early
    if beacon.page:
        click.filter(landing="", is_bare=False).update(landing=beacon.page[:1000])
    if beacon.consent != Consent.UNKNOWN:
        click.exclude(consent=beacon.consent).update(consent=beacon.consent)
    if beacon.consent == Consent.GRANTED:
        _know_browser(beacon, click.first())


def _know_browser(beacon: Beacon, click: Click | None) -> None:
    """A click made before consent belongs to no browser yet; once the page may keep ids, it says which it kept before.

    The browser is called by its first click. Two that are known already stay two.
    """
    if click is None or click.is_bot:
        return
    told = read(beacon.data.get("was")) if isinstance(beacon.data, dict) else None
    rows = Click.objects.filter(program=beacon.program_id)
    before = rows.filter(pk=told.uuid, at__lte=click.at).first() if told else None
    visitor = click.visitor or (before and (before.visitor or before.pk)) or click.pk
    ids = [one.pk for one in (click, before) if one and one.visitor is None and not one.is_bare]
    rows.filter(pk__in=ids, visitor=None).update(visitor=visitor)


@transaction.atomic
def take_identity(beacon: Beacon, *, at: datetime | None = None) -> None:
    """Note that the browser of the click says it belongs to the customer who was named; raises Untold or Early.

    A click without a visitor says nothing of a browser, and nothing is noted.
    """
    named = own_click(beacon)
    if named is None:
        raise Untold("Without a click id nobody is recognized.")
    keys = _keys(beacon)
    click = Click.objects.filter(pk=named.uuid, program=beacon.program_id).first()
    if click is None and _is_early(beacon, named, at or timezone.now()):
        raise Early
    if click is None or click.visitor is None:
        return
    known = set(
        Identity.objects.filter(program=beacon.program_id, visitor=click.visitor).values_list(
            "key", flat=True
        )
    )
    new = [key for key in keys if key not in known]
    if len(known) + len(new) > MOST_KEYS:
        raise Untold("This browser has named more customers than one browser has.")
    rows = [
        Identity(program_id=beacon.program_id, visitor=click.visitor, key=key, at=beacon.at) for key in new
    ]
    Identity.objects.bulk_create(rows, ignore_conflicts=True)


def _keys(beacon: Beacon) -> list[str]:
    told = Told(beacon.data if isinstance(beacon.data, dict) else {})
    customer, email = told.text("customer", 120), told.text("email", 254)
    digest = told.text("email_sha256", 64)
    source = told.word("source", 60) or TAG
    keys = keys_of(beacon.program_id, source, customer, email, digest)
    if not keys:
        raise Untold("It names no customer: say customer, email or email_sha256.")
    return list(keys)


def forget_beacons(at: datetime | None = None) -> int:
    """Delete beacons taken more than 30 days ago and refused ones of more than 90; return how many."""
    now = at or timezone.now()
    old = (BeaconState.TAKEN, now - TAKEN_KEPT), (BeaconState.REFUSED, now - REFUSED_KEPT)
    forgotten = 0
    for state, before in old:
        rows = Beacon.objects.filter(state=state, at__lt=before).order_by("pk")
        while ids := list(rows.values_list("pk", flat=True)[:_AT_ONCE]):
            forgotten += Beacon.objects.filter(pk__in=ids).delete()[0]
    return forgotten

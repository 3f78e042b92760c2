"""Beacons become facts: pages and identities many at once, conversions one by one through the door for orders.

Each is alone in its savepoint: one that cannot be taken is refused with its reason and stops nobody. It is taken in the
transaction that moves its state, so it is taken once, whoever is killed when; two workers never hold the same one.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from affiliates.models import BrowserOrders
from commissions.actions.deadlocks import again_after_deadlock
from commissions.actions.intake import take_orders
from tracking.actions import beacons as tracking
from tracking.hearsay import BROWSER, BY, OLDEST, WEIGHTY
from tracking.models import Beacon
from tracking.orders import OrderIn
from tracking.states import BeaconKind
from tracking.told import Told, Untold, order_in

log = logging.getLogger(__name__)

TURN = 2000
BATCH = 200
CHANNELS = frozenset({"tag", "pixel"})


def take_beacons() -> int:
    """Take what waits, at most 2,000 at a turn, in the order of ids; return how many were taken or refused."""
    waiting = tracking.waiting_beacons(TURN)
    done = 0
    for tells_order, run in groupby(waiting, key=lambda row: row[1] == BeaconKind.CONVERSION):
        # an order locks its buyer and counters until it is committed: it is a transaction of its own
        ids, size = [pk for pk, _kind in run], 1 if tells_order else BATCH
        done += sum(take_some(ids[first : first + size]) for first in range(0, len(ids), size))
    return done


@again_after_deadlock
@transaction.atomic
def take_some(ids: Sequence[Any]) -> int:
    """Take those that still wait, in one transaction; return how many were taken or refused.

    One whose click is still on its way goes on waiting, behind the others.
    """
    beacons = tracking.claim_beacons(ids)
    reasons: dict[Any, str] = {}
    early = []
    for beacon in beacons:
        try:
            with transaction.atomic():
                _verb(beacon)(beacon)
        except tracking.Early:
            early.append(beacon)
        except Untold as trouble:
            reasons[beacon.pk] = str(trouble)
        except OperationalError:
            raise
        except Exception:
            log.exception("beacon %s could not be taken", beacon.pk)
            reasons[beacon.pk] = _("It could not be taken: an error that nobody foresaw. It is logged.")
    done = [beacon for beacon in beacons if beacon not in early]
    tracking.close_beacons(done, reasons)
    tracking.postpone_beacons(early)
    return len(done)


def _verb(beacon: Beacon) -> Callable[[Beacon], None]:
    return {
        BeaconKind.PAGE.value: tracking.take_page,
        BeaconKind.IDENTIFY.value: tracking.take_identity,
        BeaconKind.CONVERSION.value: _take_order,
    }[beacon.kind]


def _take_order(beacon: Beacon) -> None:
    """Take an order that a browser reports: new, or known with the same total.

    Of a known one it changes nothing; it may only add its click where a store named none.
    """
    order = reported_order(beacon)
    taken = take_orders(beacon.program, [order], mode="create")[0]
    changed = [name for name in WEIGHTY if name in taken.differences]
    if taken.status == "conflict" and changed:
        raise Untold(
            _("Order %(order)s is known with other content (%(names)s); a browser changes nothing of it.")
            % {"order": order.external_id, "names": ", ".join(changed)}
        )
    if beacon.tid:
        _note_buyer(beacon)


def _note_buyer(beacon: Beacon) -> None:
    """Whoever bought in this browser is known by it from now on, as far as the order names a buyer."""
    with suppress(Untold, tracking.Early):
        tracking.take_identity(beacon)


def reported_order(beacon: Beacon) -> OrderIn:
    """Return the order that a beacon tells; raises Untold where it tells none, or the program takes none."""
    program = beacon.program
    if program.browser_orders == BrowserOrders.REFUSE:
        raise Untold(_("The program takes no orders that browsers report."))
    if not isinstance(beacon.data, dict):
        raise Untold(_("It tells nothing of an order."))
    told = Told({**beacon.data, "tid": beacon.tid, "occurred_at": ""})
    channel = told.word("channel", 40)
    order = order_in(
        told,
        source=told.word("source", 60) or tracking.TAG,
        currency=program.currency,
        at=beacon.at,
        channel=channel if channel in CHANNELS else tracking.TAG,
        metadata=_metadata(told),
    )
    # the oldest revision there is: every other door's word is newer
    return replace(order, revision_at=OLDEST)


def _metadata(told: Told) -> dict[str, str]:
    """Who told of it, and the fingerprint of the buyer's address where the tag gives only that away."""
    digest = told.text("email_sha256", 64).lower()
    return {BY: BROWSER} | ({"email_sha256": digest} if digest else {})

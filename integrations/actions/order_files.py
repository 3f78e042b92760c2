"""Files of sales: uploaded, looked at, then taken in some at a time; nothing counts before somebody has said yes."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates import roles
from affiliates.models import Program
from commissions.actions import Taken, take_orders, take_refunds
from commissions.actions.deadlocks import again_after_deadlock
from core import events
from core.failpoints import failpoint
from core.models import User
from integrations import presets
from integrations.actions.doubts import strangers, twins
from integrations.actions.file_contents import (
    Contents,
    Group,
    RefundTold,
    contents_of,
    mappings_of,
    unforeseen,
)
from integrations.actions.taking import together_or_alone
from integrations.mapped_files import read_mapped
from integrations.models import Connection, OrderFile
from integrations.order_files import OrderFileError, read_table, read_text
from integrations.states import OrderFileState
from tracking.actions.orders import Mode
from tracking.models import Order
from tracking.orders import OrderIn
from tracking.told import OWN_SOURCE

log = logging.getLogger(__name__)

BATCH = 200
KEPT = timedelta(days=90)  # a file names buyers: whoever corrects its refused rows has done so by then
COUNTS = ("created", "same", "revised", "conflict", "refused")


class FileIsElsewhere(ValueError):
    """The file is in another state than the verb needs; the text is a sentence for people."""


@transaction.atomic
def upload_file(
    program: Program,
    *,
    name: str,
    source: str,
    channel: str,
    content: bytes,
    preset: str = "",
    connection: Connection | None = None,
    actor: User | None = None,
    at: datetime | None = None,
) -> OrderFile:
    """Keep a file of sales to be looked at; raises OrderFileError for one that cannot be read, or a source in use.

    Its columns have our own names, or those of another platform (`preset`), or the `connection` that brought it says
    what they mean.
    """
    _demand(program, actor)
    if connection is None:
        _check_source(program, source)
    text = read_text(content)
    mappings = presets.mappings_of(preset) if preset else {}
    is_mapped = bool(preset) or connection is not None
    table = read_mapped(text, {}) if is_mapped else read_table(text)
    row: OrderFile = OrderFile.objects.create(
        program=program,
        name=name[:200],
        source=source,
        channel=channel[:40],
        text=text,
        mappings=mappings,
        connection=connection,
        outcome={"preset": preset} if preset else {},
        created_by=actor,
        created_at=at or timezone.now(),
    )
    _record("order_file.uploaded", row, actor, at, {"rows": table.row_count})
    return row


def _check_source(program: Program, source: str) -> None:
    try:
        validate_slug(source)
    except ValidationError:
        raise OrderFileError(_("A source is a short word of letters, digits and dashes.")) from None
    if source == OWN_SOURCE:
        raise OrderFileError(_("The source “%(source)s” is reserved.") % {"source": source})
    if Connection.objects.filter(program=program, source=source).exists():
        raise OrderFileError(
            _("“%(source)s” is the source of a connection, which tells its orders itself: choose another.")
            % {"source": source}
        )


@transaction.atomic
def confirm_file(
    file: OrderFile,
    *,
    skips_twins: bool = False,
    actor: User | None = None,
    at: datetime | None = None,
) -> OrderFile:
    """Say yes to a file: its sales are taken in as soon as a worker is free, by the mappings of this moment.

    `skips_twins` leaves out what another source seems to have told already.
    """
    row = _locked(file, actor)
    if row.state in (OrderFileState.TAKING, OrderFileState.TAKEN):
        return row
    if row.state != OrderFileState.UPLOADED:
        raise FileIsElsewhere(_("The file was thrown away: upload it again."))
    row.mappings = {kind: document for (_way, kind), document in mappings_of(row).items()}
    row.state = OrderFileState.TAKING
    row.outcome = {"next": 0, "counts": dict.fromkeys(COUNTS, 0), "refused": [], "skips_twins": skips_twins}
    row.save(update_fields=["state", "outcome", "mappings"])
    _record("order_file.confirmed", row, actor, at)
    return row


@transaction.atomic
def discard_file(file: OrderFile, *, actor: User | None = None, at: datetime | None = None) -> OrderFile:
    """Throw a file away that nobody has said yes to; what it says is forgotten."""
    row = _locked(file, actor)
    if row.state == OrderFileState.DISCARDED:
        return row
    if row.state != OrderFileState.UPLOADED:
        raise FileIsElsewhere(_("Its sales are taken in already: correct them one by one."))
    row.state, row.text = OrderFileState.DISCARDED, ""
    row.save(update_fields=["state", "text"])
    _record("order_file.discarded", row, actor, at)
    return row


@transaction.atomic
def forget_file(file: OrderFile, *, actor: User | None = None, at: datetime | None = None) -> OrderFile:
    """Forget what a file says, or throw it away unused; what became of its rows stays.

    One that is being taken in stays whole.
    """
    row = _locked(file, actor)
    if row.state == OrderFileState.UPLOADED:
        return discard_file(row, actor=actor, at=at)
    if row.state == OrderFileState.TAKING or not row.text:
        return row
    row.text = ""
    row.save(update_fields=["text"])
    _record("order_file.forgotten", row, actor, at)
    return row


def forget_files(at: datetime | None = None) -> int:
    """Forget files taken in more than 90 days ago, or uploaded and left as long; return how many."""
    before = (at or timezone.now()) - KEPT
    is_taken = Q(state=OrderFileState.TAKEN, taken_at__lt=before) & ~Q(text="")
    is_left = Q(state=OrderFileState.UPLOADED, created_at__lt=before)
    files = list(OrderFile.objects.filter(is_taken | is_left).defer("text", "outcome").order_by("pk"))
    for file in files:
        forget_file(file, at=at)
    return len(files)


@again_after_deadlock
@transaction.atomic
def take_file(file: OrderFile, *, after: int = 0, at: datetime | None = None) -> OrderFile:
    """Take in the next 200 orders behind the first `after`, and ask for the others; those were taken is nothing to do.

    Orders and the place in the file move in one transaction: a worker that dies leaves it where it was.
    """
    row = _locked(file, None)
    if row.state != OrderFileState.TAKING or row.outcome["next"] != after:
        return row
    contents = contents_of(row)
    some = contents.table.groups[after : after + BATCH]
    _take(row, contents, some, at)
    row.outcome["next"] = after + len(some)
    if row.outcome["next"] < len(contents.table.groups):
        row.save(update_fields=["outcome"])
        _record("order_file.taking", row, None, at, {"after": row.outcome["next"]})
    else:
        row.state, row.taken_at = OrderFileState.TAKEN, at or timezone.now()
        row.save(update_fields=["outcome", "state", "taken_at"])
        _record("order_file.taken", row, None, at, row.outcome["counts"])
    failpoint("order_file.before_commit")
    return row


def _take(row: OrderFile, contents: Contents, groups: Sequence[Group], at: datetime | None) -> None:
    orders: list[tuple[Group, OrderIn]] = []
    refunds: list[tuple[Group, RefundTold]] = []
    for group in groups:
        told = contents.tell(group)
        if isinstance(told, str):
            _refuse(row, group, told, "refused")
        elif isinstance(told, RefundTold):
            refunds.append((group, told))
        else:
            orders.append((group, told))
    _take_orders(row, contents, orders, at)
    for group, refund in refunds:
        _take_refund(row, group, refund, at)


def doubts_of(row: OrderFile, contents: Contents, orders: Sequence[OrderIn]) -> dict[str, str]:
    """Return number -> sentence for each order that must not be taken as it is: nobody has the code that it names."""
    return strangers(row.program, orders) if contents.is_mapped else {}


def _take_orders(
    row: OrderFile, contents: Contents, told: list[tuple[Group, OrderIn]], at: datetime | None
) -> None:
    orders = [order for _group, order in told]
    left_out = doubts_of(row, contents, orders)
    if row.outcome.get("skips_twins"):
        left_out = {**twins(row.program, row.source, orders), **left_out}
    for group, order in told:
        if order.external_id in left_out:
            _refuse(row, group, left_out[order.external_id], "refused")
    kept = [(group, order) for group, order in told if order.external_id not in left_out]
    mode: Mode = "store" if contents.revises else "create"
    became = _take_each(row.program, [order for _group, order in kept], mode, at)
    for (group, order), taken in zip(kept, became, strict=True):
        if isinstance(taken, str):
            _refuse(row, group, taken, "refused")
        elif taken.status == "conflict":
            _refuse(row, group, conflict_in_words(order, taken.differences), "conflict")
        else:
            row.outcome["counts"]["same" if taken.status == "older" else taken.status] += 1


def _take_refund(row: OrderFile, group: Group, told: RefundTold, at: datetime | None) -> None:
    """Hand a refund to the engine; one whose order is not known yet waits for it there."""
    order = Order.objects.filter(program=row.program, source=row.source, external_id=told.of).first()
    if trouble := refund_trouble(row, told, order.currency if order is not None else ""):
        _refuse(row, group, trouble, "refused")
        return
    try:
        with transaction.atomic():
            taken = take_refunds(row.program, row.source, told.of, [told.refund], at=at)[0]
    except OperationalError:
        raise
    except Exception as broken:
        _refuse(row, group, _refusal(broken), "refused")
        return
    if taken.status == "conflict":
        words = _("Refund %(refund)s is known with other content; nothing was booked.")
        _refuse(row, group, words % {"refund": told.refund.external_id}, "conflict")
    else:
        row.outcome["counts"][taken.status] += 1


def refund_trouble(file: OrderFile, told: RefundTold, known: str) -> str:
    """Say why a refund cannot be booked: its amount is in another currency than its order; "" where it can.

    `known` is the order's currency, "" where there is no such order yet.
    """
    currency = told.currency or file.program.currency
    words = {"order": told.of, "currency": known or currency}
    if known and known != currency:
        return _("Order %(order)s is in %(currency)s: say so with the refund's amount.") % words
    if not known and currency != file.program.currency:
        return _("The refund is in %(currency)s, and order %(order)s is not known yet.") % words
    return ""


def _take_each(program: Program, orders: list[OrderIn], mode: Mode, at: datetime | None) -> list[Taken | str]:
    def take(some: Sequence[OrderIn]) -> Sequence[Taken]:
        return take_orders(program, some, mode=mode, at=at)

    return together_or_alone(orders, take, _refusal)


def _refusal(trouble: Exception) -> str:
    log.error("an order of a file broke", exc_info=trouble)
    return unforeseen()


def conflict_in_words(order: OrderIn, differences: dict[str, Any]) -> str:
    """Say that an order is known otherwise."""
    names = ", ".join(sorted(differences))
    return _("Order %(order)s is known with other content (%(names)s); nothing was changed.") % {
        "order": order.external_id,
        "names": names,
    }


def _refuse(row: OrderFile, group: Group, reason: str, kind: str) -> None:
    row.outcome["counts"][kind] += 1
    row.outcome["refused"].append([[each.number for each in group], reason])


def _locked(file: OrderFile, actor: User | None) -> OrderFile:
    rows = OrderFile.objects.select_for_update(of=("self",)).select_related("program")
    row: OrderFile = rows.get(pk=file.pk)
    _demand(row.program, actor)
    return row


def _demand(program: Program, actor: User | None) -> None:
    if actor is not None:
        roles.demand(actor, "manage_integrations", program.merchant_id)


def _record(
    kind: str, row: OrderFile, actor: User | None, at: datetime | None, data: dict[str, Any] | None = None
) -> None:
    program = row.program
    events.record(kind, row, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)

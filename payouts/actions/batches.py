"""A payout run: opened as a draft, approved by people who did not open it, or cancelled."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.actions.payees import marks_of
from affiliates.models import Enrollment, Payee, Program
from affiliates.roles import demand, may
from affiliates.states import EnrollmentState
from commissions import ledger
from commissions.models import Entry
from commissions.states import AccountKind, CommissionState, EntryKind
from core import events
from core.failpoints import failpoint
from core.models import User
from payouts.collecting import Bundle, Open, bundle
from payouts.methods import method_for
from payouts.models import Approval, Batch, HeldBack, Payout, PayoutItem
from payouts.states import BatchState, IllegalMove, PayoutState

EARNING = [EntryKind.ACCRUAL, EntryKind.APPROVAL, EntryKind.REVERSAL, EntryKind.CREDIT]
STOPPED = {EnrollmentState.SUSPENDED, EnrollmentState.BANNED}


class ApprovalRefused(PermissionError):
    """This person may not approve this batch, or its content has changed."""


@transaction.atomic
def open_batch(
    program: Program,
    *,
    cut_off: datetime | None = None,
    actor: User | None = None,
    at: datetime | None = None,
) -> Batch:
    """Collect everything payable up to `cut_off` into a draft; raise IllegalMove while another one is open."""
    if actor is not None:
        demand(actor, "open_batch", program.merchant_id)
    now = at or timezone.now()
    try:
        with transaction.atomic():
            batch: Batch = Batch.objects.create(
                program=program, cut_off=cut_off or now, opened_by=actor, opened_at=now
            )
    except IntegrityError as other:
        raise IllegalMove(_("Another batch of this program is open: approve or cancel it first.")) from other
    _fill(batch, _open_parts(program, batch.cut_off), now)
    failpoint("batch.inside")
    _record("batch.opened", batch, actor, now, {"total": str(batch.total), "payouts": batch.payouts.count()})
    return batch


def _open_parts(program: Program, cut_off: datetime) -> dict[int, list[Open]]:
    """Return enrollment id -> the parts of its entries that no live payout holds."""
    payable = Q(credit__kind=AccountKind.PAYABLE) | Q(debit__kind=AccountKind.PAYABLE)
    # what was taken back after the cut-off is not paid first and owed afterwards
    until = Q(at__lte=cut_off) | Q(commission__state=CommissionState.DECLINED)
    rows = (
        Entry.objects.filter(payable, until, program=program, kind__in=EARNING)
        .annotate(taken=Sum("payout_items__amount", filter=Q(payout_items__is_live=True)))
        .order_by("id")
        .values_list(
            "id",
            "amount",
            "taken",
            "credit__kind",
            "credit__enrollment",
            "debit__enrollment",
            "commission__is_held",
            "commission",
        )
    )
    parts: dict[int, list[Open]] = {}
    for entry, amount, taken, kind, credited, debited, held, commission in rows:
        earned = kind == AccountKind.PAYABLE
        left = (amount if earned else -amount) - (taken or 0)
        if left:
            whose = credited if earned else debited
            parts.setdefault(whose, []).append(Open(entry, left, bool(held), commission))
    return parts


def _fill(batch: Batch, parts: dict[int, list[Open]], at: datetime) -> None:
    """Write the draft: a payout with its items per enrollment, or the reason why there is none."""
    program = batch.program
    enrollments = Enrollment.objects.filter(pk__in=parts).select_related("affiliate").in_bulk()
    payees = {
        payee.affiliate_id: payee
        for payee in Payee.objects.filter(
            affiliate__in=[row.affiliate_id for row in enrollments.values()], is_current=True
        )
    }
    bundles: list[tuple[Enrollment, Payee | None, Bundle]] = []
    for number in sorted(parts):
        enrollment = enrollments[number]
        payee = payees.get(enrollment.affiliate_id)
        paid = bundle(
            parts[number],
            minimum=program.minimum_payout,
            debt_share=program.debt_share,
            has_payee=method_for(payee) is not None,
            is_payable=enrollment.state not in STOPPED,
        )
        bundles.append((enrollment, payee, paid))
    _write(batch, bundles, at)


def _write(batch: Batch, bundles: list[tuple[Enrollment, Payee | None, Bundle]], at: datetime) -> None:
    paid = [(enrollment, payee, one) for enrollment, payee, one in bundles if one.amount > 0]
    payouts = Payout.objects.bulk_create(
        Payout(
            program=batch.program,
            batch=batch,
            enrollment=enrollment,
            payee=payee,
            method=method_for(payee),  # type: ignore[misc]  # whoever has none is held back
            amount=one.amount,
            currency=batch.program.currency,
            created_at=at,
        )
        for enrollment, payee, one in paid
    )
    PayoutItem.objects.bulk_create(
        PayoutItem(payout=payout, entry_id=entry, amount=amount)
        for payout, (_enrollment, _payee, one) in zip(payouts, paid, strict=True)
        for entry, amount in one.items
    )
    HeldBack.objects.bulk_create(
        HeldBack(batch=batch, enrollment=enrollment, amount=amount, reason=reason)
        for enrollment, _payee, one in bundles
        for reason, amount in one.held_back
    )


def content_hash(batch: Batch) -> str:
    """Return a digest of exactly what an approval approves: payees, amounts, entries."""
    rows = batch.payouts.order_by("pk").values_list(
        "pk", "enrollment", "payee", "payee__fingerprint", "amount", "currency"
    )
    items = (
        PayoutItem.objects.filter(payout__batch=batch).order_by("pk").values_list("payout", "entry", "amount")
    )
    return hashlib.sha256(json.dumps([list(rows), list(items)]).encode()).hexdigest()


def who_may_not_approve(batch: Batch, user: User) -> str:
    """Return the sentence that says why this person may not approve the batch, or an empty text."""
    if batch.opened_by_id == user.pk:
        return _("You opened this batch; somebody else approves it.")
    if batch.payouts.filter(_pays(user)).exists():
        return _("You would be paid by this batch; somebody else approves it.")
    if batch.payouts.filter(payee__changed_by=user).exists():
        return _("You entered payment details that this batch pays to; somebody else approves it.")
    if batch.approvals.filter(user=user, content_hash=content_hash(batch)).exists():
        return _("You have approved it already; a second person is needed.")
    return ""


def _pays(user: User) -> Q:
    """By log-in, by an address whose log-in is still to come, or into an account that is the person's own.

    An account that goes by the person's e-mail address is the person's own, whoever entered it.
    """
    own = Payee.objects.filter(affiliate__user=user).values("fingerprint")
    waits = Q(enrollment__affiliate__user=None, enrollment__affiliate__email__iexact=user.email)
    named = Q(payee__fingerprint__in=marks_of(user.email))
    return Q(enrollment__affiliate__user=user) | waits | Q(payee__fingerprint__in=own) | named


@transaction.atomic
def approve_batch(batch: Batch, *, actor: User, at: datetime | None = None) -> Batch:
    """Give one person's yes; with enough of them the payouts are frozen and their money is on its way."""
    batch = Batch.objects.select_for_update(of=("self",)).select_related("program").get(pk=batch.pk)
    demand(actor, "approve_batch", batch.program.merchant_id)
    if batch.state == BatchState.APPROVED:
        return batch
    if batch.state == BatchState.CANCELLED:
        raise IllegalMove(_("The batch was cancelled."))
    refused = who_may_not_approve(batch, actor) or _stale(batch)
    if refused:
        raise ApprovalRefused(refused)
    now = at or timezone.now()
    digest = content_hash(batch)
    Approval.objects.create(batch=batch, user=actor, content_hash=digest, at=now)
    if _given(batch, digest) < _needed(batch):
        batch.state = BatchState.HALF
        batch.save(update_fields=["state"])
        _record("batch.approved_once", batch, actor, now)
        return batch
    _release(batch, actor, now)
    return batch


def _given(batch: Batch, digest: str) -> int:
    """Count the approvals of this very content by people who may still approve."""
    given = batch.approvals.filter(content_hash=digest).select_related("user")
    return sum(may(approval.user, "approve_batch", batch.program.merchant_id) for approval in given)


def _needed(batch: Batch) -> int:
    limit = batch.program.second_approval_above
    return 2 if limit is not None and batch.total.amount > limit else 1


def _stale(batch: Batch) -> str:
    """Return why the draft no longer says what is right, or an empty text."""
    if batch.payouts.exclude(payee__is_current=True).exists():
        return _("Somebody's payment details have changed since: cancel this batch and open a new one.")
    paying = PayoutItem.objects.filter(payout__batch=batch, amount__gt=0)
    if paying.filter(entry__commission__is_held=True).exists():
        return _("A commission in it was put on hold since: cancel this batch and open a new one.")
    if _taken_since(batch):
        return _("A commission in it was taken back since: cancel this batch and open a new one.")
    if batch.payouts.filter(enrollment__state__in=STOPPED).exists():
        return _("An affiliate in it was stopped since: cancel this batch and open a new one.")
    return ""


def _taken_since(batch: Batch) -> bool:
    """Whether the draft pays what was refused since it was opened: the entry that takes it back is in no payout.

    When that was is not asked: a verdict says when it was begun, and may have waited for the draft.
    """
    inside = PayoutItem.objects.filter(payout__batch=batch)
    taken = Entry.objects.filter(
        debit__kind=AccountKind.PAYABLE,
        kind=EntryKind.REVERSAL,
        commission__state=CommissionState.DECLINED,
        commission__in=inside.filter(amount__gt=0).values("entry__commission"),
    )
    return taken.exclude(pk__in=PayoutItem.objects.filter(is_live=True).values("entry")).exists()


def _release(batch: Batch, actor: User, at: datetime) -> None:
    """Freeze the payouts and move their money from payable to in transit."""
    batch.state, batch.approved_at = BatchState.APPROVED, at
    batch.save(update_fields=["state", "approved_at"])
    for payout in batch.payouts.select_related("enrollment", "program").order_by("pk"):
        payout.state, payout.approved_at = PayoutState.APPROVED, at
        payout.save(update_fields=["state", "approved_at"])
        ledger.post(
            EntryKind.PAYOUT,
            f"payout:{payout.pk}",
            debit=ledger.account(batch.program, AccountKind.PAYABLE, payout.enrollment),
            credit=ledger.account(batch.program, AccountKind.IN_TRANSIT, payout.enrollment),
            amount=payout.amount,
            actor=actor,
            at=at,
        )
        program = batch.program
        events.record(
            "payout.approved", payout, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at
        )
    _record("batch.approved", batch, actor, at)
    failpoint("payout.after_approve")


@transaction.atomic
def cancel_batch(batch: Batch, *, actor: User, reason: str = "", at: datetime | None = None) -> Batch:
    """Throw a draft away; everything in it is payable as before."""
    batch = Batch.objects.select_for_update(of=("self",)).select_related("program").get(pk=batch.pk)
    demand(actor, "open_batch", batch.program.merchant_id)
    if batch.state == BatchState.CANCELLED:
        return batch
    if batch.state == BatchState.APPROVED:
        raise IllegalMove(_("An approved batch stands: mark single payouts as failed instead."))
    batch.state = BatchState.CANCELLED
    batch.save(update_fields=["state"])
    batch.payouts.update(state=PayoutState.CANCELLED)
    PayoutItem.objects.filter(payout__batch=batch).update(is_live=False)
    _record("batch.cancelled", batch, actor, at or timezone.now(), {"reason": reason})
    return batch


def _record(
    kind: str, batch: Batch, actor: User | None, at: datetime, data: dict[str, Any] | None = None
) -> None:
    program = batch.program
    events.record(kind, batch, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data)

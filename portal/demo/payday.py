"""Payday, every thirty days: a manager opens the batch, others approve it, finance sends it and notes what arrived."""

from datetime import datetime
from functools import partial

from payouts import actions as payouts
from payouts.models import Batch
from payouts.states import PayoutState
from portal.demo import cast
from portal.demo.agenda import Agenda
from portal.demo.stage import Shop, Stage

EVERY = 30
LAST = {"northwind": 8, "ember": 32}  # days ago; what came after waits for a decision
FAILURE = "The bank sent it back: the account is closed."


def plan_year(stage: Stage, agenda: Agenda) -> None:
    """Put down every payday of both shops."""
    for slug, shop in stage.shops.items():
        for days_ago in range(LAST[slug], 300, EVERY):
            agenda.put(stage.ago(days_ago, 8), partial(_open, stage, agenda, shop, days_ago))


def _open(stage: Stage, agenda: Agenda, shop: Shop, days_ago: int, at: datetime) -> None:
    """Draft the batch and plan its road; one with nothing in it is cancelled."""
    batch = payouts.open_batch(shop.program, actor=stage.people["manager"], at=at)
    if not batch.payouts.exists():
        payouts.cancel_batch(batch, actor=stage.people["manager"], reason="Nothing to pay yet.", at=at)
        return
    agenda.put(stage.ago(days_ago, 13), partial(_approve, stage, batch, "finance"))
    agenda.put(stage.ago(days_ago - 1, 9), partial(_approve, stage, batch, "owner"))
    agenda.put(stage.ago(days_ago - 2, 7), partial(_send, stage, batch))
    agenda.put(stage.ago(days_ago - 5, 15), partial(_settle, stage, batch, days_ago == LAST["northwind"]))


def _approve(stage: Stage, batch: Batch, role: str, at: datetime) -> None:
    """One person's yes; the second one's only where the amount asks for it."""
    payouts.approve_batch(batch, actor=stage.people[role], at=at)


def _send(stage: Stage, batch: Batch, at: datetime) -> None:
    for payout in batch.payouts.filter(state=PayoutState.APPROVED).order_by("pk"):
        payouts.mark_sent(
            payout, reference=f"SEPA-{at:%y%m}-{payout.pk:04d}", actor=stage.people["finance"], at=at
        )


def _settle(stage: Stage, batch: Batch, is_last: bool, at: datetime) -> None:
    """What was sent arrives; of the last batch one comes back, and most is not confirmed yet."""
    finance = stage.people["finance"]
    sent = (
        batch.payouts.filter(state=PayoutState.SENT)
        .select_related("enrollment__affiliate")
        .order_by("amount")
    )
    for place, payout in enumerate(sent):
        name = payout.enrollment.affiliate.name
        if is_last and name == cast.FAILING:
            payouts.mark_failed(payout, reason=FAILURE, actor=finance, at=at)
        elif not is_last or (place % 3 == 0 and name != cast.STAR):
            payouts.mark_paid(payout, actor=finance, at=at)


def leave_open(stage: Stage, agenda: Agenda) -> None:
    """Put down the end: one batch that waits for its second person, and a draft to review."""
    agenda.put(stage.ago(1, 8), partial(_half_approve, stage))
    northwind, manager = stage.shops["northwind"].program, stage.people["manager"]
    agenda.put(stage.now, lambda at: payouts.open_batch(northwind, actor=manager, at=at))


def _half_approve(stage: Stage, at: datetime) -> None:
    """The wholesale order in the story brings the second shop's batch above its limit."""
    batch = payouts.open_batch(stage.shops["ember"].program, actor=stage.people["manager"], at=at)
    payouts.approve_batch(batch, actor=stage.people["finance"], at=stage.ago(1, 14))

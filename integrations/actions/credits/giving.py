"""Giving: a payout's credit reaches the customer's account once, whatever dies or repeats on the way.

The shop does not promise to give once what is asked for twice. So it is written down before the call that the money
may have left; who comes later looks at the account first. A credit of that amount since the approval, which no other
payout has, is ours. None, a while after the last call: it was not given, and is given now. Anything else is a person's.
"""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.actions.connections import connector_of, store_of
from integrations.actions.credits.offering import shop_of
from integrations.actions.credits.planning import SETTLED, no_shop, not_asked, unknown
from integrations.connectors.base import Delivered, Refused, telling
from integrations.connectors.credits import Given, GivesCredit, NotGiven, Till
from integrations.models import Connection, Delivery
from integrations.news.masking import masked
from payouts import actions as payouts
from payouts.models import Payout
from payouts.states import IllegalMove, PayoutState

CLOCKS = timedelta(minutes=5)  # by which the shop's clock may be behind ours when a credit is looked for,
APART = timedelta(minutes=2)  # and by which it may differ when one is given
OPEN = (PayoutState.APPROVED, PayoutState.SENT)


def give_credit(connection: Connection, row: Delivery, at: datetime | None = None) -> Delivered:
    """Give a payout's credit, or find that it was given; the payout is settled, refused or in doubt afterwards.

    Calls the shop: no transaction. Raises a Failure, with what was asked and answered.
    """
    payout = _payout(connection, row)
    if payout.state not in OPEN:
        return Delivered(0, "", "", note=_is_over(payout), calls=0)
    connector = connector_of(connection)
    if not isinstance(connector, GivesCredit):
        raise TypeError(f"{connection.connector} gives no credit")
    till = connector.open_till(store_of(connection))
    try:
        number = _given_before(connection, payout, till, at) or _give(connection, payout, till, at)
    except Failure as trouble:
        raise telling(trouble, till.exchange()) from trouble
    try:
        payouts.settle(payout, reference=number, at=at or timezone.now())
    except IllegalMove as other:  # another payout has that credit, or a person has ended this one meanwhile
        raise telling(Temporary(str(other)), till.exchange(number)) from other
    return till.exchange(number)


def _payout(connection: Connection, row: Delivery) -> Payout:
    rows = Payout.objects.select_related("program", "payee")
    found: Payout = rows.get(
        pk=int(row.object_key.rpartition(":")[2]), program__merchant=connection.program.merchant_id
    )
    return found


def name_of(connection: Connection) -> str:
    """Return one name for one shop: its numbers are its own, whoever connects it."""
    return f"{connection.connector}:{connection.base_url.rstrip('/').lower()}"


def _given_before(connection: Connection, payout: Payout, till: Till, at: datetime | None) -> str:
    """Return the number of the credit that an earlier call has given, "" for none; raises what leaves it open."""
    if payout.state != PayoutState.SENT or payout.sent_at is None:
        return ""
    if payout.shop != name_of(connection):  # connected to another one since: its account says nothing
        raise _in_doubt(payout, unknown(), at)
    since = min(payout.approved_at or payout.sent_at, payout.sent_at) - CLOCKS
    try:
        found = _ours(payout, till.list_given(payout.reference, payout.money, since))
    except Permanent as untold:
        raise _in_doubt(payout, f"{unknown()} {masked(str(untold))}", at) from untold
    if len(found) == 1 and not _has_doubtful_twin(payout):
        return found[0]
    if found or payout.doubt:
        raise _in_doubt(payout, unknown(), at)
    if (at or timezone.now()) < payout.sent_at + SETTLED:
        raise Temporary(
            _("It is not known yet whether the shop gave the credit: its account is looked at again.")
        )
    return ""


def _ours(payout: Payout, given: tuple[Given, ...]) -> list[str]:
    """Leave out what other payouts were paid by, whichever company's: two may have connected the same shop."""
    numbers = [one.number for one in given]
    others = Payout.objects.filter(shop=payout.shop, state=PayoutState.PAID, reference__in=numbers)
    taken = set(others.exclude(pk=payout.pk).values_list("reference", flat=True))
    return [number for number in numbers if number not in taken]


def _has_doubtful_twin(payout: Payout) -> bool:
    """Whether a person still looks for the same amount on the same account: a credit there may be that one's."""
    twins = Payout.objects.filter(shop=payout.shop, reference=payout.reference, state=PayoutState.SENT)
    twins = twins.filter(amount=payout.amount, currency=payout.currency)
    return bool(twins.exclude(pk=payout.pk).exclude(doubt="").exists())


def _in_doubt(payout: Payout, sentence: str, at: datetime | None) -> Refused:
    payouts.give_up(payout, reason=not_asked(), doubt=sentence, at=at or timezone.now())
    return Refused(sentence)


def _give(connection: Connection, payout: Payout, till: Till, at: datetime | None) -> str:
    """Give it; first it is written down that it may have left."""
    if shop_of(payout) != connection:  # what was called for before is not there, so this no is certain, too
        raise _refused(payout, no_shop(), at)
    account = payout.reference if payout.state == PayoutState.SENT else _account(payout, till, at)
    _demand_clocks(till)
    try:
        payouts.begin_sending(
            payout, shop=name_of(connection), account=account, seen=payout.sent_at, at=at or timezone.now()
        )
    except IllegalMove as other:
        raise Temporary(str(other)) from other
    try:
        return till.give(account, payout.money)
    except NotGiven as refusal:
        raise _refused(payout, str(refusal), at) from refusal
    except Failure as trouble:  # whatever it says, it does not say that nothing was given
        words = {"trouble": masked(str(trouble))[:200]}
        raise Temporary(
            _("It is not known whether the shop gave the credit; its account is looked at next. %(trouble)s")
            % words
        ) from trouble


def _demand_clocks(till: Till) -> None:
    """A credit is found again by the shop's time: with a wrong clock here it would be given twice."""
    apart = abs(till.ahead())
    if apart > APART:
        minutes = {"minutes": int(apart.total_seconds() // 60)}
        raise Misconfigured(
            _(
                "The clocks of this server and of the shop differ by %(minutes)s minutes, so no credit is given: set "
                "the server's clock."
            )
            % minutes
        )


def _account(payout: Payout, till: Till, at: datetime | None) -> str:
    """Return whose account it is; nothing has left yet, so a no is certain."""
    try:
        return till.find_account(payout.payee.account, payout.currency)
    except NotGiven as refusal:
        raise _refused(payout, str(refusal), at) from refusal
    except Misconfigured:
        raise
    except Permanent as trouble:
        payouts.refuse(payout, reason=not_asked(), at=at or timezone.now())
        raise Refused(masked(str(trouble))) from trouble


def _refused(payout: Payout, reason: str, at: datetime | None) -> Refused:
    payouts.refuse(payout, reason=reason, at=at or timezone.now())
    return Refused(reason)


def _is_over(payout: Payout) -> str:
    if payout.state == PayoutState.PAID:
        return _("The payout is paid already: nothing was asked of the shop.")
    return _("The payout has ended otherwise meanwhile: nothing was asked of the shop.")

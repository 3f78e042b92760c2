"""What a webhook of Shopify means: an order, a refund, a dispute, a question, or something for a person."""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext as _

from integrations.connectors.base import Reading, Store, Unreadable
from integrations.connectors.body import Fields, read_object
from integrations.connectors.shopify.order import is_trial, order_in
from integrations.connectors.shopify.refunds import Terms, is_goods_alone, refunds_of
from integrations.connectors.shopify.risks import ASSESSED, assessment_in, dispute_in
from tracking.orders import RefundIn
from tracking.states import RefundKind

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
TELLS_AN_ORDER = frozenset(
    {
        "orders/create",
        "orders/paid",
        "orders/updated",
        "orders/cancelled",
        "orders/fulfilled",
        "orders/partially_fulfilled",
    }
)
DISPUTES = frozenset({"disputes/create", "disputes/update"})
TESTIFIES = (*sorted(DISPUTES), ASSESSED)


def read(store: Store, topic: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Say what a webhook means; Unreadable says why it cannot be told, or what a person must do about it."""
    values = Fields(read_object(body))
    if headers.get("test", "").lower() == "true":
        return Reading(note=_("A trial message of Shopify: nothing is counted."))
    if topic in TELLS_AN_ORDER:
        return _order(values, store)
    if topic == "orders/delete":
        return _deleted(values)
    if topic == "orders/edited":
        order = values.part("order_edit").number("order_id")
        return Reading(ask=str(order), note=_("The order's own message tells of the edit too."))
    if topic == "refunds/create":
        return _refund(values)
    if topic in DISPUTES:
        return _dispute(values)
    if topic == ASSESSED:
        return _assessment(values)
    return _for_people(topic, values)


def _order(values: Fields, store: Store) -> Reading:
    if is_trial(values):
        return Reading(note=_("A test order: it was paid with no money, and is never counted."))
    return Reading(order=order_in(values, store.source))


def _deleted(values: Fields) -> Reading:
    """Ask about a deleted order: the topic is not signed, so that the store itself must say that it is gone."""
    if "line_items" in values.values:
        raise Unreadable(_("The message calls itself a deletion, but tells of an order: nothing was done."))
    return Reading(ask=str(values.number("id")))


def _refund(values: Fields) -> Reading:
    """Take a refund of goods without tax as it is; any other is read with its order, which says how tax is counted."""
    of = str(values.number("order_id"))
    if not is_goods_alone(values):
        return Reading(ask=of, note=_("The order's own message tells of the refund too."))
    first = values.rows("refund_line_items")[0]
    currency = first.part("subtotal_set").part("shop_money").text("currency_code", 3)
    told = refunds_of(values, Terms(currency, includes_tax=False))
    if not told:
        return Reading(note=_("The money has not gone back yet, or the refund failed."))
    return Reading(refund=told[0], of=of, currency=currency)


def _dispute(values: Fields) -> Reading:
    """Return a chargeback, which takes the commission back until the dispute is won; an inquiry takes nothing."""
    words = {"order": values.text("order_id", 20), "amount": values.text("amount", 40)}
    if values.text("type", 40) != "chargeback" or not words["order"]:
        return Reading(note=_("A bank asks about order %(order)s; no money was taken so far.") % words)
    is_won = values.text("status", 40) == "won"
    currency = values.text("currency", 3)
    refund = RefundIn(
        external_id=f"dispute:{values.number('id')}{':won' if is_won else ''}",
        kind=RefundKind.CHARGEBACK_WON if is_won else RefundKind.CHARGEBACK,
        occurred_at=values.time("finalized_on") if is_won else values.time("initiated_at"),
        gross=values.amount("amount", currency),
        final=True,
        reason=values.text("reason"),
    )
    said = dispute_in(values)
    return Reading(refund=refund, of=said.order, currency=currency, said=(said,))


def _assessment(values: Fields) -> Reading:
    """Return what somebody says of an order's risk; it changes no order."""
    if not values.text("order_id"):
        return Reading(note=_("An assessment of a risk that names no order."))
    said = assessment_in(values)
    words = {"order": said.order, "by": said.by, "word": said.word or "-"}
    return Reading(note=_("%(by)s on the risk of order %(order)s: %(word)s.") % words, said=(said,))


def _for_people(topic: str, values: Fields) -> Reading:
    """Privacy requests wait for a person, for only a person may decide what must be kept; the rest is noted."""
    who = values.part("customer")
    words = {"customer": who.text("email") or who.text("id") or "-", "topic": topic or "-"}
    if topic == "customers/data_request":
        raise Unreadable(
            _(
                "The customer %(customer)s asks what is known of them: within 30 days, send the shop's owner what the "
                "orders here say of them."
            )
            % words
        )
    if topic == "customers/redact":
        raise Unreadable(
            _(
                "The customer %(customer)s is to be forgotten: within 30 days, delete their data here, or note why it "
                "must be kept (for example by tax law)."
            )
            % words
        )
    if topic == "shop/redact":
        raise Unreadable(
            _(
                "The shop wants its data deleted, 48 hours after the app was removed: within 30 days, delete what is "
                "not needed for books and payouts any more."
            )
        )
    if topic == "app/uninstalled":
        return Reading(
            note=_(
                "The app was removed from the shop: nothing comes any more, and the keys are void. "
                "Install it again and enter its keys, or pause the connection."
            )
        )
    return Reading(note=_("News of this kind (%(topic)s) is not needed.") % words)

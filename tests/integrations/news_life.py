"""A program in which everything happened that outsiders may hear of, with what they must not hear planted in it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from affiliates import actions as affiliates
from commissions import actions as commissions
from commissions.actions.acceptances import accept_version
from commissions.actions.announcing import announce_version
from commissions.models import Commission
from core import events
from core.models import Event
from integrations.actions import skip_delivery, watch
from integrations.models import CustomerFact
from payouts import actions as payouts
from payouts.models import Payout
from tests import makers
from tests.makers import IBAN, NOON
from tracking.models import Conversion, Customer, Refund
from tracking.orders import CustomerIn, Evidence, LineIn

LATER = NOON + timedelta(days=60)
SPACED = "DE89 3704 0044 0532 0130 00"
PHONE = "+49301234567"
SLY = f"Asked by sly@somewhere.example, account {SPACED} please"  # what people write into any field
PLANTED = (IBAN, SPACED, PHONE, "planted-secret", "@")
# made by hand: their verbs need a browser's orders and late touches, which tests/story plays
BY_HAND: dict[str, dict[str, Any]] = {
    "conversion.recounted": {"is_new_customer": [True, False]},
    "conversion.confirmed": {"goal": "sale"},
    "decision.replaced": {"from": 1, "to": 2, "shares": [{"1": "1"}, {"2": "1"}]},
    "refund.withdrawn": {},
}


class Life:
    """One company, its people, and what they did."""

    def __init__(self) -> None:
        self.owner = makers.make_user("owner@northwind.example", name="Olga Owner")
        self.merchant = makers.make_merchant("Northwind", self.owner)
        self.finance = makers.make_member(self.merchant, "finance", "fin@northwind.example", "Fin Finance")
        self.program = makers.make_program(
            self.merchant, plan=makers.TWO_LEVELS, minimum_payout=0, second_approval_above=0
        )
        self.sue = makers.make_enrollment(self.program, "Sue Sponsor", email="sue@partner.example")
        self.ann = makers.make_enrollment(
            self.program, "Ann Archer", email="ann@partner.example", sponsor=self.sue
        )

    def happen(self) -> "Life":
        """All of it."""
        self.join()
        self.promote()
        self.sell()
        self.pay()
        self.say()
        return self

    def join(self) -> None:
        """People come and go."""
        user = makers.make_user("new@partner.example", name="New Partner")
        affiliate = affiliates.register_affiliate(self.merchant, user, name="New Partner")
        affiliates.change_affiliate(affiliate, actor=user, phone=PHONE, company="New & Co")
        new = affiliates.apply(self.program, affiliate, application=SLY)
        affiliates.refuse(new, reason=SLY, actor=self.owner)
        affiliates.activate(new, actor=self.owner)
        affiliates.set_sponsor(new, self.sue, actor=self.owner)
        affiliates.suspend(new, reason=SLY, actor=self.owner)
        affiliates.activate(new, actor=self.owner)
        affiliates.leave(new, actor=user)
        banned = makers.make_enrollment(self.program, "Bob Baker", email="bob@partner.example")
        affiliates.ban(banned, reason=SLY, actor=self.owner)

    def promote(self) -> None:
        """Links, pages, a coupon."""
        page = "https://shop.example.com/mugs"
        link = affiliates.create_link(self.ann, f"{page}?who=sly@somewhere.example", name=SLY, sub_ids=[IBAN])
        affiliates.change_link(link, destination=page, actor=self.owner)
        affiliates.pause_link(link, actor=self.owner)
        affiliates.resume_link(link, actor=self.owner)
        pages = [f"https://page-{number}.example/" for number in (1, 2)]
        good, bad = (affiliates.ask_direct_link(link, one, actor=self.owner) for one in pages)
        affiliates.approve_direct_link(good, actor=self.owner)
        affiliates.end_direct_link(good, reason=SLY, actor=self.owner)
        affiliates.refuse_direct_link(bad, reason=SLY, actor=self.owner)
        affiliates.retire_coupon(affiliates.create_coupon(self.ann, "ANN5"), actor=self.owner)
        affiliates.mark_offline(affiliates.create_coupon(self.ann, "ANN15", actor=self.owner))

    def sell(self) -> None:
        """An order with a refund, one that is changed, and one in a currency without a rate."""
        customer = CustomerIn("c-1", "buyer@home.example", country="DE", phone=PHONE)
        order = makers.make_order(
            "1001",
            ref=self.ann.code,
            customer=customer,
            evidence=Evidence(
                ref=self.ann.code, coupons=("ANN15",), landing_url=f"https://x.example/?e={SLY}"
            ),
            lines=(LineIn("1", 10000, name=f"Mug for sly@somewhere.example ({SPACED})", sku="MUG"),),
            metadata={"note": SLY, "token": "planted-secret"},
        )
        self.take(order)
        other = replace(customer, email="other@home.example")
        self.take(replace(order, total=12000, revision_at=NOON + timedelta(hours=1), customer=other))
        back = makers.make_refund("r1", gross=3000, final=True, reason=SLY)
        commissions.take_refunds(self.program, "shop", "1001", [back])
        commissions.apply_refund(Refund.objects.get())
        commissions.take_refunds(self.program, "shop", "9999", [makers.make_refund("r2", gross=100)])
        self.take(makers.make_order("1002", ref=self.ann.code, currency="AED"))
        commissions.enter_rates(
            self.merchant, {"AED": Decimal("3.98")}, actor=self.owner, as_of=NOON, at=NOON
        )
        commissions.release_parked()

    def take(self, order: Any) -> None:
        """One order comes in."""
        commissions.take_orders(self.program, [order], at=order.revision_at)

    def pay(self) -> None:
        """Commissions are looked at and paid; some money comes back."""
        makers.make_payee(self.ann)
        makers.make_payee(self.sue)
        first = Commission.objects.filter(enrollment=self.ann).order_by("pk")[0]
        commissions.hold(first, reason=SLY, actor=self.owner)
        commissions.release(first, reason=SLY, actor=self.owner)
        again = commissions.decline(makers.make_commission(self.ann), reason=SLY, actor=self.owner)
        commissions.reinstate(again, reason=SLY, actor=self.owner)
        declined = makers.make_commission(self.ann)
        commissions.decline(declined, reason=SLY, actor=self.owner)
        commissions.adjust(self.ann, 500, reason=SLY, actor=self.finance, at=NOON)
        makers.make_payable(self.ann)
        makers.make_payable(self.sue)
        draft = payouts.open_batch(self.program, cut_off=LATER, actor=self.owner)
        payouts.cancel_batch(draft, actor=self.owner, reason=SLY)
        batch = payouts.open_batch(self.program, cut_off=LATER, actor=self.owner)
        for role in ("finance", "finance"):
            person = makers.make_member(self.merchant, role)
            payouts.approve_batch(batch, actor=person)
        good, bad = Payout.objects.filter(batch=batch).order_by("pk")
        payouts.mark_sent(good, reference=f"SEPA {SPACED}", actor=self.finance)
        payouts.mark_paid(good, actor=self.finance)
        payouts.mark_failed(bad, reason=SLY, actor=self.finance)

    def say(self) -> None:
        """Terms change, and what the other parts do not reach is written by hand."""
        affiliates.change_program(self.program, name="Partners", actor=self.owner)
        affiliates.change_terms(self.program, window_hours=240, bound_days=30, actor=self.owner)
        plan = self.program.plans.get()
        version = commissions.publish(plan, makers.TEN_PERCENT, actor=self.owner)
        announce_version(version)
        assert self.ann.affiliate.user
        accept_version(self.ann, version, actor=self.ann.affiliate.user)
        for kind, data in BY_HAND.items():
            subject = (Refund if kind.startswith("refund") else Conversion).objects.order_by("pk")[0]
            self.record(kind, subject, data)
        self.trouble()
        self.hear()

    def hear(self) -> None:
        """A CRM says something of a customer."""
        crm = makers.make_connection(self.program, connector="hubspot", source="hubspot")
        customer = Customer.objects.order_by("pk")[0]
        CustomerFact.objects.create(connection=crm, customer=customer, name="crm.lead_status", value=SLY)
        news = {"changes": {"crm.lead_status": [None, SLY]}, "by": crm.source}
        self.record("customer.status_changed", customer, news)

    def trouble(self) -> None:
        """A connection has messages that nobody takes, and then has none any more."""
        row = makers.make_connection(self.program, name=SLY, source="crm")
        waiting = makers.make_delivery(row, state="due", done_at=None, created_at=NOON)
        watch(at=LATER)
        skip_delivery(waiting, actor=self.owner)
        watch(at=LATER + timedelta(hours=1))

    def record(self, kind: str, subject: Any, data: dict[str, Any] | None = None) -> Event:
        """An event of the program."""
        return events.record(
            kind, subject, tenant=self.merchant.pk, scope=self.program.pk, at=NOON, data=data
        )

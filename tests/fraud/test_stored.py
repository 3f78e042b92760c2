"""A world in the tables has rows as the verbs make them, and everything that the world says is found again there."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import models

from affiliates.models import Program
from commissions import actions as commissions, ledger
from commissions.models import Commission, Entry, Reversal
from commissions.states import CommissionState, Screening
from fraud.checks.ads import read_ads
from fraud.checks.facts import Mark
from fraud.models import KnownMark, Policy, Relation
from tests import makers
from tests.fraud.world import world
from tests.fraud.world.draft import DAY, Draft
from tests.fraud.world.events import World
from tests.fraud.world.stored import Stored, digest_of, store, when
from tests.fraud.world.stored_sales import DOOR, order_in
from tracking import buyers
from tracking.models import Click, Conversion, Decision, Journey, Order, Refund
from tracking.orders import RefundIn
from tracking.states import RefundKind

pytestmark = pytest.mark.django_db
# numbers that differ from program to program, and what only tells when a row was written
OTHERS = {"id", "program", "order", "conversion", "commission", "plan_version", "customer", "refund", "terms"}
WRITTEN = {"created_at", "made_at", "revision_key", "content_hash"}


def small() -> World:
    """Two partners: an order by a click that another had made before, one by a code, one of each sent back."""
    draft = Draft(3, 80)
    first, second = draft.account("content"), draft.account("influencer")
    second = draft.accounts[second.enrollment] = replace(second, sponsor=first.enrollment)
    coupon = draft.coupon(second)
    buyer = draft.person(phone="p7")
    draft.click(first, DAY, buyer.device, network=buyer.network)
    click = draft.click(second, 2 * DAY, buyer.device, network=buyer.network)
    draft.sale(second, 2 * DAY + 300, buyer, click=click.id, claims_new=True, came_from=second.site)
    sent_back = draft.sale(second, 3 * DAY, draft.person(), coupon=coupon.id, claims_new=False)
    late = draft.sale(first, 4 * DAY, draft.person(), click=draft.click(first, 4 * DAY - 60, "d98").id)
    assert sent_back
    assert late
    draft.refund(sent_back, 10 * DAY)
    draft.refund(late, 40 * DAY, is_chargeback=True)
    return draft.world()


def a_program(**fields: Any) -> Program:
    """One for a world."""
    return makers.make_program(is_screened=True, **fields)


def by_verbs(told: World, program: Program) -> Stored:
    """The same through the verbs: people and clicks are there, orders and refunds come in, time goes by."""
    stored = store(replace(told, sales=(), refunds=()), program)
    orders = {sale.conversion: order_in(stored, sale) for sale in told.sales}
    for sale in told.sales:
        taken = commissions.take_orders(program, [orders[sale.conversion]], at=when(sale.at))[0]
        assert taken.conversion
        stored.conversions[sale.conversion] = taken.conversion
    Commission.objects.filter(program=program).update(screening=Screening.SCREENED)
    matured = {one.matures_at for one in Commission.objects.filter(program=program)}
    for refund in sorted(told.refunds, key=lambda one: one.at):
        _approve(matured, when(refund.at))
        kind = RefundKind.CHARGEBACK if refund.is_chargeback else RefundKind.REFUND
        order = orders[refund.conversion]
        back = RefundIn(f"r{refund.conversion}", kind, when(refund.at), gross=order.total, final=True)
        commissions.take_refunds(program, DOOR, order.external_id, [back], at=when(refund.at))
    _approve(matured, when(told.days * DAY))
    Commission.objects.filter(program=program).update(screening=Screening.WAITING)
    return stored


def _approve(matured: set[datetime], until: datetime) -> None:
    for at in sorted(one for one in matured if one < until):
        commissions.approve_due(at=at)


def plain(row: models.Model, stored: Stored) -> dict[str, Any]:
    """What a row says, with the world's ids for the tables' own."""
    fields = [field for field in row._meta.concrete_fields if field.name not in OTHERS | WRITTEN]
    return {field.name: _known(field.name, getattr(row, field.attname), stored) for field in fields}


def _known(name: str, value: Any, stored: Stored) -> Any:
    if isinstance(value, dict):
        return {one: _known(one, said, stored) for one, said in value.items() if one not in {"tid", "terms"}}
    if name == "path":
        return [[stored.enrollment_of(who), *rest] for who, *rest in value]
    if isinstance(value, list):
        return [_known(name, one, stored) for one in value]
    if value and name in {"click", "click_id"}:
        return stored.clicks_by_key()[str(value)]
    if value and name in {"enrollment", "enrollment_id"}:
        return stored.enrollment_of(value)
    if value and name == "coupon":
        return stored.coupon_of(value)
    return value


@pytest.mark.parametrize("model", [Order, Conversion, Decision, Journey, Commission, Reversal, Refund])
def test_rows_are_as_the_verbs_make_them(model: type[models.Model]) -> None:
    told = small()
    stored, verbs = store(told, a_program()), by_verbs(told, a_program())

    path = "commission__program" if model is Reversal else "program"
    ours, theirs = (
        [plain(row, one) for row in model._default_manager.filter(**{path: one.program}).order_by("pk")]
        for one in (stored, verbs)
    )

    if model in (Commission, Reversal):  # a plan's reckoning is long and nobody reads it here
        for row in (*ours, *theirs):
            row["trace"] = row["trace"].get("own")
    assert ours == theirs
    assert len(ours) == (2 if model in (Reversal, Refund) else 3)


def test_the_books_are_as_the_verbs_keep_them() -> None:
    told = small()
    stored, verbs = store(told, a_program(), books=True), by_verbs(told, a_program())

    entries = [
        Counter(
            Entry.objects.filter(program=one.program).values_list(
                "kind", "amount", "debit__kind", "credit__kind"
            )
        )
        for one in (stored, verbs)
    ]

    assert entries[0] == entries[1]
    for number, row in stored.enrollments.items():
        assert ledger.balances(row) == ledger.balances(verbs.enrollments[number])


def test_without_books_there_are_none() -> None:
    store(small(), program := a_program())
    assert not Entry.objects.filter(program=program).exists()


@pytest.fixture
def whole() -> tuple[World, Stored]:
    """A world with every scheme, stored."""
    told = world(11, partners=12, days=60)
    return told, store(told, a_program())


def test_everything_is_stored(whole: tuple[World, Stored]) -> None:
    told, stored = whole

    assert Click.objects.count() == len(told.clicks)
    assert Conversion.objects.count() == Decision.objects.count() == Commission.objects.count()
    assert Conversion.objects.count() == len(told.sales) == len(stored.conversions)
    assert Refund.objects.count() == len(told.refunds) > 0
    assert Relation.objects.count() == 1  # the agency's
    assert set(stored.enrollments) == set(told.accounts)
    assert set(stored.coupons) == set(told.coupons)
    approved = Commission.objects.filter(state=CommissionState.APPROVED).count()
    assert approved == sum(1 for sale in told.sales if sale.at < (told.days - 30) * DAY) > 0


def test_clicks_say_what_the_world_says(whole: tuple[World, Stored]) -> None:
    told, stored = whole
    rows = Click.objects.in_bulk()
    policy = Policy.objects.get(program=stored.program)

    for click in told.clicks:
        row = rows[stored.clicks[click.id]]
        assert read_ads((row.destination, row.landing), row.utm) == click.ads
        assert row.utm.get("term", "") == click.brand_term
        assert not click.brand_term or click.brand_term in policy.brand_terms
        assert bool(row.landing) == click.landed
        assert (row.is_bot, row.is_duplicate) == (click.is_bot, click.is_repeated)
        assert (row.network_kind, row.country) == (
            click.kind or ("mobile" if click.is_carrier else ""),
            click.country,
        )
        assert (row.fetch_dest, row.fetch_user) == (click.fetch_dest, click.fetch_user)
        assert stored.enrollment_of(row.enrollment_id) == click.enrollment
    for share in (
        lambda row: row.is_bot,
        lambda row: row.network_kind,
        lambda row: row.utm,
        lambda row: row.landing,
    ):
        assert 0 < sum(bool(share(row)) for row in rows.values()) < len(rows)


def test_people_are_known_again(whole: tuple[World, Stored]) -> None:
    told, stored = whole

    for sale in told.sales:
        buyer, row = sale.buyer, stored.conversions[sale.conversion]
        said = row.order.as_value()
        assert buyers.email_mark(said.customer.email) == digest_of(Mark.EMAIL, buyer.email)
        assert buyers.phone_mark(said.customer.phone) == digest_of(Mark.PHONE, buyer.phone)
        assert said.metadata.get(buyers.ADDRESS_MARK, "") == digest_of(Mark.ADDRESS, buyer.address)
        assert said.metadata.get(buyers.NETWORK_MARK, "") == digest_of(Mark.NETWORK, buyer.network)
    for number, account in told.accounts.items():
        member = stored.enrollments[number]
        marks = dict(KnownMark.objects.filter(enrollment=member).values_list("kind", "digest"))
        assert marks == {
            mark: digest_of(mark, text)
            for mark in (Mark.DEVICE, Mark.NETWORK, Mark.ADDRESS)
            if (text := getattr(account.person, mark.value))
        }
        assert member.affiliate.payees.get().fingerprint == digest_of(Mark.PAYEE, account.payee)


def test_nobody_is_taken_for_another(whole: tuple[World, Stored]) -> None:
    told, _stored = whole
    people = [sale.buyer for sale in told.sales] + [account.person for account in told.accounts.values()]
    for mark in (Mark.EMAIL, Mark.PHONE, Mark.ADDRESS, Mark.DEVICE, Mark.NETWORK):
        texts = {getattr(person, mark.value) for person in people}
        assert len({digest_of(mark, text) for text in texts}) == len(texts)


def test_a_world_lives_in_euros() -> None:
    with pytest.raises(ValueError, match="EUR"):
        store(small(), a_program(currency="USD"))

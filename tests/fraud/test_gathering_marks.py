"""By what people are known again: what is kept of sales and log-ins, and what is read of accounts."""

from datetime import timedelta
from typing import Any

import pytest

from affiliates import actions as affiliates
from affiliates.models import Enrollment, IpPolicy, Payee, PayeeMethod, Program
from commissions import actions as commissions
from core.crypto import fingerprint
from fraud.actions.marks import MOST_NOTED, forget, keep_marks, keep_sale_marks, note_marks
from fraud.checks.facts import Mark, SaleFacts
from fraud.gathering.marks import marks_of_enrollments, marks_of_sales
from fraud.models import KnownMark
from tests import makers
from tests.fraud.sales import sale
from tests.makers import NOON
from tracking import buyers
from tracking.models import Conversion
from tracking.orders import CustomerIn

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def sold(enrollment: Enrollment, **known: Any) -> Conversion:
    """A sale of the enrollment's."""
    found = makers.make_commission(enrollment, **known).conversion
    assert found is not None
    return found


def facts(conversion: Conversion, **marks: str) -> SaleFacts:
    """Facts of a sale whose buyer has these marks."""
    said = {Mark(kind): frozenset(digest.split()) for kind, digest in marks.items()}
    return sale(conversion=conversion.pk, at=conversion.occurred_at, buyer=said)


def kept(**about: Any) -> list[tuple[str, str]]:
    return list(KnownMark.objects.filter(**about).order_by("kind", "digest").values_list("kind", "digest"))


# --- of sales ------------------------------------------------------------------------------------------------
def test_marks_of_sales_are_kept_once(program: Program, ann: Enrollment) -> None:
    one = sold(ann)

    assert keep_sale_marks(program, [facts(one, email="e1", device="d1 d2")]) == 3
    assert keep_sale_marks(program, [facts(one, email="e1", device="d1 d2")]) == 0
    assert kept(conversion=one) == [("device", "d1"), ("device", "d2"), ("email", "e1")]
    assert set(KnownMark.objects.values_list("program", "at")) == {(program.pk, NOON)}


def test_what_the_order_says_otherwise_now_is_let_go(program: Program, ann: Enrollment) -> None:
    one = sold(ann)
    keep_sale_marks(program, [facts(one, email="e1", device="d1")])

    keep_sale_marks(program, [facts(one, email="e2")])

    assert kept(conversion=one) == [
        ("device", "d1"),
        ("email", "e2"),
    ]  # what was forgotten is known all the same


def test_marks_follow_an_order_that_was_dated_anew(program: Program, ann: Enrollment) -> None:
    one = sold(ann)
    keep_sale_marks(program, [facts(one, email="e1")])
    one.occurred_at = NOON - DAY

    keep_sale_marks(program, [facts(one, email="e1")])

    assert list(KnownMark.objects.values_list("digest", "at")) == [("e1", NOON - DAY)]


def test_nobodys_orders_are_kept_as_well(program: Program, other: Program) -> None:
    (taken,) = commissions.take_orders(program, [makers.make_order("1")], at=NOON)
    (foreign,) = commissions.take_orders(other, [makers.make_order("1")], at=NOON)
    assert taken.conversion
    assert foreign.conversion

    assert keep_marks(program, [taken.conversion, foreign.conversion]) == 2

    assert set(KnownMark.objects.values_list("conversion", "kind")) == {
        (taken.conversion.pk, "email"),
        (taken.conversion.pk, "customer"),
    }


def test_customer_is_known_by_number_within_one_store(program: Program, ann: Enrollment) -> None:
    def by(source: str, number: str) -> Conversion:
        return sold(ann, source=source, external_id=number, customer=CustomerIn(external_id="c7"))

    here, again, elsewhere = by("shop", "1"), by("shop", "2"), by("till", "1")

    marks = marks_of_sales([here, again, elsewhere])

    assert marks[here.pk] == marks[again.pk]
    assert not marks[here.pk][Mark.CUSTOMER] & marks[elsewhere.pk][Mark.CUSTOMER]


def test_row_says_what_the_order_does_not(program: Program, ann: Enrollment) -> None:
    known = CustomerIn(external_id="c7", email="kim@mail.example", phone="0301234567")
    first = sold(ann, customer=known)
    second = sold(ann, customer=CustomerIn(external_id="c7"))

    marks = marks_of_sales([first, second])

    assert marks[second.pk] == marks[first.pk]


def test_marks_of_several_programs_are_read_apart(ann: Enrollment, stranger: Enrollment) -> None:
    kim = CustomerIn(external_id="c7", email="kim@mail.example")
    ours, theirs = sold(ann, customer=kim), sold(stranger, customer=kim)

    marks = marks_of_sales([ours, theirs])

    assert marks[ours.pk][Mark.EMAIL] == marks[theirs.pk][Mark.EMAIL]
    assert not marks[ours.pk][Mark.CUSTOMER] & marks[theirs.pk][Mark.CUSTOMER]


# --- of accounts ---------------------------------------------------------------------------------------------
def test_account_is_known_by_former_payees_too(program: Program, ann: Enrollment, bob: Enrollment) -> None:
    person = ann.affiliate
    assert person.user
    person.phone = "+49 30 1234567"
    person.save()
    for method, account in ((PayeeMethod.BANK, makers.IBAN), (PayeeMethod.PAYPAL, "ann@pay.example")):
        affiliates.set_payee(person, method, account, holder="Ann", actor=person.user, at=NOON)
    note_marks(person, {Mark.DEVICE: "d1"}, at=NOON)

    marks = marks_of_enrollments(program)

    assert marks[bob.pk] == {Mark.EMAIL: {buyers.email_mark("bob@partner.example")}}
    assert marks[ann.pk] == {
        Mark.EMAIL: {buyers.email_mark("ann@partner.example")},
        Mark.PHONE: {buyers.phone_mark("0301234567")},
        Mark.PAYEE: set(Payee.objects.values_list("fingerprint", flat=True)),
        Mark.DEVICE: {"d1"},
    }
    assert fingerprint(f"bank:{makers.IBAN}", purpose="payee") in marks[ann.pk][Mark.PAYEE]
    assert marks_of_enrollments(program, [ann.pk]) == {ann.pk: marks[ann.pk]}


def test_accounts_of_other_programs_are_not_read(
    program: Program, ann: Enrollment, stranger: Enrollment
) -> None:
    assert marks_of_enrollments(program, [ann.pk, stranger.pk]).keys() == {ann.pk}


def test_what_an_affiliate_was_seen_with_is_noted_on_all_its_memberships(
    ann: Enrollment, bob: Enrollment
) -> None:
    second = makers.make_enrollment(makers.make_program(ann.program.merchant), affiliate=ann.affiliate)

    assert note_marks(ann.affiliate, {Mark.DEVICE: "d1", Mark.NETWORK: ""}, at=NOON) == 2
    assert note_marks(ann.affiliate, {Mark.DEVICE: "d1"}, at=NOON + DAY) == 0

    found = KnownMark.objects.order_by("enrollment").values_list(
        "program", "enrollment", "kind", "digest", "at"
    )
    assert list(found) == [
        (ann.program_id, ann.pk, "device", "d1", NOON + DAY),
        (second.program_id, second.pk, "device", "d1", NOON + DAY),
    ]
    assert note_marks(ann.affiliate, {}, at=NOON) == 0


def test_newest_of_a_kind_are_kept(ann: Enrollment) -> None:
    note_marks(ann.affiliate, {Mark.NETWORK: "n0"}, at=NOON)
    for number in range(MOST_NOTED):
        note_marks(ann.affiliate, {Mark.DEVICE: f"d{number}"}, at=NOON + number * DAY)
    note_marks(
        ann.affiliate, {Mark.DEVICE: "d0"}, at=NOON + 30 * DAY
    )  # seen again, so not the oldest any more

    note_marks(ann.affiliate, {Mark.DEVICE: "new"}, at=NOON + 31 * DAY)

    devices = {digest for kind, digest in kept(enrollment=ann) if kind == Mark.DEVICE}
    assert devices == {"new", "d0", *(f"d{number}" for number in range(2, MOST_NOTED))}
    assert ("network", "n0") in kept(enrollment=ann)


def test_older_sight_does_not_make_a_mark_older(ann: Enrollment) -> None:
    note_marks(ann.affiliate, {Mark.DEVICE: "d1"}, at=NOON)

    note_marks(ann.affiliate, {Mark.DEVICE: "d1"}, at=NOON - DAY)

    assert KnownMark.objects.get().at == NOON


# --- forgetting ----------------------------------------------------------------------------------------------
def test_browsers_and_networks_are_forgotten_with_the_raw_data_of_clicks(
    program: Program, ann: Enrollment
) -> None:
    program.raw_days = 30
    program.save(update_fields=["raw_days"])
    old, new = sold(ann), sold(ann)
    keep_sale_marks(program, [facts(old, device="d1", network="n1", email="e1", payee="p1")])
    keep_sale_marks(program, [facts(new, device="d2", network="n2")])
    KnownMark.objects.filter(conversion=new).update(at=NOON + DAY)
    note_marks(ann.affiliate, {Mark.DEVICE: "d3", Mark.NETWORK: "n3"}, at=NOON)

    assert forget(at=NOON + 30 * DAY) == 0
    assert forget(at=NOON + 31 * DAY, batch=1) == 4
    assert kept(conversion=old) == [("email", "e1"), ("payee", "p1")]
    assert kept(conversion=new) == [("device", "d2"), ("network", "n2")]
    assert kept(enrollment=ann) == []


def test_each_program_forgets_by_its_own_days(program: Program, ann: Enrollment, other: Program) -> None:
    other.raw_days = 400
    other.save(update_fields=["raw_days"])
    stan = makers.make_enrollment(other, "Stan Stranger")
    note_marks(ann.affiliate, {Mark.DEVICE: "d1"}, at=NOON)
    note_marks(stan.affiliate, {Mark.DEVICE: "d1"}, at=NOON)

    forget(at=NOON + 200 * DAY)

    assert (kept(enrollment=ann), kept(enrollment=stan)) == ([], [("device", "d1")])


def test_forgetting_is_on_the_schedule() -> None:
    from portal.schedule import SCHEDULE

    assert [every.interval for every in SCHEDULE if every.task == "fraud.tasks.forget_marks"] == [DAY]


@pytest.mark.parametrize("policy", IpPolicy.values)
def test_program_without_addresses_keeps_no_network_of_a_buyer(
    program: Program, ann: Enrollment, policy: str
) -> None:
    program.ip_policy = policy
    program.save(update_fields=["ip_policy"])
    told = buyers.notes_of(ip="198.51.100.7", payer_country="DE")

    one = sold(Enrollment.objects.get(pk=ann.pk), metadata=told)
    keep_marks(program, [one])

    expected = {} if policy == IpPolicy.NONE else {"network_mark": buyers.network_mark("198.51.100.7")}
    assert one.order.snapshot["metadata"] == {"payer_country": "DE", **expected}
    assert kept(conversion=one, kind="network") == [("network", mark) for mark in expected.values()]

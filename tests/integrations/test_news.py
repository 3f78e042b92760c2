"""What outsiders hear: every public kind, in one shape, without what is nobody's business."""

import json
from fnmatch import fnmatchcase
from time import perf_counter
from typing import Any

import pytest

from commissions.models import Commission
from core.models import Event
from integrations.news import PUBLIC, body_of, object_key, sample
from integrations.news.kinds import KINDS, OF_COMPANY, kinds_of, noun_of
from integrations.news.masking import masked
from integrations.news.recent import recent
from integrations.news.subjects import NOUNS
from portal.events import ROUTES
from tests import makers
from tests.integrations.news_life import PLANTED, Life
from tests.makers import NOON
from tracking.models import Order

# kinds that stay inside -> why
INNER = {
    "merchant.*": "who works here is nobody else's business",
    "member.*": "who works here is nobody else's business",
    "payee.*": "payment details",
    "key.*": "secrets",
    "brand.*": "looks",
    "group.*": "how the company sorts its affiliates",
    "connection.created": "our own plumbing",
    "connection.changed": "our own plumbing",
    "connection.changes_asked": "our own plumbing",
    "connection.telling": "our own plumbing",
    "connection.repaired": "our own plumbing",
    "connection.replayed": "our own plumbing",
    "connection.hastened": "our own plumbing",
    "connection.reprocessing": "our own plumbing",
    "delivery.*": "our own plumbing",
    "mapping.*": "our own plumbing",
    "reconciliation.*": "our own plumbing",
    "inbound.*": "our own plumbing",
    "beacon.*": "our own plumbing",
    "order_file.*": "our own plumbing",
    "arrival.*": "our own plumbing",
    "audit.*": "our own plumbing",
    "finding.*": "our own plumbing",
    "terms.met": "our own plumbing",
    "term.decided": "how the company calls what its stores name otherwise",
    "enrollment.imported": "a move from another platform, of many at once",
    "rates.*": "exchange rates are others' to publish",
    "study.*": "what models would say pays nobody",
    "testimony.*": "what other systems say of buyers",
    "case.*": "whom the company doubts, and why, is its own",
    "policy.*": "who knows what is looked for knows how to pass",
    "fraudlist.*": "who knows what is looked for knows how to pass",
    "dryrun.*": "who knows what is looked for knows how to pass",
    "exemption.*": "who knows what is looked for knows how to pass",
    "relation.*": "who belongs together is the company's own",
    "score.*": "what was learned of fraud is the company's own",
    "payout.doubted": "a person looks first; what was found out is told",
    "simulation.*": "what plans would cost pays nobody",
    "volume.*": "counters: the commissions that they move tell it",
    "period.*": "counters: the commissions that they move tell it",
    "conversion.moved": "counters: the commissions that they move tell it",
    "plan.drafted": "not said yet",
    "plan.edited": "not said yet",
    "plan.discarded": "not said yet",
    "plan.assigned": "terms.announced tells each affiliate that it concerns",
    "plan.transferred": "terms.announced tells each affiliate that it concerns",
    "terms.announcing": "a step of the work",
    "dictionary.telling": "a step of the work",
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def life() -> Life:
    """A program in which everything happened."""
    return Life().happen()


def newest(kind: str) -> Event:
    return Event.objects.filter(kind=kind).latest("pk")


def test_every_public_kind_is_an_event_of_the_house() -> None:
    assert sorted(PUBLIC - set(ROUTES)) == []


def test_every_other_kind_stays_inside_for_a_reason() -> None:
    inner = [kind for kind in ROUTES if any(fnmatchcase(kind, pattern) for pattern in INNER)]

    assert sorted(set(ROUTES) - PUBLIC - set(inner)) == [], "public (integrations/news/kinds.py) or inner?"
    assert sorted(PUBLIC & set(inner)) == []


def test_an_inner_kind_is_not_told(life: Life) -> None:
    with pytest.raises(KeyError):
        body_of(newest("payee.changed"))
    with pytest.raises(KeyError):
        sample("payee.changed")


def unlike(real: Any, made: Any, way: str = "") -> list[str]:
    """Where two bodies have other fields; what is null in one of them may be anything in the other."""
    if isinstance(real, dict) and isinstance(made, dict):
        return [f"{way}: {name}" for name in sorted(real.keys() ^ made.keys())] + [
            found
            for name in real.keys() & made.keys()
            for found in unlike(real[name], made[name], f"{way}.{name}")
        ]
    if isinstance(real, list) and isinstance(made, list):
        return unlike(real[0], made[0], f"{way}[]") if real and made else []
    is_alike = None in (real, made) or type(real) is type(made)
    return [] if is_alike else [f"{way}: {real!r} is not like {made!r}"]


def test_samples_have_the_shape_of_real_bodies(life: Life) -> None:
    happened = set(Event.objects.values_list("kind", flat=True))

    assert sorted(PUBLIC - happened) == []
    assert {kind: found for kind in KINDS if (found := unlike(body_of(newest(kind)), sample(kind)))} == {}


def test_no_body_tells_an_address_an_account_or_a_secret(life: Life) -> None:
    told = [json.dumps(body_of(event), ensure_ascii=False) for event in Event.objects.filter(kind__in=PUBLIC)]

    assert len(told) > len(PUBLIC)
    assert [text for text in told if any(planted in text for planted in PLANTED)] == []
    assert any("[e-mail]" in text and "[account]" in text for text in told)


def test_amounts_are_exact_and_times_are_utc(life: Life) -> None:
    body = body_of(newest("commission.reversed"))

    event, commission = newest("commission.reversed"), body["commission"]
    assert body["news"]["amount"] == {
        "amount": event.data["amount"],
        "currency": "EUR",
        "text": f"{event.data['amount'] / 100:.2f}",
    }
    assert (body["kind"], body["id"]) == ("commission.reversed", f"evt_{event.pk}")
    assert body["at"] == event.at.isoformat().replace("+00:00", "Z")
    assert commission["net"]["amount"] == commission["amount"]["amount"] - sum(
        one.data["amount"]
        for one in Event.objects.filter(kind="commission.reversed", subject_id=event.subject_id)
    )


def test_a_body_says_whose_it_is_by_the_names_that_the_api_uses(life: Life) -> None:
    ann, program = life.ann, life.program

    body = body_of(newest("coupon.created"))

    program.refresh_from_db()
    assert body["program"] == {"id": program.pk, "name": "Partners"}
    assert body["affiliate"] == {
        "id": ann.pk,
        "code": "ann-archer",
        "name": "Ann Archer",
        "profile": ann.affiliate_id,
    }
    assert body["coupon"]["code"] == "ann15"


def test_what_changed_is_named_and_its_values_stay_inside(life: Life) -> None:
    changed = body_of(newest("order.revised"))["news"]["changed"]

    assert changed == ["customer", "total"]
    assert body_of(newest("program.changed"))["news"] == {"changed": ["name"]}


def test_an_order_tells_its_buyer_by_ids_and_country_only(life: Life) -> None:
    order = body_of(newest("order.revised"))["order"]

    assert order["customer"] == {
        "id": order["customer"]["id"],
        "external_id": "c-1",
        "country": "DE",
        "is_new": None,
    }
    assert order["lines"][0]["name"] == "Mug for [e-mail] ([account])"
    assert (order["total"]["amount"], order["number"], order["source"]) == (12000, "1001", "shop")


def test_a_refund_that_came_before_its_order_is_told_too(life: Life) -> None:
    refund = body_of(newest("refund.recorded"))["refund"]

    assert refund["order"] == {"id": None, "source": "shop", "number": "9999"}
    assert refund["gross"] == {"amount": 100, "currency": "EUR", "text": "1.00"}


def test_an_orders_life_is_told_in_one_order(life: Life) -> None:
    order = Order.objects.get(external_id="1001")
    commission = Commission.objects.filter(conversion__order=order)[0]
    about = {
        "order.revised": order,
        "refund.recorded": order.refunds.get(),
        "conversion.counted": order.conversion,
        "commission.accrued": commission,
    }

    keys = {
        object_key(Event.objects.get(kind=kind, subject_id=row.pk, subject_type=row._meta.label_lower))
        for kind, row in about.items()
    }

    assert keys == {f"order:{order.pk}"}


def test_what_is_about_no_order_has_a_line_of_its_own(life: Life) -> None:
    kinds = (
        "commission.adjusted",
        "payout.paid",
        "batch.opened",
        "link.paused",
        "enrollment.left",
        "plan.published",
    )

    keys = [object_key(newest(kind)).partition(":")[0] for kind in kinds]

    assert keys == ["commission", "payout", "batch", "link", "enrollment", "plan"]


@pytest.mark.parametrize("number", ["987654321", "", "x", "1 or 1=1", "9" * 40, "٣", "-1"])
def test_a_subject_that_is_gone_is_told_by_its_id(number: str) -> None:
    for kind in PUBLIC - {"program.created", "program.changed"}:
        noun = noun_of(kind)
        label = NOUNS[noun].model._meta.label_lower
        event = Event(
            kind=kind, subject_type=label, subject_id=number, tenant_id=1, scope_id=7, at=NOON, data={}
        )

        body = body_of(event)

        assert list(body[noun]) == ["id"]
        assert (body["program"], body["affiliate"]) == ({"id": 7}, None)
        assert object_key(event) == f"{noun}:{number}"


def test_a_body_takes_few_queries(life: Life, django_assert_max_num_queries: Any) -> None:
    for kind in PUBLIC:
        event = newest(kind)
        with django_assert_max_num_queries(5):
            body_of(event)
        with django_assert_max_num_queries(1):
            object_key(event)


def test_what_belongs_to_the_company_has_no_program(life: Life) -> None:
    without = {event.kind for event in Event.objects.filter(kind__in=PUBLIC, scope_id=None)}

    assert without == OF_COMPANY
    assert body_of(newest("affiliate.changed"))["program"] is None


def test_recent_news_are_the_programs_own_the_newest_first(life: Life) -> None:
    strangers = makers.make_commission(makers.make_enrollment(makers.make_program()))

    found = recent("commission.accrued", life.program)

    own = Event.objects.filter(kind="commission.accrued", scope_id=life.program.pk).order_by("-pk")
    assert found == list(own[:3])
    assert recent("commission.accrued", strangers.program) == [newest("commission.accrued")]


def test_a_name_stands_for_a_kind_or_a_noun() -> None:
    assert kinds_of("order.revised") == ["order.revised"]
    assert kinds_of("order.*") == ["order.recorded", "order.revised"]
    assert [
        kinds_of(wrong) for wrong in ("", "*", ".*", "order", "order.", "payee.*", "key.created", "o*")
    ] == [[]] * 8


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("write to a.b+c@mail.example.org!", "write to [e-mail]!"),
        ("<ü@müller.de>", "<[e-mail]>"),
        ("https://x.example/?e=a%40b.example&f=1", "https://x.example/?e=[e-mail]&f=1"),
        ("me@home", "me@home"),
        ("DE89370400440532013000", "[account]"),
        ("de89 3704 0044 0532 0130 00 and more words", "[account] and more words"),
        ("No 12 AB12 DE89-3704-0044-0532-0130-00", "No 12 AB12 [account]"),
        ("NL91ABNA0417164300/GB82WEST12345698765432", "[account]/[account]"),
        ("DE89370400440532013001", "DE89370400440532013001"),
        ("SKU AB12CDEF345678901", "SKU AB12CDEF345678901"),
        ("", ""),
    ],
)
def test_addresses_and_accounts_are_masked_in_texts(text: str, told: str) -> None:
    assert masked({"a": [text], "n": 1, "none": None, "yes": True}) == {
        "a": [told],
        "n": 1,
        "none": None,
        "yes": True,
    }


def test_masking_takes_no_time_that_a_sly_text_could_stretch() -> None:
    began = perf_counter()

    for text in (
        "a" * 50_000,
        "a@" * 9_000,
        "DE89" * 9_000,
        "AB12 " * 9_000,
        "a%40" * 9_000,
        "a.@b." * 9_000,
    ):
        masked(text)

    assert perf_counter() - began < 10

"""The demo is loaded once, its books are right, and every screen has something to show."""

from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.test.utils import override_settings
from pytest_django.plugin import DjangoDbBlocker

from affiliates.models import Affiliate, AttributionTerms, DirectLink, Enrollment, Link
from commissions.ledger import balances
from commissions.models import Commission
from core.models import Job, User
from fraud.models import Answer, AnswerFile, Case, Hold
from integrations.models import Inbound, OrderFile
from payouts.models import Batch, Payout
from payouts.review import review
from portal.demo import cast
from tracking.models import Click, Conversion, Decision, Refund, Study

pytestmark = pytest.mark.django_db

SCALE = 0.02


def load() -> str:
    said = StringIO()
    call_command("demo", scale=SCALE, stdout=said)
    return said.getvalue()


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The demo, loaded once for all tests of this file and rolled back after them; what the command said."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield load()
        transaction.set_rollback(True)


def rows() -> dict[str, int]:
    ours = ("core", "affiliates", "tracking", "commissions", "payouts", "fraud", "integrations", "portal")
    return {
        model.__name__: model.objects.count()
        for app in ours
        for model in apps.get_app_config(app).get_models()
    }


def test_second_run_changes_nothing_and_tells_the_log_ins_again(demo: str) -> None:
    before = rows()

    again = load()

    assert "The books are right." in demo
    assert "nothing was changed" in again
    assert cast.OWNER in again
    assert cast.PASSWORD in again
    assert rows() == before


def test_it_leaves_something_to_decide_everywhere_and_tells_nobody(demo: str) -> None:
    assert Affiliate.objects.count() == len(cast.AFFILIATES) + len(cast.APPLICATIONS) + 1
    assert Enrollment.objects.applied().count() == len(cast.APPLICATIONS)
    assert Commission.objects.filter(is_held=True).count() > 3
    assert Conversion.objects.parked().count() == 3
    assert sorted(Inbound.objects.stuck().values_list("state", flat=True)) == [
        "parked",
        "quarantined",
        "quarantined",
    ]
    assert Refund.objects.waiting().count() == 1
    assert (Job.objects.count(), len(mail.outbox)) == (0, 0)


def test_payouts_stand_at_every_step(demo: str) -> None:
    states = set(Payout.objects.values_list("state", flat=True))
    assert states == {"draft", "sent", "paid", "failed"}
    assert Batch.objects.get(program__slug="ember", state="half").approvals.count() == 1
    draft = review(Batch.objects.get(program__slug="northwind", state="draft"))
    assert (draft.outliers > 0, draft.first_time > 0) == (True, True)
    reasons = {row.reason for row in draft.held_back}
    assert reasons == {"minimum", "no_payee", "on_hold", "debt", "inactive"}


def test_the_star_has_money_in_all_four_places(demo: str, client: Client) -> None:
    northwind, ember = (
        Enrollment.objects.filter(affiliate__name=cast.STAR).order_by("program__slug").reverse()
    )
    assert all(amount > 0 for amount in balances(northwind).values())
    assert 0 < balances(ember)["payable"] < ember.program.minimum_payout
    assert northwind.commissions.filter(level=2).exists()
    assert northwind.sponsor is not None
    assert northwind.recruits.exists()
    assert client.login(email=northwind.affiliate.email, password=cast.PASSWORD)


def test_the_star_may_open_every_page(demo: str, enter: Callable[[Affiliate], Client]) -> None:
    star = Affiliate.objects.get(name=cast.STAR)
    host = {"headers": {"host": "northwind.localhost"}}

    pages = [
        enter(star).get(path, **host).status_code
        for path in ("/overview/", "/links/", "/traffic/", "/earnings/", "/payouts/")
    ]

    assert pages == [200] * 5


def test_clicks_are_read_and_come_from_everywhere(demo: str) -> None:
    people = Click.objects.filter(is_bot=False)

    assert Click.objects.filter(is_read=False).count() == 0
    assert len(set(people.values_list("source", flat=True))) >= 8
    assert set(people.values_list("is_duplicate", flat=True)) == {True, False}
    assert people.filter(via="direct").count() > 10
    assert Link.objects.exclude(rotation=[]).exclude(rules=[]).count() == 1


def test_touches_are_shared_since_the_terms_changed(demo: str) -> None:
    dated = AttributionTerms.objects.filter(program__slug="northwind").order_by("effective_at")
    current = Decision.objects.filter(is_current=True, enrollment__isnull=False)

    assert [terms.model for terms in dated] == ["last_click", "last_click", "position"]
    assert max(len(decision.credits) for decision in current) >= 3  # first, between, last
    assert set(Study.objects.values_list("state", flat=True)) == {"done"}
    assert sorted(OrderFile.objects.values_list("state", flat=True)) == ["taken", "uploaded"]
    assert sorted(DirectLink.objects.values_list("state", flat=True)) == ["active", "asked"]


def test_the_review_finds_what_was_planted_and_nobody_else(demo: str) -> None:
    found = {
        (case.enrollment.affiliate.name, case.cause, case.state): set(
            case.signals.exclude(action="note").values_list("check_name", flat=True)
        )
        for case in Case.objects.select_related("enrollment__affiliate")
    }
    own = {"self_referral", "own_domain_buyer"}

    assert found == {
        ("Bergfieber", "identity", "decided"): own,
        ("Tom Okafor", "identity", "decided"): own,
        ("The Gear Shelf", "identity", "open"): own,
        ("Amélie Roux", "identity", "open"): own,
        (cast.HIDING, "traffic", "proposed"): {"hidden_click"},
        (cast.RETURNING, "orders", "open"): {"refunds_again"},
        (cast.STAR, "orders", "open"): {"orders_in_a_row"},  # a club's, and honest
    }
    held = Hold.objects.filter(case__in=Case.objects.undecided(), lifted_at=None)
    waiting = Commission.objects.filter(screening="waiting")
    assert not waiting.exclude(pk__in=held.values("commission")).exists()


def test_cases_are_answered_proposed_and_decided_with_a_message(demo: str) -> None:
    decided = Case.objects.exclude(decided_at=None)

    assert all(case.message and case.decided_by for case in decided)
    assert Commission.objects.filter(fraud_holds__case__in=decided, state="declined").count() == 4
    assert list(Answer.objects.values_list("case__enrollment__affiliate__name", flat=True)) == [
        "The Gear Shelf"
    ]
    assert AnswerFile.objects.get().kind == "text/plain"
    proposed = Case.objects.get(state="proposed")
    assert (proposed.verdict, proposed.decided_by) == ("decline", None)
    assert all(hold.commission.is_held for hold in Hold.objects.filter(case__in=Case.objects.undecided()))


def test_a_manager_sees_the_queue_and_opens_every_case(demo: str, enter: Callable[[User], Client]) -> None:
    manager = enter(User.objects.get(email="manager@northwind.example"))

    queue = manager.get("/admin/fraud/case/")
    pages = [manager.get(f"/admin/fraud/case/{case.pk}/change/", follow=True) for case in Case.objects.all()]

    assert cast.HIDING in queue.content.decode()
    assert [page.status_code for page in pages] == [200] * 7


@override_settings(PRODUCTION=True)
def test_production_refuses_the_demo(demo: str) -> None:
    before = rows()

    with pytest.raises(CommandError):
        load()

    assert rows() == before

import pytest
from django.core import mail
from django.test import Client

from affiliates import actions
from affiliates.models import Affiliate, Enrollment, Program
from affiliates.states import EnrollmentState
from core.models import User
from portal.models import Brand
from tests import makers

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Nora New",
    "email": "nora@example.com",
    "password1": "a long enough sentence",
    "password2": "a long enough sentence",
    "text": "I review mugs.",
    "website": "nora.example",
    "accepts_terms": "on",
}


def apply(client: Client, program: Program, **changes: str) -> str:
    answer = client.post(f"/programs/{program.slug}/apply/", {**FORM, **changes})
    return getattr(answer, "url", "")


def test_application_makes_account_affiliate_and_enrollment(
    client: Client, brand: Brand, program: Program
) -> None:
    where = apply(client, program)

    enrollment = Enrollment.objects.get()
    assert where == f"/programs/{program.slug}/applied/"
    assert (enrollment.state, enrollment.application) == (EnrollmentState.APPLIED, "I review mugs.")
    assert (enrollment.affiliate.user.email, enrollment.affiliate.name) == ("nora@example.com", "Nora New")


def test_applicant_is_asked_to_confirm_the_address_and_not_signed_in(
    client: Client, brand: Brand, program: Program
) -> None:
    apply(client, program)

    assert [message.to for message in mail.outbox] == [["nora@example.com"]]
    assert client.get("/overview/").status_code == 302


def test_automatic_program_answers_at_once(client: Client, brand: Brand, program: Program) -> None:
    Program.objects.update(approval=Program.Approval.AUTOMATIC)

    apply(client, program)

    assert Enrollment.objects.get().is_active is True


def test_known_address_is_answered_like_an_unknown_one(
    client: Client, brand: Brand, program: Program
) -> None:
    makers.make_user("nora@example.com")
    fresh = Client()

    known, unknown = apply(client, program), apply(fresh, program, email="other@example.com")

    assert known == unknown
    pages = [each.get(known).content for each in (client, fresh)]
    assert pages[0] == pages[1].replace(b"other@example.com", b"nora@example.com")
    assert [message.to for message in mail.outbox] == [["nora@example.com"], ["other@example.com"]]


def test_known_address_changes_nothing(client: Client, brand: Brand, program: Program) -> None:
    user = makers.make_user("nora@example.com", name="Nora Known")

    apply(client, program)

    assert (Affiliate.objects.count(), Enrollment.objects.count()) == (0, 0)
    assert User.objects.get(pk=user.pk).check_password(makers.PASSWORD) is True


@pytest.mark.parametrize(
    ("field", "value"), [("email", "nonsense"), ("password1", "short"), ("accepts_terms", ""), ("name", "")]
)
def test_incomplete_application_is_not_taken(
    client: Client, brand: Brand, program: Program, field: str, value: str
) -> None:
    apply(client, program, **{field: value})

    assert (User.objects.filter(email="nora@example.com").exists(), Enrollment.objects.exists()) == (
        False,
        False,
    )


def test_recruiting_link_sets_the_sponsor(
    client: Client, brand: Brand, program: Program, sue: Enrollment
) -> None:
    client.get(f"/programs/{program.slug}/?via={sue.code}")

    apply(client, program)

    assert Enrollment.objects.get(affiliate__email="nora@example.com").sponsor == sue


def test_recruiting_link_of_a_suspended_affiliate_sets_no_sponsor(
    client: Client, brand: Brand, program: Program, sue: Enrollment, mia: User
) -> None:
    actions.suspend(sue, reason="Ads on our name.", actor=mia)
    client.get(f"/programs/{program.slug}/?via={sue.code}")

    apply(client, program)

    assert Enrollment.objects.get(affiliate__email="nora@example.com").sponsor is None


def test_recruiting_link_holds_for_its_own_program(
    client: Client, brand: Brand, program: Program, sue: Enrollment
) -> None:
    second = makers.make_program(program.merchant)
    brand.programs.add(second)
    client.get(f"/programs/{program.slug}/?via={sue.code}")

    apply(client, second)

    assert Enrollment.objects.get(program=second).sponsor is None


def test_somebody_signed_in_applies_without_a_new_account(
    client: Client, brand: Brand, program: Program
) -> None:
    user = makers.make_user("nora@example.com", name="Nora New")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    client.post(f"/programs/{program.slug}/apply/", {"name": "Nora New", "accepts_terms": "on"})

    assert Enrollment.objects.get().affiliate.user == user
    assert mail.outbox == []


def test_nobody_applies_twice(client: Client, brand: Brand, ann: Enrollment) -> None:
    client.force_login(ann.affiliate.user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(f"/programs/{ann.program.slug}/apply/").url == "/overview/"


def test_closed_program_takes_no_applications(client: Client, brand: Brand, program: Program) -> None:
    Program.objects.update(is_open=False)

    assert apply(client, program) == f"/programs/{program.slug}/"
    assert Enrollment.objects.count() == 0


def test_affiliate_made_by_a_manager_becomes_the_applicants(
    client: Client, brand: Brand, program: Program
) -> None:
    waiting = Affiliate.objects.create(
        merchant=program.merchant, name="Nora (imported)", email="nora@example.com"
    )

    apply(client, program)

    assert Affiliate.objects.get().pk == waiting.pk
    assert Affiliate.objects.get().user.email == "nora@example.com"

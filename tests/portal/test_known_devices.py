"""What is noted when somebody logs in: of affiliates alone, as far as their programs allow, and never in their way."""

from typing import Any
from uuid import UUID

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from affiliates.models import Enrollment, Program
from core.models import User
from fraud.models import KnownMark
from portal import known_devices
from portal.models import Brand
from tests import makers
from tracking.buyers import device_mark, network_mark

pytestmark = pytest.mark.django_db
VISITOR = "ab" * 16
IP = "198.51.100.7"


def log_in(
    client: Client, address: str = "ann@partner.example", visitor: str = VISITOR, **headers: str
) -> Any:
    """Type the password, behind one proxy of ours."""
    if visitor:
        client.cookies["vid"] = visitor
    said = {"X-Forwarded-For": f"203.0.113.9, {IP}", **headers}
    return client.post("/account/login/", {"login": address, "password": makers.PASSWORD}, headers=said)


@pytest.fixture(autouse=True)
def one_proxy(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1


def noted(enrollment: Enrollment) -> dict[str, str]:
    return dict(KnownMark.objects.filter(enrollment=enrollment).values_list("kind", "digest"))


def test_browser_and_network_of_an_affiliate_are_noted(client: Client, ann: Enrollment, brand: Brand) -> None:
    answer = log_in(client)

    assert (answer.status_code, "_auth_user_id" in client.session) == (302, True)
    assert noted(ann) == {"device": device_mark(UUID(VISITOR)), "network": network_mark(IP)}
    rows = str(list(KnownMark.objects.values()))
    assert [word for word in (VISITOR, "198.51.100") if word in rows] == []


def test_browser_is_the_one_of_its_clicks(client: Client, ann: Enrollment, brand: Brand) -> None:
    click, _tid = makers.make_click(ann, visitor=UUID(VISITOR), ip="198.51.100.0")
    click.refresh_from_db()
    log_in(client)

    assert noted(ann) == {"device": device_mark(click.visitor), "network": network_mark(click.ip)}


@pytest.mark.parametrize(
    ("visitor", "headers"),
    [("", {}), ("AB" * 16, {}), ("ab" * 15, {}), ("x' OR 1=1", {}), (VISITOR, {"Sec-GPC": "1"})],
)
def test_browser_without_an_id_or_that_refuses_is_not_noted(
    client: Client, ann: Enrollment, brand: Brand, visitor: str, headers: dict[str, str]
) -> None:
    log_in(client, visitor=visitor, **headers)

    assert list(noted(ann)) == ["network"]


def test_program_that_keeps_no_addresses_has_no_networks(
    client: Client, ann: Enrollment, brand: Brand
) -> None:
    Program.objects.filter(pk=ann.program_id).update(ip_policy="none")

    log_in(client)

    assert list(noted(ann)) == ["device"]


def test_only_the_brands_company_hears_of_it(client: Client, ann: Enrollment, brand: Brand) -> None:
    elsewhere = makers.make_program(makers.make_merchant("Elsewhere"))
    other = makers.make_enrollment(elsewhere, "Ann Archer", email="ann@elsewhere.example")
    other.affiliate.user = ann.affiliate.user
    other.affiliate.save(update_fields=["user"])

    log_in(client)

    assert (len(noted(ann)), noted(other)) == (2, {})


def test_of_managers_nothing_is_noted(client: Client, mia: User, ann: Enrollment, brand: Brand) -> None:
    log_in(client, mia.email)

    assert ("_auth_user_id" in client.session, KnownMark.objects.count()) == (True, 0)


def test_wrong_password_notes_nothing(client: Client, ann: Enrollment, brand: Brand) -> None:
    client.cookies["vid"] = VISITOR
    client.post("/account/login/", {"login": "ann@partner.example", "password": "wrong"})

    assert ("_auth_user_id" in client.session, KnownMark.objects.count()) == (False, 0)


@pytest.mark.parametrize("part", ["note_marks", "network_mark", "get_adapter"])
def test_what_fails_here_stops_nobody(
    client: Client, ann: Enrollment, brand: Brand, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def broken(*_args: Any, **_named: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(known_devices, part, broken)

    answer = log_in(client)

    assert (answer.status_code, "_auth_user_id" in client.session) == (302, True)
    assert KnownMark.objects.count() == 0


def test_nothing_is_noted_before_the_second_factor(client: Client, ann: Enrollment, brand: Brand) -> None:
    TOTP.activate(ann.affiliate.user, generate_totp_secret())

    answer = log_in(client)

    assert (answer.status_code, "_auth_user_id" in client.session) == (302, False)
    assert KnownMark.objects.count() == 0

"""What no form of ours sends to the plans, the terms and the brand of a program: no form takes it."""

from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.test import Client

from affiliates.models import Program
from core.models import User
from portal.access import sender
from portal.admin.brands import UNSAFE_SVG, BrandForm
from portal.models import Brand
from portal.setup.forms import StartForm

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]


def test_endless_json_is_no_plan(enter: Enter, program: Program, mia: User) -> None:
    fields = {"program": program.pk, "name": "Deep", "body": "[" * 100_000}

    answer = enter(mia).post("/admin/commissions/plan/add/", fields)

    assert (answer.status_code, program.plans.filter(name="Deep").exists()) == (200, False)


def test_customer_is_not_bound_longer_than_the_calendar_goes(
    enter: Enter, program: Program, mia: User
) -> None:
    fields = {"program": program.pk, "window_hours": "24", "bound_days": "2147483647"}

    answer = enter(mia).post("/admin/affiliates/attributionterms/add/", fields)

    assert (answer.status_code, program.attribution_terms.count()) == (200, 1)


@pytest.mark.parametrize(
    "logo",
    [
        "<svg/onload=alert(1)>",
        "<svg><svg:script>alert(1)</svg:script></svg>",
        '<svg><set attributeName="onload" to="alert(1)"/></svg>',
        '<svg fill="url(https://elsewhere.example/x)"/>',
        '<svg style="background:url(//elsewhere.example)"/>',
        '<svg><a title="&#106;avascript"/></svg>',
    ],
)
def test_logo_that_does_more_than_draw_is_refused(logo: str) -> None:
    assert UNSAFE_SVG.search(logo) is not None


def test_logo_with_a_gradient_of_its_own_is_taken() -> None:
    logo = '<svg><linearGradient id="a"/><path stroke-linejoin="round" fill="url(#a)" d="M0 0"/></svg>'

    assert UNSAFE_SVG.search(logo) is None


def test_brand_gets_no_host_that_nothing_answers_for() -> None:
    assert settings.ALLOWED_HOSTS.count("partners.elsewhere.example") == 0

    form = BrandForm({"host": "partners.elsewhere.example"})

    assert form.errors["host"] == ["Add this host to ALLOWED_HOSTS first: nothing answers there yet."]


def test_brand_keeps_the_host_that_it_has(brand: Brand) -> None:
    Brand.objects.update(host="partners.elsewhere.example")
    brand.refresh_from_db()

    form: forms.ModelForm[Brand] = BrandForm({"host": brand.host}, instance=brand)

    assert form.errors.get("host") is None


def test_line_break_in_a_senders_name_adds_no_header(brand: Brand) -> None:
    brand.sender_name = "Northwind\r\nBcc: all@elsewhere.example"

    assert sender(brand).splitlines() == [sender(brand)]


def test_color_with_a_line_break_is_no_color(db: None) -> None:
    assert StartForm({"colour": "#14634d\n"}).errors["colour"] == ["Enter a valid value."]

"""What managers choose for a shop, and codes that they retire."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.actions import create_coupon
from affiliates.models import Enrollment
from core.models import Event, User
from integrations.models import Connection
from tests import makers

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
ADD = "admin:integrations_connection_add"
ENTERED = {
    "tells_customers": "yes",
    "coupons": "yes",
    "coupon_discount": "10 %",
    "coupon_minimum": "",
    "coupon_once": "",
    "coupon_days": "30",
}


def verb(row: Any, name: str) -> str:
    label = f"{row._meta.app_label}_{row._meta.model_name}"
    return reverse(f"admin:{label}_verb", args=[row.pk, name])


def test_settings_of_a_shop_are_asked_for_shown_and_changed(ann: Enrollment, mia: User, enter: Enter) -> None:
    shop = makers.make_connection(ann.program, base_url="")
    client = enter(mia)

    form = client.get(verb(shop, "options")).content.decode()
    refused = client.post(verb(shop, "options"), {**ENTERED, "coupon_discount": ""}, follow=True)
    shop.refresh_from_db()
    before = dict(shop.options)
    client.post(verb(shop, "options"), ENTERED)

    shop.refresh_from_db()
    page = client.get(reverse("admin:integrations_connection_change", args=[shop.pk])).content.decode()
    again = client.get(verb(shop, "options")).content.decode()
    assert '<select name="tells_customers"' in form
    assert ("Say which discount the codes give" in refused.content.decode(), before) == (True, {})
    assert (shop.options["tells_customers"], shop.options["coupons"]) == (True, True)
    assert "10 %" in page
    assert '<option value="yes" selected>' in again


def test_new_shop_begins_with_its_settings(ann: Enrollment, mia: User, enter: Enter) -> None:
    form = {"program": ann.program_id, "connector": "woocommerce", "name": "Shop", "source": "shop"}
    client = enter(mia)

    asked = client.get(reverse(ADD), {"connector": "woocommerce"}).content.decode()
    client.post(reverse(ADD) + "?connector=woocommerce", {**form, "base_url": "", **ENTERED})
    quiet = {**form, "source": "quiet", "base_url": ""}
    client.post(reverse(ADD) + "?connector=woocommerce", quiet)

    assert 'name="coupon_discount"' in asked
    assert Connection.objects.get(source="shop").options["coupon_discount"] == "10 %"
    assert Connection.objects.get(source="quiet").options["tells_customers"] is False


def test_code_is_retired_on_its_page(ann: Enrollment, mia: User, enter: Enter) -> None:
    coupon = create_coupon(ann, "spring10", at=makers.FOUNDED)
    client = enter(mia)

    ask = client.get(verb(coupon, "retire")).content.decode()
    client.post(verb(coupon, "retire"))

    coupon.refresh_from_db()
    assert "those from before are" in ask
    assert (coupon.is_active, coupon.retired_at is not None) == (False, True)
    assert Event.objects.get(kind="coupon.retired").actor == mia
    text = client.get(reverse("admin:affiliates_coupon_change", args=[coupon.pk])).content.decode()
    assert "retired" in text.lower()


def test_mapping_of_a_shops_customers_has_a_page(ann: Enrollment, mia: User, enter: Enter) -> None:
    shop = makers.make_connection(ann.program, base_url="")

    named = reverse("admin:integrations_connection_mapping", args=[shop.pk, "out", "customer"])
    answer = enter(mia).get(named)

    assert answer.status_code == 200
    assert "affiliate_segment" in answer.content.decode()

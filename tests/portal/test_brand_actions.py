"""Brands are made and changed by verbs, with an event."""

import pytest
from django.core.exceptions import ValidationError

from affiliates.models import Merchant, Program
from affiliates.roles import NotAllowed
from affiliates.states import IllegalMove
from core.models import Event, User
from portal.brand_actions import change_brand, create_brand
from portal.models import Brand

pytestmark = pytest.mark.django_db


def test_brand_shows_its_programs_on_its_host(merchant: Merchant, program: Program, mia: User) -> None:
    brand = create_brand(
        merchant, name="Nord", host="Partners.Nord.example", slug="nord", programs=[program], actor=mia
    )

    assert (brand.host, list(brand.programs.all())) == ("partners.nord.example", [program])
    assert Event.objects.get(kind="brand.changed").data == {
        "name": ["", "Nord"],
        "host": ["", "partners.nord.example"],
    }


def test_other_companys_program_is_refused(merchant: Merchant, other: Program, mia: User) -> None:
    with pytest.raises(IllegalMove):
        create_brand(merchant, name="Nord", host="nord.example", slug="nord", programs=[other], actor=mia)

    assert Brand.objects.count() == 0


def test_change_is_told_with_old_and_new(brand: Brand, mia: User) -> None:
    change_brand(brand, actor=mia, colour="#102030", name=brand.name, programs=[])

    assert Event.objects.get(kind="brand.changed").data == {
        "colour": ["#14634d", "#102030"],
        "programs": ["Partner program", ""],
    }


def test_change_to_the_same_is_no_news(brand: Brand, mia: User) -> None:
    change_brand(brand, actor=mia, colour=brand.colour, programs=list(brand.programs.all()))

    assert Event.objects.filter(kind="brand.changed").count() == 0


def test_color_that_is_none_changes_nothing(brand: Brand, mia: User) -> None:
    with pytest.raises(ValidationError):
        change_brand(brand, actor=mia, colour="red")

    brand.refresh_from_db()
    assert brand.colour == "#14634d"


def test_finance_changes_no_brand(brand: Brand, fin: User) -> None:
    with pytest.raises(NotAllowed):
        change_brand(brand, actor=fin, name="Fin's")

    assert Event.objects.filter(kind="brand.changed").count() == 0

"""Affiliates of another platform: each once, under the code by which its sales are known there."""

from typing import Any

import pytest

from affiliates.actions import import_affiliate, register_affiliate
from affiliates.codes import CodeRefused
from affiliates.models import Affiliate, Enrollment, Link, Program
from affiliates.roles import NotAllowed
from affiliates.states import IllegalMove
from core.models import Event, Job, User
from integrations.affiliate_files import read_people
from integrations.order_files import OrderFileError
from tests import makers

ANN = {"name": "Ann", "email": "Ann@Blog.example", "code": "pn_ANN1"}


def test_affiliate_promotes_under_the_code_of_the_other_platform(program: Program, mona: User) -> None:
    enrollment = import_affiliate(program, **ANN, actor=mona)

    assert (enrollment.code, enrollment.state, enrollment.affiliate.email) == (
        "pn-ann1",
        "active",
        "ann@blog.example",
    )
    assert Link.objects.get(enrollment=enrollment).is_default
    assert Event.objects.filter(kind="enrollment.imported").count() == 1


def test_nobody_is_written_to_and_no_bonus_is_paid(program: Program) -> None:
    before = Job.objects.count()

    import_affiliate(program, **ANN)

    assert Job.objects.count() == before


def test_same_again_changes_nothing(program: Program) -> None:
    first = import_affiliate(program, **ANN)

    again = import_affiliate(program, **ANN)

    assert (first, Enrollment.objects.count(), Affiliate.objects.count()) == (again, 1, 1)


def test_whoever_signs_up_with_the_address_finds_it_theirs(program: Program) -> None:
    enrollment = import_affiliate(program, **ANN)
    user = makers.make_user("ann@blog.example", name="Ann")

    affiliate = register_affiliate(program.merchant, user, name="Ann")

    assert affiliate == enrollment.affiliate
    assert affiliate.user == user


@pytest.mark.parametrize("change", [{"code": "other-code"}, {"email": "somebody@else.example"}])
def test_code_or_address_of_somebody_else_is_refused(program: Program, change: dict[str, str]) -> None:
    import_affiliate(program, **ANN)

    with pytest.raises(IllegalMove):
        import_affiliate(program, **(ANN | change))

    assert Enrollment.objects.count() == 1


def test_code_that_nobody_can_have_is_refused(program: Program) -> None:
    with pytest.raises(CodeRefused):
        import_affiliate(program, **(ANN | {"code": "a"}))


def test_stranger_may_not(program: Program) -> None:
    eve = makers.make_user("eve@other.example", name="Eve")

    with pytest.raises(NotAllowed):
        import_affiliate(program, **ANN, actor=eve)

    assert Affiliate.objects.count() == 0


def test_each_row_says_why_it_cannot_be_taken() -> None:
    text = (
        "Partner Name;E-mail;Partner ID;Payout currency\n"
        "Ann;ann@blog.example;pn_1;EUR\n"
        ";b@blog.example;bert;\n"
        "Cid;not-an-address;cid;\n"
        "Dora;d@blog.example;!;\n"
        "Eve;e@blog.example;eve;USD\n"
        "Ann again;Ann@blog.example;ann2;\n"
    )

    people = read_people(text, "EUR")

    assert [(one.number, one.trouble) for one in people] == [
        (2, ""),
        (3, "The name is missing."),
        (4, "“not-an-address” is no e-mail address."),
        (5, "Use 3 to 40 letters a to z, digits and hyphens."),
        (6, "This program pays in EUR: leave the currency out."),
        (7, "The address or the code stands in an earlier row."),
    ]


def test_table_without_the_columns_says_which() -> None:
    with pytest.raises(OrderFileError) as refusal:
        read_people("a,b\n1,2\n", "EUR")

    assert str(refusal.value).startswith("These columns are missing: name, email, code.")


def test_json_of_an_api_is_read_too() -> None:
    people: Any = read_people('[{"name": "Ann", "email": "a@b.example", "id": "pn_1"}]', "EUR")

    assert [one.code for one in people] == ["pn-1"]

"""Store credit as the affiliate sees it: offered by the shop's own name, and by no other company's."""

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import Enrollment, Payee
from core.models import User
from integrations import actions
from integrations.connectors.shopify import read_options
from integrations.models import Connection
from payouts import actions as payouts
from portal.models import Brand
from tests import makers
from tests.makers import NOON

pytestmark = pytest.mark.django_db
LATER = NOON.replace(month=12)
OFFERED = {"store_credit": "yes", "store_credit_name": "Casa Clara"}


@pytest.fixture
def shop(ann: Enrollment) -> Connection:
    """A shop that pays affiliates in its credit."""
    options = read_options(OFFERED)
    return makers.make_connection(ann.program, connector="shopify", name="Shopify BR", options=options)


@pytest.fixture
def signed_in(client: Client, ann: Enrollment, brand: Brand) -> Client:
    """Ann, who has just typed her password."""
    client.post("/account/login/", {"login": ann.affiliate.email, "password": makers.PASSWORD})
    client.post("/account/reauthenticate/", {"password": makers.PASSWORD})
    return client


def entered(shop: Connection, account: str = "Ann@Shopper.example") -> dict[str, str]:
    return {"method": f"store_credit:{shop.pk}", "holder": "Ann Archer", "account": account}


def test_store_credit_is_offered_by_the_shops_own_name(signed_in: Client, shop: Connection) -> None:
    text = signed_in.get("/profile/payee/").content.decode()

    assert text.count("Store credit at Casa Clara") == 1
    assert "opify" not in text


def test_store_credit_is_chosen_and_shown_masked(signed_in: Client, shop: Connection) -> None:
    signed_in.post("/profile/payee/", entered(shop))
    payee = Payee.objects.get()
    text = signed_in.get("/profile/").content.decode() + signed_in.get("/profile/payee/").content.decode()

    assert (payee.method, payee.account, payee.shop) == ("store_credit", "ann@shopper.example", shop.pk)
    assert payee.label == "a•••@shopper.example, Casa Clara"
    assert "ann@shopper.example" not in text
    assert f'value="store_credit:{shop.pk}"' in text
    assert "checked" in text.partition(f'value="store_credit:{shop.pk}"')[2].partition(">")[0]


def test_no_shop_gives_credit_so_none_is_offered(signed_in: Client, shop: Connection) -> None:
    actions.change_options(shop, options=read_options({}))

    answer = signed_in.post("/profile/payee/", entered(shop))

    assert list(answer.context["form"].errors) == ["method"]
    assert "Store credit" not in signed_in.get("/profile/payee/").content.decode()
    assert Payee.objects.count() == 0


def test_another_companys_shop_is_refused(signed_in: Client, shop: Connection, eve: User) -> None:
    elsewhere = makers.make_program(makers.make_merchant("Elsewhere", eve))
    theirs = makers.make_connection(elsewhere, connector="shopify", options=read_options(OFFERED))

    answer = signed_in.post("/profile/payee/", entered(theirs))

    assert list(answer.context["form"].errors) == ["method"]
    assert Payee.objects.count() == 0


@pytest.mark.parametrize("account", ["", "ann", "NL91 ABNA 0417 1643 00"])
def test_store_credit_needs_an_address(signed_in: Client, shop: Connection, account: str) -> None:
    answer = signed_in.post("/profile/payee/", entered(shop, account))

    assert list(answer.context["form"].errors) == ["account"]
    assert Payee.objects.count() == 0


def test_whoever_chose_a_shop_that_stopped_is_told(signed_in: Client, shop: Connection) -> None:
    signed_in.post("/profile/payee/", entered(shop))
    actions.pause(shop)

    text = signed_in.get("/profile/payee/").content.decode()

    assert text.count("The shop gives no store credit at present.") == 1


def test_statement_names_no_reference_before_the_credit_is_given(
    signed_in: Client, ann: Enrollment, shop: Connection, mia: User, fin: User
) -> None:
    signed_in.post("/profile/payee/", entered(shop))
    makers.make_payable(ann)
    batch = payouts.open_batch(ann.program, actor=mia, at=LATER)
    payouts.approve_batch(batch, actor=fin, at=LATER)
    payout = batch.payouts.get()
    address = reverse("affiliate:payout", args=[payout.pk])

    payouts.begin_sending(payout, shop="s", account="7000001", seen=None, at=LATER)
    on_its_way = signed_in.get(address).content.decode()
    payouts.settle(payout, reference="9000001", at=LATER)

    assert ("Reference" in on_its_way, "7000001" in on_its_way) == (False, False)
    assert "9000001" in signed_in.get(address).content.decode()

"""The list of the first day: for the company's people, with buttons that do what they say."""

import pytest
from django.core import mail
from django.test import Client

from affiliates.models import Affiliate, Enrollment, Invitation, Program
from affiliates.roles import NotAllowed
from commissions import checks
from commissions.ledger import balances
from commissions.models import Commission
from core import jobs
from core.models import Job, User
from integrations.models import Connection
from portal.events import NOTICE
from portal.models import Brand
from portal.setup import actions
from tests.fakes.woocommerce import KEY, SECRET, FakeStore
from tests.makers import make_connection, make_program
from tracking.models import Order

pytestmark = pytest.mark.django_db


def address(program: Program, rest: str = "") -> str:
    return f"/start/checklist/{program.pk}/{rest}"


def test_person_is_led_to_their_own_program(enter, program: Program, mia: User) -> None:
    assert enter(mia).get("/start/checklist/").url == address(program)


def test_stranger_is_asked_to_sign_in(client: Client, program: Program) -> None:
    assert client.get(address(program)).url == f"/account/login/?next={address(program)}"


@pytest.mark.parametrize("rest", ["", "colleagues/", "store/", "test-order/"])
def test_other_companies_and_affiliates_find_nothing(
    enter, program: Program, ann: Enrollment, eve: User, other: Program, rest: str
) -> None:
    for who in (eve, ann):
        client = enter(who)
        answer = client.post(address(program, rest)) if rest else client.get(address(program))
        assert answer.status_code == 404
    assert (Invitation.objects.count(), Connection.objects.count(), Order.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("rest", "field"), [("colleagues/", "invite"), ("store/", "store"), ("test-order/", "test")]
)
def test_role_that_may_not_is_refused_and_sees_no_button(
    enter, program: Program, ada: User, rest, field
) -> None:
    client = enter(ada)

    assert client.post(address(program, rest)).status_code == 403
    page = client.get(address(program))
    assert page.content.decode().count(address(program, rest)) == 0
    assert (Invitation.objects.count(), Connection.objects.count(), Order.objects.count()) == (0, 0, 0)


def test_colleague_is_invited(enter, program: Program, brand: Brand, olga: User) -> None:
    enter(olga).post(address(program, "colleagues/"), {"email": "New@northwind.example", "role": "finance"})
    jobs.drain()

    assert Invitation.objects.get().email == "new@northwind.example"
    assert [letter.to for letter in mail.outbox] == [["new@northwind.example"]]


def test_wrong_address_is_said_beside_its_field(enter, program: Program, olga: User) -> None:
    answer = enter(olga).post(address(program, "colleagues/"), {"email": "nobody", "role": "finance"})

    assert (answer.status_code, list(answer.context["invite"].errors)) == (422, ["email"])


def test_store_without_keys_shows_what_to_copy(enter, program: Program, brand: Brand, mia: User) -> None:
    form = {"name": "Shop", "source": "shop", "base_url": ""}
    page = enter(mia).post(address(program, "store/"), form, follow=True).content.decode()

    connection = Connection.objects.get()
    assert page.count(f"/hooks/{connection.public_id}") == 1
    assert page.count(connection.secrets["webhook_secret"]) == 1


def test_address_of_a_store_without_keys_need_not_be_reachable(enter, program: Program, mia: User) -> None:
    form = {"name": "Shop", "source": "shop", "base_url": "https://nowhere.example/"}

    answer = enter(mia).post(address(program, "store/"), form)

    assert answer.status_code == 302
    assert Connection.objects.get().base_url == ""


def test_second_store_of_the_same_name_is_refused(enter, program: Program, mia: User) -> None:
    form = {"name": "Shop", "source": "shop", "base_url": ""}
    client = enter(mia)
    client.post(address(program, "store/"), form)
    answer = client.post(address(program, "store/"), form)

    assert (answer.status_code, Connection.objects.count()) == (422, 1)


def test_one_key_alone_is_refused(enter, program: Program, mia: User) -> None:
    form = {"name": "Shop", "source": "shop", "base_url": "", "consumer_key": "ck_1"}
    answer = enter(mia).post(address(program, "store/"), form)

    assert sorted(answer.context["store_form"].errors) == ["base_url", "consumer_secret"]
    assert Connection.objects.count() == 0


def test_store_with_keys_gets_its_webhooks(enter, program: Program, mia: User, settings) -> None:
    with FakeStore() as shop:
        settings.OUTBOUND_ALLOWED_HOSTS = [shop.host]
        form = {
            "name": "Shop",
            "source": "shop",
            "base_url": shop.url,
            "consumer_key": KEY,
            "consumer_secret": SECRET,
        }
        page = enter(mia).post(address(program, "store/"), form, follow=True)

    said = [str(message) for message in page.context["messages"]]
    assert said == ["The store answers, and the keys may read its orders."]
    assert page.context["stores"][0].by_hand == []


def test_test_order_goes_all_the_way_and_nothing_is_owed(
    enter, program: Program, brand: Brand, mia: User
) -> None:
    page = enter(mia).post(address(program, "test-order/"), follow=True)

    commission = Commission.objects.get()
    assert (commission.amount, commission.net.amount) == (100, 0)
    assert set(balances(commission.enrollment).values()) == {0}
    assert page.context["proof"].credited[0] == (
        "Credited to Test partner, because theirs was the last click that counts."
    )
    assert page.context["proof"].left.amount == 0
    assert [sentence for check in checks.CHECKS for sentence in check()] == []


def test_test_partner_tells_nobody_and_promotes_nothing(program: Program, brand: Brand, mia: User) -> None:
    actions.send_test_order(program, actor=mia)
    actions.send_test_order(program, actor=mia)

    enrollment = Enrollment.objects.get()
    assert (enrollment.state, enrollment.affiliate.user.is_active) == ("left", False)
    assert (Affiliate.objects.count(), Order.objects.count(), Job.objects.filter(task=NOTICE).count()) == (
        1,
        2,
        0,
    )


def test_closed_program_says_why_no_test_is_possible(enter, merchant, mia: User) -> None:
    closed = make_program(merchant, is_open=False)
    page = enter(mia).post(address(closed, "test-order/"), follow=True)

    assert [str(message) for message in page.context["messages"]] == [
        "The program is closed for applications."
    ]


def test_test_order_is_a_managers_verb(program: Program, ada: User) -> None:
    with pytest.raises(NotAllowed):
        actions.send_test_order(program, actor=ada)

    assert (Order.objects.count(), Enrollment.objects.count()) == (0, 0)


def test_system_without_a_key_says_so_and_none_is_called(
    enter, program: Program, mia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []
    monkeypatch.setattr("core.http.request", lambda *asked, **_how: called.append(asked))
    crm = {"connector": "hubspot", "base_url": ""}
    make_connection(program, source="crm", secrets={}, **crm)
    make_connection(program, source="crm-2", secrets={"token": "pat-1"}, **crm)

    stores = enter(mia).get(address(program)).context["stores"]

    assert [len(store.by_hand) for store in stores] == [1, 0]
    assert "The key is missing" in stores[0].by_hand[0]
    assert called == []

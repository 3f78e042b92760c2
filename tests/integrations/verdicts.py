"""A case of fraud review and its verdict, and shops that hear of them."""

from datetime import datetime
from typing import Any

import pytest

from affiliates.models import Enrollment
from commissions.models import Commission
from core.models import User
from fraud.actions.cases import case_for
from fraud.actions.holds import place
from fraud.actions.verdicts import decide
from fraud.models import Case
from fraud.states import Cause
from integrations import gate
from integrations.models import Connection
from tests import makers
from tests.fakes.magento import KEYS as MAGENTO_KEYS
from tests.fakes.woocommerce import KEY as WOO_KEY, SECRET as WOO_SECRET
from tests.integrations.fake_shopify import CLIENT_SECRET, ENTERED
from tests.integrations.record_keeping import DAY, NOON, settle

SECRETS: dict[str, dict[str, str]] = {
    "shopify": {"access_token": ENTERED, "client_secret": CLIENT_SECRET},
    "woocommerce": {"consumer_key": WOO_KEY, "consumer_secret": WOO_SECRET},
    "magento": dict(MAGENTO_KEYS),
}


@pytest.fixture(name="rita")
def its_reviewer(anna: Enrollment) -> User:
    """A manager, who may review."""
    return makers.make_member(anna.program.merchant, "manager", "rita@northwind.example", "Rita")


def doubted(anna: Enrollment, *orders: str) -> Case:
    """A case that holds what Anna earned by these orders, or by all."""
    rows = Commission.objects.filter(enrollment=anna)
    case = case_for(anna, Cause.ORDERS, at=NOON)
    place(case, rows.filter(conversion__external_id__in=orders) if orders else rows, at=NOON)
    return case


def judge(case: Case, verdict: str, actor: User, at: datetime = NOON + DAY) -> Case:
    """Decide, and let everything follow."""
    found = decide(case, verdict, reason="We looked.", actor=actor, at=at)
    settle(at)
    return found


def shop_at(anna: Enrollment, connector: str, url: str, source: str = "shop", **options: Any) -> Connection:
    """A shop of the program that is told what its settings say."""
    made = makers.make_connection(
        anna.program,
        connector=connector,
        source=source,
        base_url=url,
        secrets=SECRETS[connector],
        options=options,
        created_at=NOON - DAY,
    )
    gate.forget()
    gate._expire()
    return made

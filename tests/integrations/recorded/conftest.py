"""Anna, in a program in the currency of a vendor's recordings; it is some weeks after they were made."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from affiliates.actions import create_coupon
from affiliates.models import Enrollment
from integrations.models import Connection
from tests import makers
from tests.fakes.magento import FakeMagento
from tests.fakes.pipedrive import opened as opened_pipedrive
from tests.integrations.fake_hubspot import opened as opened_hubspot
from tests.integrations.recorded import magento_store
from tests.integrations.recorded.vendors import KNOWN, SELLER

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ACCOUNTS: dict[str, Any] = {"hubspot": opened_hubspot, "pipedrive": opened_pipedrive}
Connect = Callable[[str], Connection]


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing depends on today."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def magento(settings: Any) -> Iterator[FakeMagento]:
    """An empty store."""
    with FakeMagento() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.host]
        yield running


@pytest.fixture
def connect(db: None, settings: Any, request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Connects a vendor by its name; a CRM is an account on loopback without any records."""
    with ExitStack() as accounts:

        def connected(vendor: str) -> Connection:
            if vendor == "magento":
                return magento_store.connect(anna_in("USD"), request.getfixturevalue("magento"))
            anna = anna_in(KNOWN[vendor].currency)
            if vendor == "bling":
                Enrollment.objects.filter(pk=anna.pk).update(code=SELLER)
            opened = ACCOUNTS.get(vendor)
            url = accounts.enter_context(opened(settings)).url if opened else ""
            return KNOWN[vendor].connect(anna, url)

        yield connected


def anna_in(currency: str) -> Enrollment:
    """Anna, with the coupons that stand in the recordings, and links that end in ?ref=anna."""
    program = makers.make_program(currency=currency)
    anna = makers.make_enrollment(program, "Anna", email="anna@blog.example")
    for code in ("anna15", "ANA10"):
        create_coupon(anna, code, at=makers.FOUNDED)
    return anna

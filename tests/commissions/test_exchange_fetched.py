"""Rates are fetched when somebody needs them, and loaded by the operator: over the wire, whole or not at all."""

import io
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from commissions import actions
from commissions.models import ExchangeRate
from commissions.rate_files import RateFileError
from core.http import UnsafeURL
from core.jobs import Temporary
from portal import env
from tests.makers import NOON, make_order
from tracking.models import Conversion

pytestmark = pytest.mark.django_db
ECB = Path(__file__).parent.parent / "payloads" / "ecb"
DAILY = (ECB / "eurofxref-daily.xml").read_bytes()
EVENING = NOON + timedelta(hours=8)
HOUR = timedelta(hours=1)


@pytest.fixture
def dollars(program, ann) -> Conversion:
    """Ann's order of 100.00 USD, at noon on Monday."""
    return actions.take_orders(program, [make_order("1", ref=ann.code, currency="USD")], at=NOON)[
        0
    ].conversion


@pytest.fixture
def bank(settings):
    """A bank on loopback; `answer` is what it says next, `asked` what it was asked."""
    place = SimpleNamespace(status=200, body=DAILY, asked=[], headers={})

    class Door(BaseHTTPRequestHandler):
        def log_message(self, *_):
            """Say nothing."""

        def do_GET(self):
            place.asked.append(self.path)
            self.send_response(place.status)
            for name, value in {"Content-Length": str(len(place.body)), **place.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(place.body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.OUTBOUND_ALLOWED_HOSTS = [f"127.0.0.1:{server.server_port}"]
    settings.EXCHANGE_RATES_URL = place.url = f"http://127.0.0.1:{server.server_port}/daily.xml"
    yield place
    server.shutdown()
    server.server_close()


# --- by the clock ------------------------------------------------------------------------------------------
def test_nobody_is_asked_while_no_program_met_a_foreign_currency(program, ann, bank) -> None:
    actions.take_orders(program, [make_order("1", ref=ann.code)], at=NOON)

    actions.refresh_rates(at=EVENING)

    assert (bank.asked, ExchangeRate.objects.count()) == ([], 0)


def test_bank_is_asked_once_for_each_publication(dollars, bank) -> None:
    actions.refresh_rates(at=NOON + 3 * HOUR)
    actions.refresh_rates(at=NOON + 4 * HOUR)
    assert (len(bank.asked), ExchangeRate.objects.count()) == (1, 29)

    actions.refresh_rates(at=NOON + timedelta(days=1, hours=4))

    assert len(bank.asked) == 2


@pytest.mark.parametrize(("days", "wanted"), [(90, True), (91, False)])
def test_rates_are_wanted_for_90_days_after_the_last_foreign_order(dollars, days, wanted) -> None:
    actions.load_rates(DAILY, at=EVENING)
    actions.release_parked(at=NOON)
    actions.exchange_for(dollars, "USD", NOON)
    Conversion.objects.filter(pk=dollars.pk).update(state="counted")

    assert actions.rates_are_wanted(NOON + timedelta(days=days)) is wanted


@pytest.mark.parametrize(("value", "expected"), [(None, "default"), ("", ""), (" x ", "x")])
def test_variable_that_is_set_and_empty_switches_off(value, expected, monkeypatch) -> None:
    monkeypatch.delenv("PLANTED", raising=False)
    if value is not None:
        monkeypatch.setenv("PLANTED", value)

    assert env.switchable("PLANTED", "default") == expected


def test_empty_setting_asks_nobody(dollars, bank, settings) -> None:
    settings.EXCHANGE_RATES_URL = ""

    actions.refresh_rates(at=EVENING)

    assert bank.asked == []


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (503, b"", Temporary, "answered 503 instead of exchange rates"),
        (301, b"", Temporary, r"answered 301 \(https://else.example/\) instead of exchange rates"),
        (200, b"<html>", RateFileError, "The XML is broken"),
        (200, b"", RateFileError, "The first line must read"),
    ],
)
def test_bank_that_answers_something_else_loads_nothing(dollars, bank, status, body, error, said) -> None:
    bank.status, bank.body = status, body
    bank.headers = {"Location": "https://else.example/"} if status == 301 else {}

    with pytest.raises(error, match=said):
        actions.refresh_rates(at=EVENING)

    assert not ExchangeRate.objects.exists()


# --- the command -------------------------------------------------------------------------------------------
def run(*arguments: str) -> str:
    said = io.StringIO()
    call_command("load_rates", *arguments, stdout=said, stderr=said)
    return said.getvalue()


def test_command_loads_a_file_once() -> None:
    place = str(ECB / "eurofxref-hist.csv")

    assert run(place) == "13 rates added, 0 known before.\n0 parked conversions released.\n"
    assert run(place) == "0 rates added, 13 known before.\n0 parked conversions released.\n"


def test_command_names_the_source_and_tells_what_stays(tmp_path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("Date,AED\n2026-11-02,3.9821\n")
    run(str(own), "--source", "CBUAE")
    own.write_text("Date,AED\n2026-11-02,4\n")

    said = run(str(own), "--source", "CBUAE")

    assert said.splitlines()[0] == "AED of 2026-11-02 stays 3.9821, the file says 4."
    assert ExchangeRate.objects.get().source == "CBUAE"


def test_command_loads_from_the_address_of_the_settings(bank) -> None:
    assert run().splitlines()[0] == "29 rates added, 0 known before."
    assert run(bank.url).splitlines()[0] == "0 rates added, 29 known before."
    assert len(bank.asked) == 2


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("", "Name a file or an address, or set EXCHANGE_RATES_URL."),
        ("/nowhere/rates.xml", "Nothing was loaded: .*No such file"),
        ("http://127.0.0.1:9/rates.xml", "Nothing was loaded: "),
        (__file__, "Nothing was loaded: The first line must read"),
    ],
)
def test_command_says_why_nothing_was_loaded(place, said) -> None:
    with pytest.raises(CommandError, match=said):
        run(place)

    assert not ExchangeRate.objects.exists()


def test_addresses_inside_are_not_asked() -> None:
    with pytest.raises(UnsafeURL):
        actions.fetch_rates("https://127.0.0.1/rates.xml")

"""Every recorded file ends in what docs/integrations/recorded.md says of it."""

import pytest

from tests.fakes.magento import FakeMagento
from tests.integrations.recorded import magento_store
from tests.integrations.recorded.conftest import Connect
from tests.integrations.recorded.page import ELSEWHERE, OURS, OWN_NAMES, Recording, files_in, recordings
from tests.integrations.recorded.vendors import KNOWN, NOTHING, SECRET, pipedrive, post, tell, with_token

ALL = recordings()
elsewhere = pytest.mark.skipif(not ELSEWHERE.is_dir(), reason="TRIBUTARY_PAYLOADS names no folder")
SENT = [one for one in ALL if one.vendor != "magento"]
ASKED = [one for one in ALL if one.vendor == "magento"]


def here(told: Recording) -> None:
    if told.path is None:
        assert not told.is_ours, f"{told.name} is said to be ours"
        pytest.skip("TRIBUTARY_PAYLOADS names no folder that has it")


def test_no_file_has_two_lines() -> None:
    assert len({one.name for one in ALL}) == len(ALL)


@elsewhere
def test_every_file_of_the_folder_has_a_line() -> None:
    vendors = {path.name for path in ELSEWHERE.iterdir() if path.is_dir()}

    assert vendors == {one.vendor for one in ALL}
    assert files_in(ELSEWHERE) == {one.name for one in ALL}


@elsewhere
def test_ours_are_what_lies_in_the_folder() -> None:
    same = [one for one in ALL if one.is_ours and one.name not in OWN_NAMES]

    assert [one.name for one in same if one.body != (ELSEWHERE / one.name).read_bytes()] == []


@pytest.mark.parametrize(
    "vendor", ["bling", "magento", "mercadolivre", "paypal", "shopify", "wise", "woocommerce"]
)
def test_every_file_of_ours_has_a_line(vendor: str) -> None:
    ours = {one.name for one in ALL if one.is_ours and one.vendor == vendor}

    assert {name for name in files_in(OURS) if name.startswith(f"{vendor}/")} == ours


@pytest.mark.parametrize("told", ASKED, ids=[one.file for one in ASKED])
def test_answer_ends_in_its_result(told: Recording, connect: Connect, magento: FakeMagento) -> None:
    here(told)
    connection = connect("magento")
    magento_store.put(magento, told)

    assert magento_store.ask(connection) == told.result


@pytest.mark.parametrize("told", SENT, ids=[one.name for one in SENT])
def test_recording_ends_in_its_result(told: Recording, connect: Connect) -> None:
    here(told)
    connection = connect(told.vendor)

    assert tell(connection, told) == told.result
    kept = [bytes(row.body) for row in connection.inbounds.order_by("pk")]
    assert kept == ([] if told.result == NOTHING else [told.body])


@pytest.mark.parametrize("vendor", sorted(KNOWN))
def test_other_bytes_than_those_that_were_signed_are_refused(connect: Connect, vendor: str) -> None:
    told = next(one for one in ALL if one.vendor == vendor and one.is_ours and "ping" not in one.file)
    connection = connect(vendor)
    behind, headers = KNOWN[vendor].knock(connection, told)
    if KNOWN[vendor].knock in (with_token, pipedrive):  # what these show is a password
        behind, headers = (
            behind.replace(SECRET, "guessed"),
            {**headers, "Authorization": "Basic Z3Vlc3NlZA=="},
        )

    assert post(connection, behind, headers, told.body + b" ") == 401
    assert connection.inbounds.count() == 0

"""Networks by address: nested, of both kinds, from a file that is replaced."""

import os
import random
import threading
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from django.test import override_settings

from tracking.checks import check_networks
from tracking.visits.network_file import EMPTY, NetworkFile, read_networks
from tracking.visits.networks import Kind, Known, Networks, network_of

TEXT = """
# remarks and empty lines are left out
8.0.0.0/8, data-center, Wide
8.8.0.0/16, VPN, Narrow   # a remark
8.8.8.8
2600:1f00::/24,,Sixth
nonsense
8.8.8.0/33
10.0.0.0/8
"""


def test_the_narrowest_network_answers() -> None:
    networks, wrong = read_networks(TEXT)

    assert wrong == [7, 8]
    assert networks.size == 5
    assert networks.of("8.1.2.3") == Known(Kind.DATA_CENTER, "Wide")
    assert networks.of("8.8.0.1") == Known(Kind.VPN, "Narrow")
    assert networks.of("8.8.8.8") == Known(Kind.DATA_CENTER, "")
    assert networks.of("8.8.8.9") == Known(Kind.VPN, "Narrow")
    assert networks.of("8.255.255.255") == Known(Kind.DATA_CENTER, "Wide")
    assert networks.of("2600:1f12::1") == Known(Kind.DATA_CENTER, "Sixth")


@pytest.mark.parametrize(
    "address",
    [
        *("7.255.255.255", "9.0.0.0", "2600:2000::1", "", "somebody", "f" * 40),
        *("10.1.2.3", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "::1", "fe80::1", "fd00::1"),
    ],
)
def test_unlisted_private_and_unreadable_addresses_are_in_none(address: str) -> None:
    assert (
        read_networks(
            TEXT + "\n10.0.0.0/8\n127.0.0.0/8\n169.254.0.0/16\n192.0.0.0/8\n100.64.0.0/10\n::/16\nfc00::/6\n"
        )[0].of(address)
        is None
    )


def test_an_address_is_found_in_all_its_forms() -> None:
    networks, _wrong = read_networks(TEXT)

    assert networks.of("::ffff:8.8.8.8") == networks.of("8.8.8.8:443") == Known()
    assert networks.of("[2600:1f12::1]:443") == Known(owner="Sixth")
    assert network_of("::ffff:8.8.0.0/112") == ip_network("8.8.0.0/16")


def test_of_the_same_network_named_twice_the_last_counts() -> None:
    networks, _wrong = read_networks("8.8.8.0/24, vpn\n8.8.8.0/24, tor")

    assert networks.of("8.8.8.1") == Known(Kind.TOR)


def test_bisection_agrees_with_asking_every_network() -> None:
    dice = random.Random(3)
    made = {
        network_of(
            f"{dice.randrange(20, 24)}.{dice.randrange(4)}.{dice.randrange(4)}.0/{dice.randrange(6, 30)}"
        ): Known(owner=str(number))
        for number in range(200)
    }
    known = {network: what for network, what in made.items() if network is not None}
    networks = Networks(known.items())

    for _try in range(2000):
        address = ip_address(dice.randrange(int(ip_address("19.0.0.0")), int(ip_address("28.0.0.0"))))
        around = [network for network in known if network.version == 4 and address in network]
        narrowest = max(around, key=lambda network: network.prefixlen, default=None)
        assert networks.of(str(address)) == (known[narrowest] if narrowest else None)


def test_the_shipped_list_is_empty_and_reads_well() -> None:
    networks, wrong = read_networks(EMPTY.read_text())

    assert (networks.size, wrong) == (0, [])
    assert NetworkFile().networks().of("8.8.8.8") is None


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "networks.txt"
    path.write_text("8.8.8.0/24")
    file = NetworkFile(path)
    before = file.networks()
    assert file.networks() is before

    path.write_text("9.9.9.0/24, vpn")
    os.utime(path, ns=(1, 1))

    assert before.of("8.8.8.8") == Known()
    assert file.networks().of("8.8.8.8") is None
    assert file.networks().of("9.9.9.9") == Known(Kind.VPN)


def test_a_file_that_cannot_be_read_leaves_the_former_networks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "networks.txt"
    path.write_text("8.8.8.0/24\nwrong")
    file = NetworkFile(path)
    assert file.networks().of("8.8.8.8") == Known()

    path.unlink()

    assert file.networks().of("8.8.8.8") == Known()
    assert file.networks().of("8.8.8.8") == Known()
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert "2" in caplog.records[0].getMessage()


def test_a_file_that_is_not_there_lists_nothing(tmp_path: Path) -> None:
    assert NetworkFile(tmp_path / "none.txt").networks().of("8.8.8.8") is None


# --- kinds, as the edge asks for them ---


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        *[("8.1.2.3", "data-center"), ("8.8.0.1", "vpn"), ("2600:1f12::1", "data-center"), ("9.9.9.9", "")],
        *[("8.8.0.1:443", "vpn"), ("::ffff:8.8.0.1", "vpn"), ("2a00::1", ""), ("10.1.2.3", "")],
        *[("", None), ("unknown", None), ("\0", None), ("8.8.8", None), ("08.8.8.8", None)],
    ],
)
def test_kind_is_a_word_or_nothing_or_not_known(address: str, kind: str | None) -> None:
    assert read_networks(TEXT)[0].kind_of(address) == kind


def test_with_an_empty_list_no_kind_is_known() -> None:
    assert NetworkFile().kind_of("8.8.8.8") is None


def test_long_word_of_a_file_is_cut_to_what_clicks_keep(tmp_path: Path) -> None:
    path = tmp_path / "networks.txt"
    path.write_text("8.8.8.0/24, residential\0-proxies, Somebody")

    assert NetworkFile(path).kind_of("8.8.8.8") == "residential-"


def test_newer_file_is_read_beside_the_work(tmp_path: Path) -> None:
    path = tmp_path / "networks.txt"
    path.write_text("8.8.8.0/24")
    file = NetworkFile(path)
    before = file.kind_of("8.8.8.8")

    path.write_text("8.8.8.0/24, tor")
    os.utime(path, ns=(1, 1))
    within_the_minute = file.kind_of("8.8.8.8")
    file._look_again = 0
    file.kind_of("8.8.8.8")
    for thread in threading.enumerate():
        if thread.name == "network-file":
            thread.join()

    assert (before, within_the_minute, file.kind_of("8.8.8.8")) == ("data-center", "data-center", "tor")


def test_check_tells_of_a_file_that_cannot_be_read_and_of_wrong_lines(tmp_path: Path) -> None:
    path = tmp_path / "networks.txt"
    path.write_text("8.8.8.0/24")
    with override_settings(NETWORK_FILE=str(path)):
        right = check_networks()
        path.write_text("8.8.8.0/24\nnonsense\n8.8.8.0/40")
        wrong = check_networks()
    with override_settings(NETWORK_FILE=str(tmp_path / "missing.txt")):
        missing = check_networks()

    assert ([found.id for found in wrong], [found.id for found in missing]) == (
        ["tracking.W003"],
        ["tracking.W002"],
    )
    assert right == []
    assert "2, the first of them 2, 3" in wrong[0].msg

"""Writes a small database of countries in MaxMind's format, as its specification has it."""

from ipaddress import IPv4Network
from pathlib import Path

RECORD = 0xFFFFFF  # the largest number of 24 bits
MARK = b"\xab\xcd\xefMaxMind.com"


def text(word: str) -> bytes:
    return bytes([2 << 5 | len(word)]) + word.encode()


def number(value: int, kind: int) -> bytes:
    raw = value.to_bytes(8, "big").lstrip(b"\0")
    head = bytes([kind << 5 | len(raw)]) if kind < 8 else bytes([len(raw), kind - 7])
    return head + raw


def mapping(pairs: dict[str, bytes]) -> bytes:
    return bytes([7 << 5 | len(pairs)]) + b"".join(text(name) + value for name, value in pairs.items())


def write_countries(path: Path, networks: dict[str, str]) -> Path:
    """Write network -> two letters of a country, like {"203.0.113.0/24": "DE"}."""
    nodes: list[list[tuple[str, int] | None]] = [[None, None]]
    data = b""
    for network, code in networks.items():
        where = len(data)
        data += mapping({"country": mapping({"iso_code": text(code)})})
        _grow(nodes, IPv4Network(network), where)
    tree = b"".join(_number(side, len(nodes)).to_bytes(3, "big") for node in nodes for side in node)
    path.write_bytes(tree + b"\0" * 16 + data + MARK + _about(len(nodes)))
    return path


def _grow(nodes: list[list[tuple[str, int] | None]], network: IPv4Network, where: int) -> None:
    bits = [int(network.network_address) >> 31 - place & 1 for place in range(network.prefixlen)]
    node = 0
    for bit in bits[:-1]:
        if nodes[node][bit] is None:
            nodes.append([None, None])
            nodes[node][bit] = ("node", len(nodes) - 1)
        node = nodes[node][bit][1]
    nodes[node][bits[-1]] = ("data", where)


def _number(side: tuple[str, int] | None, count: int) -> int:
    if side is None:
        return count
    return side[1] if side[0] == "node" else count + 16 + side[1]


def _about(count: int) -> bytes:
    languages = bytes([0 << 5 | 1, 11 - 7]) + text("en")
    return mapping(
        {
            "node_count": number(count, 6),
            "record_size": number(24, 5),
            "ip_version": number(4, 5),
            "database_type": text("Test-Country"),
            "languages": languages,
            "binary_format_major_version": number(2, 5),
            "binary_format_minor_version": number(0, 5),
            "build_epoch": number(1, 9),
            "description": mapping({"en": text("test")}),
        }
    )

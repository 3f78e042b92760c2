"""What the visitors send: browsers and programs, new ones and known ones, each from its own address."""

from __future__ import annotations

import random
from uuid import UUID

from benchmarks._shop import TAG_KEY, code

HOST = "go.example.com"
BROWSERS = [
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
    for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "Linux; Android 10; K")
    for version in range(120, 140)
]
PROGRAMS = ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "curl/8.5.0"]
REFERRERS = ["https://blog.example.net/best-shoes", "https://www.google.com/", "https://t.example.org/p/123"]
PAGE = b'{"k":"%s","e":"page","tid":"","c":"granted","u":"https://shop.example.com/shoes/7?size=42","r":"","d":{}}'


def clicks(number: int) -> list[bytes]:
    """Return requests for links: one in twenty by a program, a third with a cookie, a third with sub ids."""
    dice = random.Random(11)
    return [_get(f"/r/{code(place)}{_sub_ids(dice)}", dice) for place in range(number)]


def views(number: int) -> list[bytes]:
    """Return requests for the image that counts an impression."""
    dice = random.Random(12)
    return [_get(f"/i/{code(place)}.gif", dice) for place in range(number)]


def beacons(number: int) -> list[bytes]:
    """Return what the tag tells of a page."""
    dice = random.Random(13)
    body = PAGE % TAG_KEY.encode()
    extra = f"Content-Type: text/plain\r\nOrigin: https://shop.example.com\r\nContent-Length: {len(body)}\r\n"
    return [_request("POST /t", dice, extra) + body for _place in range(number)]


def _get(path: str, dice: random.Random) -> bytes:
    cookie = f"Cookie: vid={UUID(int=dice.getrandbits(128)).hex}\r\n" if dice.random() < 1 / 3 else ""
    referrer = f"Referer: {dice.choice(REFERRERS)}\r\n" if dice.random() < 2 / 3 else ""
    return _request(f"GET {path}", dice, referrer + cookie)


def _sub_ids(dice: random.Random) -> str:
    return f"?s1=mail&s2=spring{dice.randrange(50)}" if dice.random() < 1 / 3 else ""


def _request(line: str, dice: random.Random, extra: str) -> bytes:
    agent = dice.choice(PROGRAMS if dice.random() < 1 / 20 else BROWSERS)
    address = (
        f"{dice.randrange(11, 200)}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
    )
    return (
        f"{line} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: {agent}\r\n"
        "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n"
        f"Accept-Encoding: gzip, deflate, br\r\nX-Forwarded-For: {address}\r\nX-Forwarded-Proto: https\r\n{extra}\r\n"
    ).encode()

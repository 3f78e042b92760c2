"""Where links may lead: whatever is tried, only to the shop."""

from urllib.parse import urlsplit

import pytest

from affiliates.destinations import DestinationRefused, NoHost, check_destination, hosts_of, plain_host
from affiliates.models import Program

SHOP = Program(
    home_url="https://www.example.com/",
    allowed_hosts=["shop.example.com", "Bücher.example", "xn--strae-oqa.example", "stage.example.com:8443"],
)
ELSEWHERE = [
    "https://evil.example/",
    "https://example.com/",
    "https://com/",
    "https://shop.example.com.evil.example/",
    "https://shop.example.com.evil.com/",
    "https://evil-shop.example.com/",
    "https://evilshop.example.com/",
    "https://shop-example.com/",
    "https://shop.example.co/",
    "https://shop.example.comm/",
    "https://a.shop.example.com/",
    "https://shop.www.example.com/",
    "https://evil.example/shop.example.com",
    "https://evil.example/?shop.example.com",
    "https://evil.example/#shop.example.com",
    "https://evil.example?https://shop.example.com/",
    "https://evil.example#https://shop.example.com/",
]
USERINFO = [
    "https://shop.example.com@evil.example/",
    "https://shop.example.com:443@evil.example/",
    "https://shop.example.com:pass@evil.example/",
    "https://evil.example@shop.example.com/",
    "https://user:pass@shop.example.com/",
    "https://@shop.example.com/",
    "https://:@shop.example.com/",
    "https://shop.example.com%40evil.example/",
    "https://shop.example.com@@evil.example/",
    "https://a@b@shop.example.com/",
    "https://shop.example.com&@evil.example/",
    "https://shop.example.com;@evil.example/",
    "https://shop.example.com;evil.example/",
    "https://shop.example.com,evil.example/",
    "https://shop.example.com&evil.example/",
]
SLASHES = [
    "//evil.example/",
    "//shop.example.com/",
    "///evil.example/",
    "/evil",
    "\\\\evil.example\\",
    "/\\evil.example/",
    "https:shop.example.com/",
    "https:/shop.example.com/",
    "https:///shop.example.com/",
    "https:////evil.example/",
    "https:\\\\evil.example/",
    "https:/\\evil.example/",
    "https://evil.example\\@shop.example.com/",
    "https://shop.example.com\\@evil.example/",
    "https://shop.example.com\\.evil.example/",
    "https://shop.example.com/\\evil.example/",
    "https://shop.example.com//evil.example/",
    "https://shop.example.com///evil.example",
    "https://shop.example.com/%2f%2fevil.example/",
    "https://shop.example.com/%2F%2Fevil.example/",
    "https://shop.example.com/%2fevil.example/",
    "https://shop.example.com/%252f%252fevil.example/",
    "https://shop.example.com/%5cevil.example/",
    "https://shop.example.com/%5C%5Cevil.example/",
    "https://shop.example.com/%255cevil.example/",
    "https://shop.example.com/a%5c..%5cevil",
    "https://shop.example.com/.//evil.example/",
    "https://shop.example.com/..//evil.example/",
    "https://shop.example.com/a/..//evil.example/",
    "https://shop.example.com/%2e%2e//evil.example/",
    "https://shop.example.com/a/%2e%2e/%2fevil.example/",
    "https://shop.example.com%2f@evil.example/",
    "https://shop.example.com%5c@evil.example/",
]
SCHEMES = [
    "javascript:alert(1)",
    "JavaScript:alert(1)//https://shop.example.com/",
    "javascript://shop.example.com/%0aalert(1)",
    "data:text/html,x",
    "data://shop.example.com/,x",
    "vbscript:x",
    "blob:https://shop.example.com/1",
    "file://shop.example.com/etc/passwd",
    "ftp://shop.example.com/",
    "ws://shop.example.com/",
    "mailto:a@shop.example.com",
    "view-source:https://shop.example.com/",
    "intent://shop.example.com/#Intent;scheme=https;end",
    "htttps://shop.example.com/",
    "https;//shop.example.com/",
    "shop.example.com/",
    "://shop.example.com/",
    "http%3a//shop.example.com/",
]
HIDDEN = [
    "https://shop.example.com /",
    " https://shop.example.com/",
    "https://shop.example.com/ ",
    "\thttps://shop.example.com/",
    "java\tscript:alert(1)",
    "https://shop.example.com\t.evil.example/",
    "https://shop.example.com\n.evil.example/",
    "https://shop.example.com\r\n/",
    "https://shop.example.com/\r\nlocation: https://evil.example/",
    "https://shop.example.com/%0d%0alocation:%20https://evil.example/",
    "https://shop.example.com/?a=%0D%0Ab",
    "https://shop.example.com/%00",
    "https://shop.example.com/a%7fb",
    "https://shop.example.com/%250d%250a",
    "https://shop.example.com\x00.evil.example/",
    "https://evil.example\x00shop.example.com/",
    "https://shop.example.com/\x7f",
    "https://shop.example.com/\x85",
    "https://shop.example.com/\u00a0",
    "https://shop.example.com/\u2028",
    "https://shop.example.com\u200b/",
    "https://shop.exam\u00adple.com/",
    "https://shop\u200d.example.com/",
    "https://\u202emoc.elpmaxe.pohs/",
    "https://shop.example.com/\u202egnp.exe",
    "https://\ufeffshop.example.com/",
    "https://shop.example.com/\ud800",
    "https://shop.example.com/\ue000",
]
HOMOGRAPHS = [
    "https://sh\u043ep.example.com/",  # Cyrillic o
    "https://\u0455hop.example.com/",  # Cyrillic dze
    "https://shop.ex\u0430mple.com/",
    "https://shop.example.c\u043em/",
    "https://sh\u03bfp.example.com/",  # Greek omicron
    "https://shop.examp\u217ee.com/",  # Roman numeral fifty
    "https://\uff53hop.example.com/",  # full width
    "https://\uff33\uff28\uff2f\uff30.example.com/",
    "https://shop.example\uff0ecom/",
    "https://shop\u3002example\u3002com/",
    "https://shop\uff61example.com/",
    "https://shop.example.com\u3002evil.example/",
    "https://shop.example.com\uff0fevil.example/",
    "https://shop.example.com\uff03.evil.example/",
    "https://shop.example.com\uff1a443/",
    "https://shop.example.com\u2100.evil.example/",
    "https://\u24e2\u24d7\u24de\u24df.example.com/",  # circled
    "https://\U0001d530hop.example.com/",  # Fraktur
    "https://\u017fhop.example.com/",  # long s
    "https://xn--shp-0cd.example.com/",
    "https://b\u00fccher.example.evil.example/",
    "https://bucher.example/",
    "https://b\u1e73cher.example/",
    "https://xn--bcher-kva.example.com/",
    "https://xn--bcher-kvb.example/",
    "https://strasse.example/",  # what IDNA of 2003 made of straße
]
PORTS = [
    "https://shop.example.com:0/",
    "https://shop.example.com:80/",
    "http://shop.example.com:443/",
    "https://shop.example.com:8443/",
    "https://shop.example.com:99999/",
    "https://shop.example.com:/",
    "https://shop.example.com:0443/",
    "https://shop.example.com:+443/",
    "https://shop.example.com:-1/",
    "https://shop.example.com:443:443/",
    "https://shop.example.com:443.evil.example/",
    "https://shop.example.com:\u0664\u0664\u0663/",
    "https://shop.example.com:443a/",
    "https://stage.example.com/",
    "http://stage.example.com:8444/",
    "https://shop.example.com%3a443/",
]
HOSTS = [
    "https://shop.example.com./",
    "https://shop.example.com../",
    "https://.shop.example.com/",
    "https://shop..example.com/",
    "https://shop.example.com%2eevil.example/",
    "https://shop%2eexample.com/",
    "https://%73hop.example.com/",
    "https://shop.example.com%00.evil.example/",
    "https://shop.example.com%0d/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://0/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1%25eth0]/",
    "https://[shop.example.com]/",
    "https://[v1.a]/",
    "https://[/",
    "https://]/",
    "https://localhost/",
    "https://*.example.com/",
    "https://shop_.example.com/",
    "https://-shop.example.com/",
    f"https://{'a' * 64}.example.com/",
    f"https://{'a.' * 130}shop.example.com/",
    f"https://shop.example.com/{'a' * 2000}",
    "",
    " ",
    "https",
    "https://",
    "http://",
    "https://?",
    "https://#",
    "https://%",
    "\x00",
]
REFUSED = [*ELSEWHERE, *USERINFO, *SLASHES, *SCHEMES, *HIDDEN, *HOMOGRAPHS, *PORTS, *HOSTS]
ALLOWED = [
    "https://shop.example.com",
    "https://shop.example.com/",
    "http://shop.example.com/",
    "HTTPS://SHOP.Example.com/Mug",
    "https://shop.example.com:443/a",
    "http://shop.example.com:80/a",
    "https://www.example.com/?x=1",
    "https://stage.example.com:8443/",
    "https://shop.example.com/mug?x=1#y",
    "https://shop.example.com/a//b",
    "https://shop.example.com/a%2fb",
    "https://shop.example.com/m%C3%BCsli",
    "https://shop.example.com/müsli",
    "https://shop.example.com/?next=https%3A%2F%2Fshop.example.com%2Fb",
    "https://shop.example.com/?next=//b",
    "https://shop.example.com?@evil.example/",
    "https://shop.example.com#@evil.example/",
    "https://shop.example.com/@anna",
    "https://xn--bcher-kva.example/",
]


@pytest.mark.parametrize("url", REFUSED)
def test_hostile_address_is_refused(url: str) -> None:
    with pytest.raises(DestinationRefused) as refused:
        check_destination(SHOP, url)
    assert (refused.value.where, len(str(refused.value)) > 20) == (("destination",), True)


def test_many_tricks_were_tried() -> None:
    assert len(set(REFUSED)) == len(REFUSED) >= 180


@pytest.mark.parametrize("url", ALLOWED)
def test_page_of_the_shop_is_allowed_as_it_is_written(url: str) -> None:
    assert check_destination(SHOP, url) == url


@pytest.mark.parametrize("url", ALLOWED)
def test_allowed_address_means_the_same_to_another_reader(url: str) -> None:
    parts = urlsplit(check_destination(SHOP, url))

    assert parts.hostname in hosts_of(SHOP)
    assert (parts.username, parts.password) == (None, None)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://bücher.example/a?b#c", "https://xn--bcher-kva.example/a?b#c"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://bu\u0308cher.example/", "https://xn--bcher-kva.example/"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://bücher.example:443/", "https://xn--bcher-kva.example/"),
    ],
)
def test_host_of_another_script_is_kept_as_machines_send_it(written: str, sent: str) -> None:
    assert check_destination(SHOP, written) == sent


def test_allowed_host_works_in_both_spellings_whichever_was_entered() -> None:
    plain = Program(home_url="https://www.example.com/", allowed_hosts=["xn--bcher-kva.example"])

    for program in (SHOP, plain):
        for url in ("https://bücher.example/", "https://xn--bcher-kva.example/"):
            assert check_destination(program, url) == "https://xn--bcher-kva.example/"


def test_what_is_no_host_opens_nothing() -> None:
    program = Program(
        home_url="no address", allowed_hosts=["", "*", "https://evil.example/", "a b", None, "."]
    )

    assert hosts_of(program) == frozenset()
    with pytest.raises(DestinationRefused):
        check_destination(program, "https://evil.example/")


@pytest.mark.parametrize("home", ["http://localhost:8000/", "http://127.0.0.1:8000", "http://[::1]:8000/"])
def test_home_of_a_test_installation_is_allowed(home: str) -> None:
    assert check_destination(Program(home_url=home, allowed_hosts=[]), home) == home


@pytest.mark.parametrize(
    "text", ["a..b", "", ".", "a b", "a/b", "a:1", "ｓhop.example", "shop。example", "i❤.example"]
)
def test_what_is_written_oddly_is_no_host(text: str) -> None:
    with pytest.raises(NoHost):
        plain_host(text)

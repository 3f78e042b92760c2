"""Signatures of an integration: the vectors of RFC 5849, and one that oauthlib made with HMAC-SHA256."""

import re

from integrations.connectors.magento.oauth import authorization, base_string, escape

KEYS = {
    "consumer_key": "ck_abc",
    "consumer_secret": "cs&+secret ü",
    "access_token": "at_xyz",
    "access_token_secret": "ts/secret=",
}


def test_base_string_is_that_of_the_rfc() -> None:
    """RFC 5849, 3.4.1.1: the form's parameters come beside those of the address and of the protocol."""
    url = "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
    protocol = [
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
        ("a3", "2 q"),
    ]

    assert base_string("post", url, protocol) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q"
        "%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_"
        "key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_m"
        "ethod%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk"
        "9d7dh3k39sjv7"
    )


def test_address_is_in_small_letters_and_without_its_usual_port() -> None:
    """RFC 5849, 3.4.1.2."""
    assert base_string("GET", "http://EXAMPLE.COM:80/r%20v/X?id=123", []) == (
        "GET&http%3A%2F%2Fexample.com%2Fr%2520v%2FX&id%3D123"
    )
    assert base_string("GET", "https://www.example.net:8080/?q=1", []) == (
        "GET&https%3A%2F%2Fwww.example.net%3A8080%2F&q%3D1"
    )


def test_signature_is_that_of_another_library() -> None:
    """oauthlib 3 signs the same with the same nonce and time."""
    url = (
        "https://shop.example:8443/rest/V1/orders?searchCriteria%5BfilterGroups%5D%5B0%5D%5Bfilters%5D%5B0%5D"
        "%5Bvalue%5D=2026-11-02%2012%3A00%3A00&searchCriteria%5BpageSize%5D=50&empty=&a=1&a=%C3%BC"
    )

    header = authorization("GET", url, KEYS, nonce="n0nce", timestamp=1795700000)

    said = dict(re.findall(r'(\w+)="([^"]*)"', header))
    assert said == {
        "oauth_consumer_key": "ck_abc",
        "oauth_token": "at_xyz",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": "1795700000",
        "oauth_nonce": "n0nce",
        "oauth_version": "1.0",
        "oauth_signature": "3GKfPeoWdWEiW6xyweCTFuZHsdINx%2FCZXw%2BeAJlfxsw%3D",
    }


def test_secrets_stand_in_no_header() -> None:
    header = authorization("GET", "https://shop.example/", KEYS, nonce="n", timestamp=1)

    assert "secret" not in header


def test_escape_leaves_only_what_is_unreserved() -> None:
    assert escape("aZ09-._~ +/=&ü") == "aZ09-._~%20%2B%2F%3D%26%C3%BC"

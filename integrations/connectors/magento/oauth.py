"""OAuth 1.0a as an integration of Magento signs: RFC 5849 with HMAC-SHA256, keys of the integration itself; pure."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlsplit

KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
PORTS = {"http": 80, "https": 443}
Pair = tuple[str, str]


def authorization(method: str, url: str, keys: Mapping[str, str], *, nonce: str, timestamp: int) -> str:
    """Return the header that signs a request without a form: `keys` has the four names of KEYS."""
    protocol = {
        "oauth_consumer_key": keys["consumer_key"],
        "oauth_token": keys["access_token"],
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(timestamp),
        "oauth_nonce": nonce,
        "oauth_version": "1.0",
    }
    text = base_string(method, url, protocol.items())
    signed = {**protocol, "oauth_signature": sign(text, keys["consumer_secret"], keys["access_token_secret"])}
    return "OAuth " + ", ".join(f'{name}="{escape(value)}"' for name, value in signed.items())


def sign(text: str, consumer_secret: str, token_secret: str) -> str:
    """Return the signature of a base string (RFC 5849, 3.4.2, with SHA-256)."""
    key = f"{escape(consumer_secret)}&{escape(token_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


def base_string(method: str, url: str, parameters: Iterable[Pair]) -> str:
    """Return what is signed (RFC 5849, 3.4.1): method, address, and all parameters, those of the address among them."""
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *parameters]
    sorted_pairs = sorted((escape(name), escape(value)) for name, value in pairs)
    query = "&".join(f"{name}={value}" for name, value in sorted_pairs)
    port = f":{parts.port}" if parts.port and parts.port != PORTS.get(parts.scheme) else ""
    address = f"{parts.scheme}://{(parts.hostname or '').lower()}{port}{parts.path or '/'}"
    return "&".join((method.upper(), escape(address), escape(query)))


def escape(text: str) -> str:
    """Percent-encode everything but letters, digits and -._~ (RFC 5849, 3.6)."""
    return quote(text, safe="-._~")

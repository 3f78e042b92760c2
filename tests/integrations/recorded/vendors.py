"""How each vendor is connected and how it knocks: its bytes as they were recorded, signed afresh."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from django.test import Client
from django.utils import timezone

from affiliates.models import Enrollment
from core import jobs
from core.models import Job
from integrations import actions
from integrations.models import Connection, Inbound
from integrations.presets import message_presets
from tests import makers
from tests.fakes.pipedrive import TOKEN as PIPEDRIVE_TOKEN
from tests.integrations.fake_hubspot import TOKEN as HUBSPOT_TOKEN
from tests.integrations.fake_stripe import signature as stripe_signature
from tests.integrations.recorded.page import Recording

SECRET = "recorded-secret"
DOMAIN = "loja.myshopify.com"
FORM = "application/x-www-form-urlencoded"
NOTHING = "nothing is kept"
SELLER = "12345678"  # the number of the seller whom Bling's recording names
Knock = tuple[str, dict[str, str]]  # what stands behind the address, and the headers


def in_base64(body: bytes, secret: str = SECRET) -> str:
    """HMAC-SHA256, made without the house's own code."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


@dataclass(frozen=True)
class Vendor:
    """`preset` is the ready mapping that a connection of any system takes."""

    connector: str
    currency: str
    knock: Callable[[Connection, Recording], Knock]
    secrets: dict[str, str] = field(default_factory=dict)
    base_url: str = ""
    preset: str = ""

    def connect(self, anna: Enrollment, base_url: str = "") -> Connection:
        """Connect it to Anna's program, by whatever a person would enter."""
        connection = makers.make_connection(
            anna.program,
            connector=self.connector,
            source="recorded",
            base_url=base_url or self.base_url,
            secrets=dict(self.secrets),
            created_at=makers.FOUNDED,
        )
        for kind, sheet in message_presets()[self.preset].kinds.items() if self.preset else ():
            actions.save_mapping(connection, "in", kind, sheet)
        return connection


def woocommerce(connection: Connection, told: Recording) -> Knock:
    named = {name: value for name, value in told.headers.items() if name.startswith("x-wc")}
    if "x-wc-webhook-topic" not in named:
        return "", {"Content-Type": FORM}
    return "", {**named, "X-WC-Webhook-Signature": in_base64(told.body)}


def shopify(connection: Connection, told: Recording) -> Knock:
    group, _under, what = told.file.partition(".")[0].partition("_")
    topic = told.headers.get("x-shopify-topic", f"{group}/{what}")
    return "", {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": in_base64(told.body),
        "X-Shopify-Shop-Domain": DOMAIN,
        "X-Shopify-Webhook-Id": "w-1",
    }


def stripe(connection: Connection, told: Recording) -> Knock:
    return "", {"Stripe-Signature": stripe_signature(told.body, SECRET)}


def hubspot(connection: Connection, told: Recording) -> Knock:
    time = str(int(timezone.now().timestamp() * 1000))
    address = f"https://partners.example.com/hooks/{connection.public_id}"
    signed = in_base64(b"POST" + address.encode() + told.body + time.encode())
    return "", {"X-HubSpot-Signature-v3": signed, "X-HubSpot-Request-Timestamp": time}


def pipedrive(connection: Connection, told: Recording) -> Knock:
    shown = base64.b64encode(f"affiliates:{SECRET}".encode()).decode()
    return "", {"Authorization": f"Basic {shown}"}


def bling(connection: Connection, told: Recording) -> Knock:
    digest = hmac.new(SECRET.encode(), told.body, hashlib.sha256).hexdigest()
    return "", {**told.headers, "x-bling-signature-256": f"sha256={digest}"}


def with_token(connection: Connection, told: Recording) -> Knock:
    """Its own signature, by a certificate or a key pair, comes along and proves nothing here."""
    return f"?token={SECRET}", told.headers


OWN = {"webhook_secret": SECRET}
OF_BLING = {**OWN, "header": "X-Bling-Signature-256", "their_secret": SECRET, "message_id": "eventId"}
KNOWN = {
    "bling": Vendor("inbox", "BRL", bling, OF_BLING | {"webhook_secret": "ours"}, preset="bling"),
    "hubspot": Vendor("hubspot", "EUR", hubspot, {"token": HUBSPOT_TOKEN, "client_secret": SECRET}),
    "mercadolivre": Vendor("inbox", "BRL", with_token, {**OWN, "message_id": "_id"}, preset="mercado-livre"),
    "paypal": Vendor("inbox", "USD", with_token, OWN, preset="paypal"),
    "pipedrive": Vendor("pipedrive", "EUR", pipedrive, {"api_token": PIPEDRIVE_TOKEN, **OWN}),
    "shopify": Vendor("shopify", "BRL", shopify, {"client_secret": SECRET}, f"https://{DOMAIN}"),
    "stripe": Vendor("stripe", "USD", stripe, {"signing_secret": SECRET, "mode": "test"}),
    "wise": Vendor("inbox", "EUR", with_token, OWN, preset="wise"),
    "woocommerce": Vendor("woocommerce", "EUR", woocommerce, OWN),
}


def tell(connection: Connection, told: Recording) -> str:
    """Knock with a recording, have it understood, and say what became of it."""
    before = set(connection.inbounds.values_list("pk", flat=True))
    behind, headers = KNOWN[told.vendor].knock(connection, told)
    status = post(connection, behind, headers, told.body)
    assert status == 200, f"{told.name}: {status}"
    work()
    new = connection.inbounds.exclude(pk__in=before).order_by("pk").first()
    return said(new) if new is not None else NOTHING


def post(connection: Connection, behind: str, headers: dict[str, str], body: bytes) -> int:
    """Send bytes to the connection's door; return the status answered."""
    named = {name.lower(): value for name, value in headers.items()}
    kind = named.pop("content-type", "application/json")
    address = f"/hooks/{connection.public_id}{behind}"
    return Client().post(address, body, content_type=kind, headers=named).status_code


def said(row: Inbound) -> str:
    """State and note as the page writes them."""
    return f"{row.state}: {row.note}"


def work() -> None:
    """Do what is due of this app; the notices are another's."""
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()

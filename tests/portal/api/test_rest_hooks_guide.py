"""docs/integrations/rest-hooks.md, followed literally with curl against a running server."""

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest

from affiliates.models import Enrollment, Program
from core import jobs
from integrations.actions import serve
from integrations.models import Connection, Delivery
from integrations.news import sample
from integrations.news.kinds import KINDS, OF_COMPANY, kinds_of, noun_of
from portal.keys import create_key
from tests.fakes.receiver import FakeReceiver
from tests.house.source import ROOT
from tests.portal.api.machine import Machine, order

GUIDE = (ROOT / "docs/integrations/rest-hooks.md").read_text(encoding="utf-8")
STEPS = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)


def follow(step: str, **words: str) -> list[Any]:
    """Run the lines of a step in a shell; return what each call was answered, read as JSON."""
    done = subprocess.run(
        ["sh", "-e", "-c", re.sub(r'(?m)(Bearer \$KEY")$', r"\1; echo; echo ---", step)],
        env={"PATH": os.environ["PATH"], "no_proxy": "*", **words},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(part) for part in done.stdout.split("---") if part.strip()]


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
@pytest.mark.django_db(transaction=True)
def test_the_guide_works_to_the_letter(
    live_server: Any, program: Program, ann: Enrollment, settings: Any
) -> None:
    key, text = create_key(program, "Zap", ["hooks", "conversions:read", "conversions:write"])
    look, subscribe, listing, end = STEPS
    with FakeReceiver() as receiver:
        settings.OUTBOUND_ALLOWED_HOSTS = [receiver.host]
        words = {"PORTAL": live_server.url, "KEY": text, "TARGET": receiver.url("/catch/1/abc")}

        me, kinds, samples = follow(look, **words)
        (made,) = follow(subscribe, **words)
        shop = Machine(text, key)
        assert shop.post("/conversions", order()).status_code == 201
        assert shop.post("/conversions", order("7", source="till")).status_code == 201
        jobs.drain()
        serve(made["id"])
        (page,) = follow(listing, **words)
        follow(end, ID=str(made["id"]), **words)
        shop.post("/conversions", order("8"))
        jobs.drain()
        serve(made["id"])

    assert me["key"]["scopes"] == ["conversions:read", "conversions:write", "hooks"]
    assert {item["kind"] for item in kinds["items"]} == set(KINDS) - OF_COMPANY
    assert [item["id"] for item in page["items"]] == [made["id"]]
    (arrival,) = receiver.taken("/catch/1/abc")
    assert arrival.told["data"]["order"]["number"] == "1001"
    assert arrival.told.keys() == samples[0].keys()
    assert arrival.told["data"].keys() == samples[0]["data"].keys()
    assert genuine(made["secret"], arrival.headers, arrival.body)
    assert Connection.objects.get(pk=made["id"]).state == "disconnected"
    assert not Delivery.objects.exclude(state="done").exists()


def genuine(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether the secret of the answer signed it, after Standard Webhooks."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return hmac.compare_digest(wanted, headers["webhook-signature"])


def test_the_guide_names_every_kind_and_its_noun() -> None:
    rows = [line.split("|")[1:3] for line in GUIDE.splitlines() if line.startswith("| `")]
    told = {
        kind: nouns
        for names, nouns in rows
        for name in re.findall(r"`([a-z_.*]+)`", names)
        for kind in kinds_of(name)
    }

    assert sorted(set(KINDS) - set(told)) == []
    assert [kind for kind, nouns in told.items() if f"`{noun_of(kind)}`" not in nouns] == []


def test_the_guide_names_what_each_event_has_to_say() -> None:
    news = {name for kind in KINDS for name in sample(kind)["news"]}
    columns = " ".join(line for line in GUIDE.splitlines() if line.startswith("| `"))

    assert [name for name in sorted(news) if f"`{name}`" not in columns] == []

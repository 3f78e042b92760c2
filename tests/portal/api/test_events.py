"""What a key may hear of: the kinds of news, and samples of them as they are sent."""

import json

import pytest

from affiliates.models import Enrollment
from integrations.news import PUBLIC
from integrations.news.kinds import KINDS, OF_COMPANY
from tests.portal.api.conftest import Made
from tests.portal.api.machine import Machine, order

pytestmark = pytest.mark.django_db


def test_kinds_are_listed_with_a_sentence_and_what_the_key_may(make_machine: Made) -> None:
    items = make_machine(scopes=["hooks", "payouts:read"]).get("/events").json()["items"]

    assert [item["kind"] for item in items] == [kind for kind in KINDS if kind not in OF_COMPANY]
    assert [item["kind"] for item in items if not item["text"].endswith(".")] == []
    allowed = {item["kind"].partition(".")[0] for item in items if item["allowed"]}
    assert allowed == {"program", "plan", "batch", "payout", "connection"}
    assert next(item for item in items if item["kind"] == "payout.paid") == {
        "kind": "payout.paid",
        "text": "The money of a payout has arrived.",
        "subject": "payout",
        "scope": "payouts:read",
        "allowed": True,
    }


def test_every_kind_has_a_sample_in_the_envelope_that_is_sent(machine: Machine, eves: Machine) -> None:
    for kind in PUBLIC - OF_COMPANY:
        found = eves.get(f"/events/{kind}/samples").json()

        assert 1 <= len(found) <= 3
        for one in found:
            assert list(one) == ["id", "type", "timestamp", "data"]
            assert (one["type"], one["data"]["kind"]) == (kind, kind)


def test_samples_are_the_programs_newest_where_there_are_some(
    machine: Machine, eves: Machine, ann: Enrollment
) -> None:
    made = [machine.post("/conversions", order(str(number))).json() for number in range(4)]

    mine = machine.get("/events/conversion.counted/samples").json()
    hers = eves.get("/events/conversion.counted/samples").json()

    assert [one["data"]["conversion"]["id"] for one in mine] == [one["id"] for one in reversed(made)][:3]
    assert [one["data"]["conversion"]["order"]["number"] for one in hers] == ["1001"]
    assert hers[0]["data"]["program"]["name"] == "Partner program"
    assert machine.get("/events/conversion.counted/samples").json() == mine
    assert "example.com" not in json.dumps([one["data"]["affiliate"] for one in mine])


@pytest.mark.parametrize(
    "kind", ["payee.changed", "key.created", "affiliate.changed", "order.*", "nothing", "order.recorded%00"]
)
def test_there_are_no_samples_of_what_nobody_hears(machine: Machine, kind: str) -> None:
    assert machine.get(f"/events/{kind}/samples").status_code == 404

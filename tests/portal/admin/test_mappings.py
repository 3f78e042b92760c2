"""The managers' pages of mappings: a sample, the fields that it fills, what it comes to, versions, files."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from affiliates.models import Program
from core.models import User
from integrations import actions
from integrations.mapping import OURS, decide
from integrations.models import Connection, Inbound, Mapping
from tests import makers
from tests.house.markup import inline
from tests.integrations.inbox import ORDER, PAID, SECRET
from tracking.models import Order

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
TOTAL = {"target": "order.total", "source": "order.total_price"}


@pytest.fixture
def inbox(program: Program) -> Connection:
    return makers.make_connection(
        program, connector="inbox", name="Own", source="own", base_url="", secrets={"webhook_secret": SECRET}
    )


def heard(inbox: Connection, message: Any = PAID, state: str = "quarantined") -> Inbound:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return Inbound.objects.create(
        connection=inbox, dedupe_key=str(Inbound.objects.count()), topic="order.paid", body=body, state=state
    )


def pages(inbox: Connection) -> str:
    return reverse("admin:integrations_connection_mappings", args=[inbox.pk])


def editor(inbox: Connection, kind: str = "order") -> str:
    return reverse("admin:integrations_connection_mapping", args=[inbox.pk, "in", kind])


def filled(sample: Any = PAID, **fields: tuple[str, ...] | str) -> dict[str, str]:
    """What the form says: order_total="order.total_price", or ("text", "EUR"), or (path, steps, default)."""
    values = {"sample": json.dumps(sample), "count": str(len(fields))}
    for number, (name, told) in enumerate(fields.items()):
        kind, *rest = (told,) if isinstance(told, str) else told
        row = {"target": name.replace("_", ".", 1).replace("__", "[]."), "from": kind}
        if kind in ("text", "formula"):
            row["text"] = rest.pop(0)
        else:
            row["from"] = f"path:{kind}"
        row |= dict(zip(("steps", "default"), rest, strict=False))
        values |= {f"row-{number}-{key}": value for key, value in row.items()}
    return values


WHOLE = {
    "order_number": "order.id",
    "order_total": "order.total_price",
    "order_currency": ("text", "EUR"),
    "customer_country": ("order.customer.country", "country"),
}


def text_of(response: Any) -> str:
    page = re.sub("<[^>]*>", " ", response.content.decode())
    return re.sub(r"\s+", " ", page).replace("&quot;", '"').replace("&#x27;", "'")


def test_empty_page_says_what_to_do(enter: Enter, mia: User, inbox: Connection) -> None:
    listed, empty = enter(mia).get(pages(inbox)), enter(mia).get(editor(inbox))

    assert "Nothing is mapped yet." in text_of(listed)
    assert "Map the fields" in text_of(listed)
    assert "Paste what the system sends" in text_of(empty)
    assert "With a sample you see here what would be taken." in text_of(empty)
    assert inline(empty.content.decode()) == inline(listed.content.decode()) == []


def test_first_mapping_is_suggested_by_the_newest_message_and_not_saved(
    enter: Enter, mia: User, inbox: Connection
) -> None:
    heard(inbox)

    page = enter(mia).get(editor(inbox))

    assert re.search(
        r'<option value="path:order.total_price" selected>order.total_price · 129.90<', page.content.decode()
    )
    assert "fields were filled by their names: look at each. Nothing is saved yet." in text_of(page)
    assert "1 message was put aside." in text_of(page)
    assert Mapping.objects.count() == 0


def test_trying_shows_each_value_and_the_order_that_would_be_taken(
    enter: Enter, mia: User, inbox: Connection
) -> None:
    said = text_of(enter(mia).post(editor(inbox), {**filled(**WHOLE), "act": "try"}))

    assert "This order would be taken" in said
    assert "Number 5001" in said
    assert "Total €129.90" in said
    assert "→ DE" in said
    assert (Mapping.objects.count(), Order.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"order_total": ("order.total_price", "nonsense")}, "There is no conversion called “nonsense”."),
        ({"order_total": ("order.total_price", 'cut: "')}, "no number of letters"),
        ({"order_total": ("formula", "9**9**9")}, "The formula has a part that is not allowed: Pow."),
        ({"order_total": ("order.id", "major: EUR")}, "Total €50.01"),
        ({"order_total": "order.customer"}, "total: An amount is written as text"),
        (
            {"customer_country": ("order.coupon", "country")},
            "Customer’s country: “anna15” is no country that we know.",
        ),
        ({"order_currency": ("text", "XX")}, "'XX' is not a currency code of ISO 4217"),
        ({"order_number": "order.nowhere"}, "“order” is missing"),
        ({"order_number": "a["}, "“a[” is no path: write it like order.lines[0].sku."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    enter: Enter, mia: User, inbox: Connection, changes: dict[str, Any], sentence: str
) -> None:
    page = enter(mia).post(editor(inbox), {**filled(**{**WHOLE, **changes}), "act": "try"})

    assert page.status_code == 200
    assert sentence in text_of(page)


@pytest.mark.parametrize(
    "sample", ["", "[", "[]", "5", "hello", '{"a":1,"a":2}', '{"a":' * 2000, "\0=\0", "<script>"]
)
def test_odd_sample_is_a_sentence(enter: Enter, mia: User, inbox: Connection, sample: str) -> None:
    page = enter(mia).post(editor(inbox), {**filled(**WHOLE), "sample": sample, "act": "try"})

    assert page.status_code == 200
    assert ("The sample cannot be read" in text_of(page)) == bool(sample)
    assert inline(page.content.decode()) == []


def test_deep_sample_and_whole_objects_are_shown_without_falling_over(
    enter: Enter, mia: User, inbox: Connection
) -> None:
    deep = '{"a":' * 300 + "1" + "}" * 300
    form = filled(customer_id="a", customer_email="tags", order_number=("formula", "{a} & 1"))

    page = enter(mia).post(editor(inbox), {**form, "sample": deep, "act": "try"})
    flat = enter(mia).post(editor(inbox), {**form, "sample": '{"tags": ["x", 1]}', "act": "try"})

    assert "→ 1 inside" in text_of(page)
    assert "→ x, 1" in text_of(flat)


def test_saving_makes_versions_that_messages_are_read_by(enter: Enter, mia: User, inbox: Connection) -> None:
    client = enter(mia)
    condition = {"when-0-source": "type", "when-0-test": "is", "when-0-value": "order.paid"}

    first = client.post(editor(inbox), {**filled(**WHOLE), **condition, "act": "save"}, follow=True)
    client.post(editor(inbox), {**filled(**{**WHOLE, "evidence_coupon": "order.coupon"}), "act": "save"})

    assert "Version 1 of the mapping “order” holds from now on." in text_of(first)
    one, two = Mapping.objects.order_by("version")
    assert one.rows["when"] == [{"source": "type", "test": "is", "value": "order.paid"}]
    assert one.rows["rows"][3] == {
        "target": "customer.country",
        "source": "order.customer.country",
        "steps": [{"do": "country"}],
    }
    assert (two.version, len(two.rows["rows"]), two.created_by) == (2, 5, mia)


def test_what_cannot_be_saved_stays_in_the_form(enter: Enter, mia: User, inbox: Connection) -> None:
    wrong = filled(**{**WHOLE, "order_total": ("formula", "{order.total_price")})

    page = enter(mia).post(editor(inbox), {**wrong, "act": "save"})

    assert "Not saved. order.total: The formula cannot be read" in text_of(page)
    assert 'value="{order.total_price"' in page.content.decode()
    assert Mapping.objects.count() == 0


LONG = ", ".join(["order.paid"] * 60)


@pytest.mark.parametrize("act", ["try", "save"])
@pytest.mark.parametrize(
    ("changes", "place", "sentence"),
    [
        (
            {"when-0-source": "type", "when-0-test": "is one of", "when-0-value": LONG},
            "when-0",
            "The value of a condition has at most 500 letters; this one has 718.",
        ),
        (
            {"row-2-from": "text", "row-2-text": "x" * 501},
            "2",
            "The fixed text has at most 500 letters; this one has 501.",
        ),
        (
            {"row-1-default": "x" * 5000},
            "1",
            "What stands there if it is empty has at most 500 letters; this one has 5000.",
        ),
    ],
)
def test_what_is_too_long_is_said_where_it_stands(
    enter: Enter, mia: User, inbox: Connection, act: str, changes: dict[str, str], place: str, sentence: str
) -> None:
    page = enter(mia).post(editor(inbox), {**filled(**WHOLE), **changes, "act": act}).content.decode()

    assert re.search(rf'data-live="{place}"><span class="bad">{re.escape(sentence)}</span>', page)
    assert page.count(sentence) == (
        3 if act == "save" else 2
    )  # at its place, in the outcome, and as a message
    assert Mapping.objects.count() == 0


def test_one_condition_too_many_is_said_and_long_conversions_are_kept_whole(
    enter: Enter, mia: User, inbox: Connection
) -> None:
    values = [f"status number {number:03} -> sale" for number in range(150)]
    steps = {"row-0-steps": f"map: {', '.join(values)}, keep"}
    conditions = {f"when-{number}-source": "type" for number in range(21)}
    client = enter(mia)

    refused = client.post(editor(inbox), {**filled(**WHOLE), **conditions, "act": "save"})
    client.post(editor(inbox), {**filled(**WHOLE), **steps, "act": "save"})

    assert "A mapping has at most 20 conditions." in text_of(refused)
    assert Mapping.objects.get().rows["rows"][0]["steps"] == [{"do": "map", "with": [*values, "keep"]}]


def test_doubt_about_repeats_is_said_in_the_editor_and_on_the_page_of_the_connection(
    enter: Enter, mia: User, inbox: Connection
) -> None:
    client, doubt = enter(mia), "is taken for a repeat and the order stays void"
    whole = filled(**{**WHOLE, "order_changed_at": "order.created_at"})
    page = reverse("admin:integrations_connection_change", args=[inbox.pk])

    def asked(form: dict[str, str]) -> bool:
        return doubt in text_of(client.post(editor(inbox), {**form, "act": "try"}))

    before = doubt in text_of(client.get(page)), asked(filled()), asked(filled(**WHOLE)), asked(whole)
    actions.save_mapping(inbox, "in", "order", ORDER)
    held = doubt in text_of(client.get(page))
    inbox.options = {"message_id": "event_id"}
    inbox.save(update_fields=["options"])

    assert (before, held) == ((False, False, True, False), True)
    assert doubt not in text_of(client.get(page))
    assert not asked(filled(**WHOLE))


def test_messages_are_samples_of_their_own_connection_only(
    enter: Enter, mia: User, inbox: Connection, program: Program
) -> None:
    other = makers.make_connection(program, connector="inbox", source="other")
    mine, foreign = heard(inbox, {"mine": 1}), heard(other, {"foreign": 1})
    client, form = enter(mia), {"count": "0", "sample": "{}", "act": "load"}

    taken = client.post(editor(inbox), {**form, "message": str(mine.pk)}).content.decode()
    refused = client.post(editor(inbox), {**form, "message": str(foreign.pk)}).content.decode()

    assert 'data-path="mine"' in taken
    assert "foreign" not in refused


def test_suggesting_fills_only_what_is_empty(enter: Enter, mia: User, inbox: Connection) -> None:
    form = filled(order_number=("text", "mine"), order_total="x") | {"row-1-from": ""}
    page = enter(mia).post(editor(inbox), {**form, "act": "suggest"}).content.decode()

    assert re.search(r'name="row-0-text" value="mine"', page)
    assert '<option value="path:order.total_price" selected>' in page


def test_old_version_is_looked_at_and_put_back(enter: Enter, mia: User, inbox: Connection) -> None:
    first = actions.save_mapping(inbox, "in", "order", [TOTAL])
    actions.save_mapping(inbox, "in", "order", ORDER)
    client = enter(mia)

    looked = client.get(f"{editor(inbox)}?version=1").content.decode()
    answer = client.post(pages(inbox), {"act": "revert", "mapping": first.pk}, follow=True)

    assert "path:order.total_price" in looked
    assert "path:order.customer.country" not in looked
    assert "Version 3 of the mapping “order” holds from now on." in text_of(answer)
    assert Mapping.objects.get(version=3).rows == first.rows


def test_version_goes_out_and_comes_in_as_a_file(
    enter: Enter, mia: User, inbox: Connection, program: Program
) -> None:
    actions.save_mapping(inbox, "in", "order", ORDER)
    other = makers.make_connection(program, connector="inbox", source="other")
    client = enter(mia)

    file = client.get(
        reverse("admin:integrations_connection_mapping_file", args=[inbox.pk, "in", "order", 1])
    )
    upload = SimpleUploadedFile("m.json", file.content, content_type="application/json")
    client.post(pages(other), {"act": "import", "file": upload})
    refused = client.post(pages(other), {"act": "import", "text": '{"kind": 1}'}, follow=True)

    assert file.headers["Content-Disposition"] == 'attachment; filename="own-order-v1.json"'
    assert other.mappings.get().rows == inbox.mappings.get().rows
    assert "A mapping says its “direction” and its “kind”." in text_of(refused)


def test_decisions_are_shown(enter: Enter, mia: User, inbox: Connection) -> None:
    choice = decide(OURS, "Ann", "Bob", "old")
    actions.note_decision(
        inbox, "in", "customer:7", "owner", rule=OURS, choice=choice, ours="Ann", theirs="Bob"
    )

    assert "customer:7 owner Ann Bob ours ours wins" in text_of(enter(mia).get(pages(inbox)))


def test_page_of_the_connection_leads_there_and_masks_the_token(
    enter: Enter, mia: User, inbox: Connection
) -> None:
    client = enter(mia)

    page = client.get(reverse("admin:integrations_connection_change", args=[inbox.pk])).content.decode()
    secret = client.get(reverse("admin:integrations_connection_secret", args=[inbox.pk])).content.decode()

    assert editor(inbox) in page
    assert "?token=••••" in page
    assert SECRET not in page
    assert f"?token={SECRET}" in secret


def test_who_may_not_manage_looks_but_changes_nothing(
    enter: Enter, merchant: Any, eve: User, inbox: Connection
) -> None:
    analyst = makers.make_member(merchant, "analyst")
    mapping = actions.save_mapping(inbox, "in", "order", ORDER)
    posts = [
        (editor(inbox), {**filled(**WHOLE), "act": "save"}),
        (pages(inbox), {"act": "revert", "mapping": mapping.pk}),
        (pages(inbox), {"act": "import", "text": json.dumps(actions.export_mapping(mapping))}),
    ]

    assert enter(analyst).get(pages(inbox)).status_code == 200
    assert [enter(analyst).post(*post).status_code for post in posts] == [403] * 3
    assert all(enter(eve).post(*post).status_code in (302, 404) for post in posts)
    assert Mapping.objects.count() == 1


def test_version_of_another_connection_is_not_put_back(
    enter: Enter, mia: User, inbox: Connection, stranger: Any
) -> None:
    hers = makers.make_connection(stranger.program, connector="inbox", source="hers")
    foreign = actions.save_mapping(hers, "in", "order", ORDER)

    answers = [
        enter(mia).post(pages(inbox), {"act": "revert", "mapping": number}).status_code
        for number in (foreign.pk, "x", "")
    ]

    assert answers == [404] * 3
    assert inbox.mappings.count() == 0


def test_other_connections_have_no_such_pages(enter: Enter, mia: User, program: Program) -> None:
    shop = makers.make_connection(program, connector="postback")

    assert enter(mia).get(pages(shop)).status_code == 302
    assert enter(mia).get(editor(shop)).status_code == 302


def test_it_is_connected_on_the_page_and_the_header_named_there_is_looked_at(
    enter: Enter, mia: User, program: Program
) -> None:
    client, address = enter(mia), "/admin/integrations/connection/add/"
    offered = text_of(client.get(address))
    asked = {"connector": "inbox", "program": program.pk, "name": "Own", "source": "own", "header": "X-Mine"}

    client.post(address, asked)

    made = Connection.objects.get(source="own")
    body, secret = b"{}", made.secrets["webhook_secret"]
    hook = actions.delivery_url(made)
    path = "/hooks/" + hook.rpartition("/hooks/")[2]
    statuses = [
        client.post(path, body, content_type="application/json", headers={name: secret}).status_code
        for name in ("X-Token", "X-Mine")
    ]
    assert "Any system with a webhook" in offered
    assert statuses == [401, 200]

"""Every document that goes to Shopify fits its schema; and the check is one that can fail."""

import pytest
from graphql import GraphQLEnumType

from core.jobs import Permanent
from integrations.connectors.base import Store
from integrations.connectors.shopify import api, bulk_documents, documents as ours
from integrations.connectors.shopify.order import STATES
from tests.integrations.fake_shopify import FakeShop
from tests.integrations.shopify_schema import (
    SPEC,
    answered,
    breaches,
    bulk_breaches,
    deprecated,
    documents,
    schema,
)
from tests.integrations.shopify_shop import its_shop, its_store  # noqa: F401 - fixtures

STILL_ASKED = {
    "The field Order.landingPageUrl is deprecated."
}  # there is no other word of a visit of long ago
CALL = "query Order($id: ID!, $lines: Int!) { order(id: $id) { lineItems(first: $lines) { nodes { id } } } }"


def name_of(document: str) -> str:
    """The first words of a document."""
    return document.partition("(")[0].partition("{")[0].strip() or "bulk"


def test_no_document_is_forgotten() -> None:
    assert {*ours.ALL, bulk_documents.ORDERS, bulk_documents.RUN} <= set(documents())


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_document_fits_the_schema(document: str) -> None:
    assert breaches(document) == []


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_document_asks_nothing_that_goes_away(document: str) -> None:
    assert {wrong.partition(" Use ")[0] for wrong in deprecated(document)} <= STILL_ASKED


def test_schema_is_of_the_version_that_is_called() -> None:
    assert f"Admin API {ours.VERSION}," in SPEC.read_text().partition("\n")[0]


def test_every_payment_status_is_known() -> None:
    kind = schema().type_map["OrderDisplayFinancialStatus"]
    assert isinstance(kind, GraphQLEnumType)

    assert {name.lower() for name in kind.values} <= STATES.keys()


# --- it can fail -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ("{ shop { nickname } }", "Cannot query field 'nickname' on type 'Shop'."),
        ("{ shop(id: 1) { name } }", "Unknown argument 'id' on field 'QueryRoot.shop'."),
        ("{ orders(first: 1, sortKey: WEIGHT) { nodes { id } } }", "does not exist in 'OrderSortKeys' enum"),
        ("query Order { order { id } }", "of type 'ID!' is required, but it was not provided"),
        ("query Order($id: Int!) { order(id: $id) { id } }", "'$id' of type 'Int!' used in position"),
        ("{ shop }", "must have a selection of subfields"),
    ],
)
def test_wrong_document_is_found(document: str, wrong: str) -> None:
    found = breaches(document)

    assert len(found) == 1
    assert wrong in found[0]


@pytest.mark.parametrize(
    ("variables", "wrong"),
    [
        ({"id": "1"}, "Expected a value of non-null type 'Int!' to be provided"),
        ({"id": "1", "lines": "ten"}, "Int cannot represent non-integer value: 'ten'"),
        ({"id": "1", "lines": 1, "after": "x"}, "Variable '$after' is not declared."),
    ],
)
def test_wrong_variables_are_found(variables: dict[str, object], wrong: str) -> None:
    found = breaches(CALL, variables)

    assert len(found) == 1
    assert wrong in found[0]
    assert breaches(CALL, {"id": "1", "lines": 1}) == []


def test_wrong_field_inside_an_input_is_found() -> None:
    hook = {"uri": "https://a.example", "flavour": "sweet"}

    found = breaches(ours.MEND_HOOK, {"id": "1", "hook": hook})

    assert len(found) == 1
    assert "'flavour'" in found[0]


def test_answer_that_fits_no_type_is_found() -> None:
    rows = {
        "shop": {"name": None, "myshopifyDomain": "a", "currencyCode": "BRL"},
        "currentAppInstallation": {},
    }

    _data, found = answered("{ shop { name currencyCode } }", {}, rows)

    assert found == ["Cannot return null for non-nullable field Shop.name. (['shop', 'name'])"]


def test_breach_is_refused_by_the_shop_and_fails_the_test(shop: FakeShop, store: Store) -> None:
    with pytest.raises(Permanent, match="nickname"):
        api.ask(store, "query Bad { shop { nickname } }")

    assert [wrong.partition(":")[0] for wrong in shop.breaches] == ["Bad"]
    with pytest.raises(AssertionError):
        FakeShop.check(shop)
    shop.breaches.clear()


# --- what is to become a file ------------------------------------------------------------------------------
def test_query_for_a_file_is_one_that_shopify_prepares() -> None:
    assert bulk_breaches(bulk_documents.orders_in("updated_at:>='2026-01-01'")) == []


@pytest.mark.parametrize(
    ("inside", "wrong"),
    [
        ("refunds { refundLineItems { nodes { quantity } } }", "is a connection inside a list."),
        ("lineItems { edges { node { id } } }", "A row with lists in it must name its id."),
        ("legacyResourceId shippingLines { edges { node { flavour } } }", "Cannot query field 'flavour'"),
    ],
)
def test_query_that_shopify_does_not_prepare_is_found(inside: str, wrong: str) -> None:
    found = bulk_breaches(f"{{ orders {{ edges {{ node {{ {inside} }} }} }} }}")

    assert [wrong in each for each in found] == [True]


def test_query_for_a_file_is_looked_at_inside_its_variable() -> None:
    assert breaches(bulk_documents.RUN, {"query": "{ shop { name } }"}) == [
        "0 connections: there must be one to five."
    ]

"""Cuts Shopify's Admin schema down to what our documents touch.

The arguments are `dist/data/admin_2026-10.json.gz` of the npm package @shopify/dev-mcp, an introspection result, and
the version of that package: `python -m tests.specs.trim_shopify admin_2026-10.json.gz 1.16.0`.
Kept are the types that a document of ours or of MORE reaches, with all their fields whose types are kept too, whole
input types and whole enums; descriptions and deprecated fields that nobody asks for are left out.
"""

import gzip
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    lexicographic_sort_schema,
    parse,
    print_schema,
    visit,
)

FOUND = Path(__file__).with_name("shopify.graphql")
HEAD = """\
# Shopify's GraphQL Admin API {version}, trimmed to what the connector asks. Made by
# tests/specs/trim_shopify.py from the introspection result in the npm package @shopify/dev-mcp {package},
# which is published under this licence:
#
# ISC License. Copyright 2025-present, Shopify Inc.
# Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is
# hereby granted, provided that the above copyright notice and this permission notice appear in all copies.
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE
# INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF
# USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.

"""
MORE = (
    """query Account($id: ID!, $who: CustomerIdentifierInput!, $find: String!) {
      customerByIdentifier(identifier: $who) { id email }
      customer(id: $id) { id storeCreditAccounts(first: 1) { nodes { id balance { amount } } } }
      customers(first: 1, query: $find) { nodes { id defaultEmailAddress { emailAddress } } pageInfo { hasNextPage } }
      node(id: $id) { id }
      storeCreditAccount(id: $id) {
        id
        owner { ... on Customer { id } }
        transactions(first: 1) {
          edges { cursor node { createdAt } }
          pageInfo { hasNextPage endCursor }
          nodes {
            amount { amount currencyCode } balanceAfterTransaction { amount } createdAt event account { id }
            origin { ... on OrderTransaction { id } }
            ... on StoreCreditAccountCreditTransaction { id expiresAt remainingAmount { amount } }
            ... on StoreCreditAccountDebitTransaction { id }
            ... on StoreCreditAccountDebitRevertTransaction { id }
            ... on StoreCreditAccountExpirationTransaction { createdAt }
          }
        }
      }
    }""",
    """mutation Credit($id: ID!, $credit: StoreCreditAccountCreditInput!) {
      storeCreditAccountCredit(id: $id, creditInput: $credit) {
        storeCreditAccountTransaction { id amount { amount currencyCode } account { id balance { amount } } }
        userErrors { field message code }
      }
    }""",
    """mutation Debit($id: ID!, $debit: StoreCreditAccountDebitInput!) {
      storeCreditAccountDebit(id: $id, debitInput: $debit) {
        storeCreditAccountTransaction { id } userErrors { field message code }
      }
    }""",
    """mutation Make($set: CustomerSetInput!, $by: CustomerSetIdentifiers, $input: CustomerInput!) {
      customerSet(input: $set, identifier: $by) { customer { id } userErrors { field message code } }
      customerCreate(input: $input) { customer { id } userErrors { field message } }
    }""",
)


def trimmed(schema: GraphQLSchema, documents: Iterable[str]) -> str:
    """Return the part of a schema that documents touch, in its own language."""
    asked: dict[str, set[str]] = {}
    for document in documents:
        for kind, field in _touched(schema, document):
            asked.setdefault(kind, set()).add(field)
    kept = _reached(schema, asked)
    for each in kept.values():
        _cut(each, asked.get(each.name, set()), kept, schema)
    _bare(kept.values())
    assert schema.query_type is not None
    cut = GraphQLSchema(
        query=schema.query_type,
        mutation=schema.mutation_type,
        types=list(kept.values()),
        directives=schema.directives,
    )
    return print_schema(lexicographic_sort_schema(cut))


def _touched(schema: GraphQLSchema, document: str) -> Iterator[tuple[str, str]]:
    """Yield type and field of whatever a document names."""
    found: list[tuple[str, str]] = []
    known = TypeInfo(schema)

    class Notes(Visitor):
        def enter_field(self, node: Any, *_: Any) -> None:
            parent = known.get_parent_type()
            assert parent is not None
            assert known.get_field_def() is not None, f"{parent.name}.{node.name.value} is not there"
            found.append((parent.name, node.name.value))

    visit(parse(document), TypeInfoVisitor(known, Notes()))
    yield from found


def _reached(schema: GraphQLSchema, asked: dict[str, set[str]]) -> dict[str, GraphQLNamedType]:
    """Return the types that must be there: those asked of, and what their asked fields answer and take."""
    kept: dict[str, GraphQLNamedType] = {}
    waiting = list(asked)
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kind = kept[name] = schema.type_map[name]
        if isinstance(kind, GraphQLInputObjectType):
            waiting += [get_named_type(field.type).name for field in kind.fields.values()]
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            fields = [kind.fields[field] for field in asked.get(name, ())]
            waiting += [get_named_type(field.type).name for field in fields]
            waiting += [get_named_type(arg.type).name for field in fields for arg in field.args.values()]
    return kept


def _cut(
    kind: GraphQLNamedType, asked: set[str], kept: dict[str, GraphQLNamedType], schema: GraphQLSchema
) -> None:
    """Leave of a type what speaks of kept types only."""
    if isinstance(kind, GraphQLUnionType):
        kind.types = tuple(each for each in kind.types if each.name in kept)
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return
    is_root = kind in (schema.query_type, schema.mutation_type)
    kind.interfaces = tuple(each for each in kind.interfaces if each.name in kept)
    kind.fields = {
        name: field
        for name, field in kind.fields.items()
        if name in asked or (not is_root and not field.deprecation_reason and _speaks_of(field, kept))
    }


def _speaks_of(field: GraphQLField, kept: dict[str, GraphQLNamedType]) -> bool:
    """Whether a field answers and takes only what is kept, or scalars."""
    answers = get_named_type(field.type)
    takes = [get_named_type(arg.type) for arg in field.args.values()]
    return all(each.name in kept or isinstance(each, GraphQLScalarType) for each in (answers, *takes))


def _bare(kinds: Iterable[GraphQLNamedType]) -> None:
    """Take the descriptions away."""
    for kind in kinds:
        kind.description = None
        rows: list[Any] = []
        if isinstance(kind, GraphQLEnumType):
            rows += kind.values.values()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            rows += kind.fields.values()
            rows += [arg for row in kind.fields.values() for arg in getattr(row, "args", {}).values()]
        for row in rows:
            row.description = None


def main(path: str, package: str) -> None:
    """Write the trimmed schema beside this file."""
    from tests.integrations.shopify_schema import documents

    told = json.loads(gzip.decompress(Path(path).read_bytes()))
    text = trimmed(build_client_schema(told["data"]), [*documents(), *MORE])
    FOUND.write_text(HEAD.format(version="2026-10", package=package) + text + "\n")


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    main(sys.argv[1], sys.argv[2])

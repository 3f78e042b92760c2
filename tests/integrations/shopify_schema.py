"""Shopify's Admin schema as the tests know it: is a request one that Shopify takes, and an answer one that it gives?

`tests/specs/shopify.graphql` is Shopify's own, cut down by `tests/specs/trim_shopify.py`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    execute_sync,
    get_named_type,
    is_list_type,
    parse,
    visit,
)
from graphql.execution.values import get_variable_values
from graphql.type import get_nullable_type
from graphql.validation import NoDeprecatedCustomRule, validate

SPEC = Path(__file__).parent.parent / "specs" / "shopify.graphql"
FOLDER = "integrations.connectors.shopify"
IS_DOCUMENT = re.compile(r"(query|mutation)\b|{")
MOST_CONNECTIONS, MOST_LEVELS = 5, 2  # of a query that Shopify prepares as a file


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """Return the schema, read once."""
    return build_schema(SPEC.read_text())


def documents() -> list[str]:
    """Return every document that stands in the connector's modules of documents."""
    folder = Path(import_module(FOLDER).__path__[0])
    names = sorted(
        {path.stem for pattern in ("documents*.py", "*_documents.py") for path in folder.glob(pattern)}
    )
    found: list[str] = []
    for name in names:
        named = vars(import_module(f"{FOLDER}.{name}")).items()
        texts = [value for key, value in named if isinstance(value, str) and not key.startswith("_")]
        found += [text for text in texts if IS_DOCUMENT.match(text)]
    return list(dict.fromkeys(found))


def breaches(document: str, variables: Mapping[str, Any] | None = None) -> list[str]:
    """Return what of a request Shopify would refuse; without variables only the document is looked at."""
    wrongs = list(_wrongs_of(document))
    if wrongs or variables is None:
        return wrongs
    wrongs += [error.message for error in _variables_of(document, variables)]
    if "bulkOperationRunQuery" in document and not wrongs:
        wrongs += bulk_breaches(str(variables["query"]))
    return wrongs


@lru_cache(maxsize=200)
def _wrongs_of(document: str) -> tuple[str, ...]:
    return tuple(error.message for error in validate(schema(), parse(document)))


def deprecated(document: str) -> list[str]:
    """Return what a document asks that Shopify means to take away."""
    return [error.message for error in validate(schema(), parse(document), [NoDeprecatedCustomRule])]


def _variables_of(document: str, variables: Mapping[str, Any]) -> list[GraphQLError]:
    """What of the variables does not fit; one that the document does not declare is let pass by Shopify, not by us."""
    operation = next(
        each for each in parse(document).definitions if isinstance(each, OperationDefinitionNode)
    )
    declared = operation.variable_definitions or ()
    names = {each.variable.name.value for each in declared}
    more = [GraphQLError(f"Variable '${name}' is not declared.") for name in variables.keys() - names]
    got = get_variable_values(schema(), declared, dict(variables))
    return more + (got if isinstance(got, list) else [])


def bulk_breaches(document: str) -> list[str]:
    """Return what Shopify refuses in a query that is to become a file: variables, lists in lists, too many lists."""
    if wrongs := breaches(document, {}):
        return wrongs
    known = TypeInfo(schema())
    looks = _BulkRules(known)
    visit(parse(document), TypeInfoVisitor(known, looks))
    if not 1 <= looks.connections <= MOST_CONNECTIONS:
        looks.wrongs.append(f"{looks.connections} connections: there must be one to five.")
    return looks.wrongs


class _BulkRules(Visitor):
    """Notes what of a query cannot become a file; `inside` is what was entered: connections, lists, other fields."""

    def __init__(self, known: TypeInfo) -> None:
        super().__init__()
        self.known = known
        self.inside: list[str] = []
        self.connections = 0
        self.wrongs: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        kind = self.kind_of(node)
        if kind == "connection":
            self.connections += 1
            if "list" in self.inside:
                self.wrongs.append(f"{node.name.value} is a connection inside a list.")
            if self.inside.count("connection") >= MOST_LEVELS:
                self.wrongs.append(f"{node.name.value} is nested too deeply.")
        is_parent = node.name.value == "node" and any("edges" in _names(each) for each in _fields(node))
        if is_parent and "id" not in _names(node):
            self.wrongs.append("A row with lists in it must name its id.")
        self.inside.append(kind)

    def leave_field(self, *_: Any) -> None:
        self.inside.pop()

    def kind_of(self, node: FieldNode) -> str:
        """Say what a field answers."""
        answers = self.known.get_type()
        assert answers is not None
        if get_named_type(answers).name.endswith("Connection"):
            return "connection"
        is_list = is_list_type(get_nullable_type(answers)) and node.name.value != "edges"
        return "list" if is_list else "row"


def _fields(node: FieldNode) -> list[FieldNode]:
    chosen = node.selection_set.selections if node.selection_set else ()
    return [each for each in chosen if isinstance(each, FieldNode)]


def _names(node: FieldNode) -> set[str]:
    return {each.name.value for each in _fields(node)}


def answered(document: str, variables: Mapping[str, Any], rows: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """Return what Shopify answers out of what there is, and what of it does not fit the schema.

    A field that is asked for and is not there is a fault of the fake, never null.
    """
    done = execute_sync(
        schema(),
        parse(document),
        dict(rows),
        variable_values=dict(variables),
        field_resolver=_field,
        type_resolver=_kind,
    )
    return done.data, [f"{error.message} ({error.path})" for error in done.errors or ()]


def _field(row: Any, info: GraphQLResolveInfo[Any], **_given: Any) -> Any:
    return row[info.path.key] if info.path.key in row else row[info.field_name]


def _kind(row: Any, *_: Any) -> str:
    """Which type stands for an interface: by its name, or by its global id."""
    return str(row.get("__typename") or row["id"].split("/")[3])

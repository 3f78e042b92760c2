"""The schema as a file, and the reference that people read: made from the schema on our side, without a script."""

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.api.problems import TITLES
from portal.api.schema import generated
from portal.keys import SCOPES

Json = dict[str, Any]


@cache
def whole() -> Json:
    """Return the schema, generated once per process."""
    return generated()


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Answer with the OpenAPI schema as JSON."""
    answer = JsonResponse(whole(), json_dumps_params={"indent": 2})
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Show every operation with its fields, answers and examples."""
    context = {
        "groups": groups(whole()),
        "scopes": SCOPES.items(),
        "problems": TITLES.items(),
        "base": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "api/docs.html", context)


def groups(document: Json) -> dict[str, list[Json]]:
    """Return the operations by noun, each as the page shows it."""
    found: dict[str, list[Json]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            shown = _operation(document, path, method, operation)
            found.setdefault(operation["tags"][0], []).append(shown)
    return found


def _operation(document: Json, path: str, method: str, operation: Json) -> Json:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation["description"],
        "parameters": operation.get("parameters", []),
        "fields": fields(document, body.get("schema", {})),
        "examples": [
            (name, json.dumps(example["value"], indent=2))
            for name, example in body.get("examples", {}).items()
        ],
        "answers": [
            (status, _answer(document, found)) for status, found in sorted(operation["responses"].items())
        ],
    }


def _answer(document: Json, answer: Json) -> Json:
    content: Json = next(iter(answer.get("content", {}).values()), {})
    problem = "application/problem+json" in answer.get("content", {})
    return {
        "text": answer.get("description", ""),
        "fields": [] if problem else fields(document, content.get("schema", {})),
    }


def fields(document: Json, schema: Json, before: str = "", depth: int = 0) -> list[Json]:
    """Return the fields of an object flat, with dotted names; those of objects in it follow it."""
    schema = resolved(document, schema)
    rows: list[Json] = []
    for name, raw in schema.get("properties", {}).items():
        field = resolved(document, raw)
        inner = resolved(document, field.get("items", {}))
        rows.append(_field(f"{before}{name}", field, inner, name in schema.get("required", [])))
        below = inner if field.get("type") == "array" else field
        if depth < 4:
            step = f"{before}{name}[]." if field.get("type") == "array" else f"{before}{name}."
            rows += fields(document, below, step, depth + 1)
    return rows


def _field(name: str, field: Json, inner: Json, required: bool) -> Json:
    kind = field.get("type", "object")
    if kind == "array":
        kind = f"array of {inner.get('type', 'object')}s"
    limits = [("maxLength", "at most {} characters"), ("minimum", "from {}"), ("maximum", "up to {}")]
    notes = [text.format(field[key]) for key, text in limits if key in field]
    if "enum" in field:
        notes.append(", ".join(str(value) for value in field["enum"] if value is not None))
    return {
        "name": name,
        "type": field.get("format") or kind,
        "required": required,
        "nullable": field.get("nullable", False),
        "text": field.get("description", "").partition("\n")[0] if "enum" not in field else "",
        "notes": "; ".join(notes),
    }


def resolved(document: Json, schema: Json) -> Json:
    """Follow references and single `allOf`s; what stands beside them wins."""
    beside = {name: value for name, value in schema.items() if name not in {"$ref", "allOf"}}
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return {**resolved(document, document["components"]["schemas"][name]), **beside}
    if len(schema.get("allOf", [])) == 1:
        return {**resolved(document, schema["allOf"][0]), **beside}
    if "oneOf" in schema:
        return {**resolved(document, schema["oneOf"][0]), **beside}
    return schema

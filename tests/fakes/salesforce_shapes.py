"""The shapes in which Salesforce documents its requests: which addresses there are, and what a body may say."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

VERSION = "v66.0"
DATA = f"/services/data/{VERSION}"
NAME = r"[A-Za-z]\w{0,79}"
ADDRESSES = (
    ("GET", rf"{DATA}/", None),
    ("GET", rf"{DATA}/query(All)?\?q=[^&]+", None),
    ("GET", rf"{DATA}/query(All)?/01g\w{{15}}-\d+", None),
    ("GET", rf"{DATA}/sobjects/{NAME}/describe", None),
    ("PATCH", rf"{DATA}/composite/sobjects", "update"),
    ("PATCH", rf"{DATA}/composite/sobjects/(?P<object>{NAME})/(?P<key>{NAME})", "upsert"),
    ("POST", rf"{DATA}/composite/sobjects", "create"),
    ("POST", rf"{DATA}/composite", "composite"),
    ("POST", rf"{DATA}/tooling/sobjects/CustomField", "field"),
    ("POST", rf"{DATA}/sobjects/PermissionSet", "set"),
    ("POST", rf"{DATA}/sobjects/PermissionSetAssignment", "assignment"),
)
KEYS = {
    "field": {"FullName", "Metadata"},
    "set": {"Name", "Label"},
    "assignment": {"PermissionSetId", "AssigneeId"},
}
TYPES = {"Text", "Number", "Currency", "Date", "DateTime", "Checkbox", "Picklist", "MultiselectPicklist"}
NUMBER = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
MOST, MOST_PARTS, MOST_ADDRESS = 200, 25, 16_000
SETUP = {"FieldPermissions", "PermissionSet", "PermissionSetAssignment"}


def breaches(method: str, path: str, body: Any) -> list[str]:
    """Return what is wrong with a request, nothing if it is as documented."""
    if len(path) > MOST_ADDRESS:
        return [f"address of {len(path)} letters"]
    for wanted, pattern, shape in ADDRESSES:
        found = re.fullmatch(pattern, path)
        if found is None or wanted != method:
            continue
        if shape is None:
            return [] if body is None else ["a body where none belongs"]
        if not isinstance(body, dict):
            return ["no object in the body"]
        if shape in KEYS:
            return _exactly(body, KEYS[shape]) + (_field(body) if shape == "field" else [])
        if shape == "composite":
            return _composite(body)
        return _collection(shape, body, found.groupdict())
    return [f"no such address: {method} {path[:120]}"]


def _exactly(body: dict[str, Any], keys: set[str]) -> list[str]:
    return [] if set(body) == keys else [f"keys {sorted(body)} instead of {sorted(keys)}"]


def _collection(shape: str, body: dict[str, Any], named: dict[str, str]) -> list[str]:
    wrong = _exactly(body, {"allOrNone", "records"})
    records = body.get("records")
    if body.get("allOrNone") is not False or not isinstance(records, list) or not 0 < len(records) <= MOST:
        return [*wrong, "a collection has allOrNone and between 1 and 200 records"]
    for record in records:
        sobject = record.get("attributes", {}).get("type")
        if not sobject or set(record["attributes"]) != {"type"}:
            wrong.append("a record without its type")
        if shape == "update" and not NUMBER.fullmatch(str(record.get("id"))):
            wrong.append("an update without a number")
        if shape != "update" and {"id", "Id"} & set(record):
            wrong.append(f"{shape} with a number")
        if shape == "upsert" and (sobject != named["object"] or not record.get(named["key"])):
            wrong.append("upsert of another type, or without its external id")
        wrong += [
            f"{name} is no value"
            for name, value in record.items()
            if name != "attributes" and not _is_plain(value)
        ]
    types = [record.get("attributes", {}).get("type") for record in records]
    if sum(one != other for one, other in pairwise(types)) > 9:
        wrong.append("more than 10 chunks of types")
    if len(set(types)) > 1 and set(types) & SETUP:
        wrong.append("setup objects among others")
    return wrong


def _is_plain(value: Any) -> bool:
    return (value is None or isinstance(value, str | int | float)) and value != ""


def _composite(body: dict[str, Any]) -> list[str]:
    wrong = _exactly(body, {"allOrNone", "compositeRequest"})
    parts = body.get("compositeRequest") or []
    if not 0 < len(parts) <= MOST_PARTS or len({part.get("referenceId") for part in parts}) != len(parts):
        return [*wrong, "a composite request has between 1 and 25 parts with names of their own"]
    for part in parts:
        wrong += _exactly(part, {"method", "url", "referenceId", "body"})
        if not re.fullmatch(r"[A-Za-z]\w*", str(part.get("referenceId"))):
            wrong.append("a referenceId has letters, digits and underscores")
        if not re.fullmatch(rf"{DATA}/sobjects/{NAME}/{NAME}/[^/?]+", urlsplit(str(part.get("url"))).path):
            wrong.append(f"no such part: {part.get('url')}")
        if {"id", "Id"} & set(part.get("body", {})):
            wrong.append("an upsert with a number")
    return wrong


def _field(body: dict[str, Any]) -> list[str]:
    metadata, name = body.get("Metadata", {}), str(body.get("FullName"))
    wrong = []
    if (
        not re.fullmatch(rf"{NAME}\.[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*__c", name)
        or len(name.split(".")[1]) > 43
    ):
        wrong.append(f"no name of a field: {name}")
    if metadata.get("type") not in TYPES or not 0 < len(str(metadata.get("label") or "")) <= 40:
        wrong.append(f"{name} has no type or label")
    if metadata.get("type") == "Text" and not 0 < metadata.get("length", 0) <= 255:
        wrong.append(f"{name} has no length")
    if metadata.get("type") in ("Number", "Currency") and not {"precision", "scale"} <= set(metadata):
        wrong.append(f"{name} has no precision")
    if metadata.get("type") == "Checkbox" and "defaultValue" not in metadata:
        wrong.append(f"{name} has no default")
    if "Picklist" in str(metadata.get("type")) and not metadata.get("valueSet", {}).get("valueSetDefinition"):
        wrong.append(f"{name} has no values")
    return wrong

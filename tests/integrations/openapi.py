"""Is a request one that a vendor's published description (OpenAPI 3) knows? Path, method and every query parameter."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

INDEX = re.compile(r"\[\d+\]")


def breaches(spec: dict[str, Any], method: str, path: str, base: str = "") -> list[str]:
    """Return what of a request the description does not allow; places in lists ([0], [1] ...) are all alike."""
    address = urlsplit(path).path.removeprefix(base)
    operation = spec["paths"].get(address, {}).get(method.lower())
    if operation is None:
        return [f"{method} {address} is not described"]
    known = {
        INDEX.sub("[n]", each["name"]): each
        for each in operation.get("parameters", [])
        if each["in"] == "query"
    }
    query = [(INDEX.sub("[n]", name), value) for name, value in parse_qsl(urlsplit(path).query)]
    sent = {name for name, _value in query}
    missing = [name for name, each in known.items() if each["required"] and name not in sent]
    unknown = sorted(sent - known.keys())
    wrong = [
        name
        for name, value in query
        if known.get(name, {}).get("schema", {}).get("type") == "integer" and not value.isdigit()
    ]
    return [
        f"{name} is {what}"
        for what, names in (("missing", missing), ("not described", unknown), ("no number", wrong))
        for name in names
    ]

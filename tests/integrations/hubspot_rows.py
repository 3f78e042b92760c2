"""Records and properties of a HubSpot account, and errors, as HubSpot writes them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

CHANGED = {"contacts": "lastmodifieddate", "deals": "hs_lastmodifieddate"}

Row = dict[str, Any]


@dataclass
class Record:
    """One contact or deal; `history` keeps who wrote what and when."""

    id: str
    values: dict[str, str]
    changed_at: datetime
    history: dict[str, list[Row]]


def standard(kind: str) -> dict[str, Row]:
    """The properties that every account has, or those of them that matter here."""
    names: dict[str, tuple[str, str]] = {
        "hs_merged_object_ids": ("enumeration", "checkbox"),
        CHANGED[kind]: ("datetime", "date"),
        "hubspot_owner_id": ("enumeration", "select"),
    }
    if kind == "contacts":
        names |= {
            "email": ("string", "text"),
            "hs_additional_emails": ("enumeration", "checkbox"),
            "firstname": ("string", "text"),
            "lastname": ("string", "text"),
            "phone": ("string", "phonenumber"),
            "country": ("string", "text"),
            "lifecyclestage": ("enumeration", "radio"),
            "hs_lead_status": ("enumeration", "radio"),
        }
    else:
        names |= {
            "dealname": ("string", "text"),
            "amount": ("number", "number"),
            "closedate": ("datetime", "date"),
            "pipeline": ("enumeration", "select"),
            "dealstage": ("enumeration", "radio"),
            "hs_is_closed_won": ("bool", "booleancheckbox"),
            "deal_currency_code": ("enumeration", "select"),
            "num_associated_contacts": ("number", "number"),
        }
    rows = {
        name: {
            "name": name,
            "label": name.title(),
            "type": what,
            "fieldType": form,
            "groupName": "information",
        }
        for name, (what, form) in names.items()
    }
    rows[CHANGED[kind]]["modificationMetadata"] = {"readOnlyValue": True}
    if kind == "contacts":
        stages = ("subscriber", "lead", "customer")
        rows["lifecyclestage"]["options"] = [{"value": one, "label": one.title()} for one in stages]
    else:
        rows["amount"]["showCurrencySymbol"] = True
    return rows


def addresses(record: Record) -> set[str]:
    """All addresses of a contact."""
    more = record.values.get("hs_additional_emails", "").split(";")
    return {record.values.get("email", ""), *more} - {""}


def number_of(record: Record, name: str) -> int:
    """A record's number, or when it was changed, in milliseconds."""
    if name == "hs_object_id":
        return int(record.id)
    return (record.changed_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def compare(told: Row, value: int) -> bool:
    """Say whether a filter lets a value through."""
    other = int(told["value"])
    return {"GT": value > other, "GTE": value >= other, "EQ": value == other}[told["operator"]]


def iso(moment: datetime) -> str:
    """A moment as HubSpot writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wrong(message: str, category: str) -> Row:
    """An error as HubSpot writes it."""
    return {"status": "error", "message": message, "correlationId": "c033cdaa", "category": category}


def invalid(name: str, message: str, code: str) -> Row:
    """The error of a value that is not valid, which quotes JSON inside its text."""
    inner = [{"isValid": False, "message": message, "error": code, "name": name}]
    return wrong(f"Property values were not valid: {json.dumps(inner)}", "VALIDATION_ERROR")

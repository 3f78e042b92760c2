"""The records of a Salesforce org, and the rules by which it takes or refuses them."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
US, PERSON = "005000000000001AAA", "005000000000002AAA"
KEY = "Affiliate_Platform_Id__c"
EMAIL = re.compile(r"[^@\s'\\]+@[^@\s'\\]+\.[a-z]{2,}", re.IGNORECASE)
PREFIXES = {
    "Contact": "003",
    "Lead": "00Q",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "PermissionSet": "0PS",
    "PermissionSetAssignment": "0Pa",
    "FieldPermissions": "01k",
}
SYSTEM = ("CreatedById", "LastModifiedById", "OwnerId")
PEOPLE = ("Contact", "Lead")
REQUIRED = {
    "Contact": ("LastName",),
    "Lead": ("LastName", "Company"),
    "Opportunity": ("Name", "StageName", "CloseDate"),
}
FIXED = {
    "Opportunity": ("ContactId", "IsWon"),
    "Lead": ("IsConverted", "ConvertedContactId"),
}  # nobody writes these

Row = dict[str, Any]


def described(name: str, kind: str = "string", length: int = 255, **more: Any) -> Row:
    """A field as describe tells it."""
    row = {
        "name": name,
        "label": name.replace("__c", "").replace("_", " "),
        "type": kind,
        "length": length if kind in ("string", "email", "picklist", "phone") else 0,
        "createable": True,
        "updateable": True,
        "calculated": False,
        "externalId": False,
        "unique": False,
        "picklistValues": [],
        "custom": name.endswith("__c"),
    }
    return row | more


def standard(sobject: str) -> dict[str, Row]:
    """The fields that an object has of itself, or those of them that matter here."""
    fixed = {"createable": False, "updateable": False}
    rows = [described("Id", "id", **fixed), described("IsDeleted", "boolean", **fixed)]
    rows += [
        described(name, "datetime", **fixed) for name in ("SystemModstamp", "CreatedDate", "LastModifiedDate")
    ]
    rows += [described(name, "reference") for name in SYSTEM]
    if sobject in PEOPLE:
        rows += [described(name) for name in ("FirstName", "Title")]
        rows += [
            described("LastName", length=80),
            described("Email", "email", 80),
            described("Phone", "phone", 40),
        ]
        rows += [described("LeadSource", "picklist"), described("MasterRecordId", "reference", **fixed)]
    if sobject == "Contact":
        rows += [described("MailingCountry"), described("MailingAddress", "address", **fixed)]
    if sobject == "Lead":
        rows += [
            described("Country"),
            described("Company"),
            described("Status", "picklist", picklistValues=STATUS),
        ]
        rows += [
            described("IsConverted", "boolean", **fixed),
            described("ConvertedContactId", "reference", **fixed),
        ]
    if sobject == "Opportunity":
        rows += [
            described("Name", length=120),
            described("StageName", "picklist"),
            described("Amount", "currency"),
        ]
        rows += [described("CloseDate", "date"), described("LeadSource", "picklist")]
        rows += [described("ContactId", "reference", **fixed), described("IsWon", "boolean", **fixed)]
    if sobject == "OpportunityContactRole":
        rows += [described(name, "reference") for name in ("OpportunityId", "ContactId")]
        rows += [described("IsPrimary", "boolean"), described("Role", "picklist")]
    if sobject.endswith("__c"):
        rows += [described("Name", length=80)]
    return {row["name"]: row for row in rows}


STATUS = [{"value": one, "label": one, "active": one != "Old"} for one in ("Open", "Working", "Old")]


@dataclass
class Org:
    """What an org keeps. `hidden` are fields (Contact.X__c) that our user may not see.

    `watchers` are objects in which a rule for duplicates lets nobody make a second person with one address.
    """

    objects: dict[str, dict[str, Row]] = field(default_factory=dict)
    fields: dict[str, dict[str, Row]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    watchers: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)
    unjoinable: str = ""
    at: datetime = START
    number: int = 0

    def __post_init__(self) -> None:
        for sobject in PREFIXES:
            self.objects[sobject] = {}
            self.fields.setdefault(sobject, standard(sobject))

    def add_object(self, sobject: str, *lookups: str) -> None:
        """An object that the org has made itself."""
        self.objects[sobject], self.fields[sobject] = {}, standard(sobject)
        for name in lookups:
            self.fields[sobject][name] = described(name, "reference")

    def shown(self, sobject: str) -> dict[str, Row]:
        """The fields that our user sees."""
        return {
            name: row for name, row in self.fields[sobject].items() if f"{sobject}.{name}" not in self.hidden
        }

    def live(self, sobject: str) -> list[Row]:
        return [row for row in self.objects[sobject].values() if not row["IsDeleted"]]

    def find(self, number: str) -> tuple[str, Row] | None:
        return next(
            (
                (name, rows[number])
                for name, rows in self.objects.items()
                if number in rows and not rows[number]["IsDeleted"]
            ),
            None,
        )

    # --- what people do ---
    def add(self, sobject: str = "Contact", by: str = PERSON, **values: Any) -> Row:
        """Make a record without asking any rule."""
        self.number += 1
        self.at += timedelta(seconds=1)
        number = f"{PREFIXES.get(sobject, 'a00')}{self.number:012d}AAA"
        row: Row = dict.fromkeys(self.fields[sobject])
        row |= {"Id": number, "IsDeleted": False, "CreatedById": by, "CreatedDate": self.at, "OwnerId": by}
        if sobject == "Lead":
            row |= {"IsConverted": False, "Status": "Open"}
        self.objects[sobject][number] = row
        self._set(row, values, by)
        return row

    def edit(self, row: Row, by: str = PERSON, **values: Any) -> None:
        """Change a record without asking any rule."""
        self.at += timedelta(seconds=1)
        self._set(row, values, by)

    def convert(self, lead: Row) -> Row:
        """A lead becomes a contact, which does not take fields of ours along."""
        contact = self.add("Contact", LastName=lead["LastName"], Email=lead["Email"])
        self.edit(lead, IsConverted=True, ConvertedContactId=contact["Id"])
        return contact

    def merge(self, winner: Row, loser: Row) -> None:
        self.edit(loser, IsDeleted=True, MasterRecordId=winner["Id"])

    def _set(self, row: Row, values: Row, by: str) -> None:
        row.update(values)
        row |= {"LastModifiedById": by, "LastModifiedDate": self.at, "SystemModstamp": self.at}
        if "StageName" in row:
            row["IsWon"] = row["StageName"] == "Closed Won"

    # --- what the API lets one do ---
    def save(
        self, sobject: str, values: Row, row: Row | None, *, may_double: bool = False
    ) -> tuple[Row | None, Row]:
        """Write a record by the rules: the record, or None and the error."""
        if error := self._wrong(sobject, values, row, may_double):
            return None, error
        if row is None:
            return self.add(sobject, US, **values), {}
        self.edit(row, US, **values)
        return row, {}

    def _wrong(self, sobject: str, values: Row, row: Row | None, may_double: bool) -> Row:
        for name, value in values.items():
            if wrong := self._wrong_value(sobject, name, value):
                return wrong
        for name in REQUIRED.get(sobject, ()):
            if (row is None and not values.get(name)) or (
                row is not None and name in values and not values[name]
            ):
                return error("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", name)
        if row is not None and row["Id"] in self.locked:
            return error(
                "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records"
            )
        if row is not None and row.get("IsConverted"):
            return error("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        if other := self._with_key(sobject, values.get(KEY), row):
            words = f"duplicate value found: {KEY} duplicates value on record with id: {other['Id']}"
            return error("DUPLICATE_VALUE", words)
        if other := self._double(sobject, values, row):
            return (
                {}
                if may_double
                else error("DUPLICATES_DETECTED", "Use one of these records?") | {"_like": other}
            )
        if sobject == "OpportunityContactRole" and values.get("ContactId") == self.unjoinable:
            return error("FIELD_CUSTOM_VALIDATION_EXCEPTION", "This contact may have no deals")
        return {}

    def _wrong_value(self, sobject: str, name: str, value: Any) -> Row:
        known = self.shown(sobject).get(name)
        if (
            known is None
            or name in FIXED.get(sobject, ())
            or not (known["createable"] or known["updateable"])
        ):
            words = (
                f"Unable to create/update fields: {name}. Please check the security settings of this field"
            )
            return error("INVALID_FIELD_FOR_INSERT_UPDATE", words, name)
        kind = known["type"]
        if value is not None and kind in ("double", "currency", "int") and not isinstance(value, int | float):
            return error(
                "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{name}: value not of required type: {value}", name
            )
        if isinstance(value, str) and known["length"] and len(value) > known["length"]:
            return error(
                "STRING_TOO_LONG", f"{name}: data value too large (max length={known['length']})", name
            )
        if value and kind == "email" and not EMAIL.fullmatch(value):
            return error("INVALID_EMAIL_ADDRESS", f"{name}: invalid email address: {value}", name)
        listed = [one["value"] for one in known["picklistValues"]]
        if value and known.get("restricted") and value not in listed:
            words = f"bad value for restricted picklist field: {value}"
            return error("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", words, name)
        return {}

    def _with_key(self, sobject: str, key: Any, row: Row | None) -> Row | None:
        known = self.fields[sobject].get(KEY, {})
        if not key or not known.get("unique"):
            return None
        return next((one for one in self.live(sobject) if one is not row and one.get(KEY) == key), None)

    def _double(self, sobject: str, values: Row, row: Row | None) -> Row | None:
        """A person with the same address, wherever a rule looks."""
        email = str(values.get("Email") or (row or {}).get("Email") or "").lower()
        if sobject not in self.watchers or not email:
            return None
        people = [one for name in PEOPLE for one in self.live(name)]
        return next((one for one in people if one is not row and str(one["Email"]).lower() == email), None)


def error(code: str, message: str, *fields: str) -> Row:
    """An error as results of collections have it."""
    return {"statusCode": code, "message": message, "fields": list(fields)}

"""A field that is made by the API is seen by nobody: a permission set of ours lets the app's user fill it."""

from collections.abc import Sequence

from integrations.connectors.salesforce import soql
from integrations.connectors.salesforce.api import DATA, Talk
from integrations.connectors.salesforce.users import our_user
from integrations.connectors.salesforce.writing import create

PERMISSION_SET, LABEL = "Affiliate_Fields", "Affiliate fields"


def grant(talk: Talk, sobject: str, names: Sequence[str]) -> dict[str, str]:
    """Let whoever has the set see and fill these fields (Contact.Name__c), us first; return those refused, and why."""
    number = _permission_set(talk)
    _assign(talk, number)
    question = soql.select(
        ("Field",), "FieldPermissions", f"ParentId = {soql.text(number)} AND {soql.among('Field', names)}"
    )
    there = {str(row.get("Field")) for row in talk.query(question)}
    told = create(
        talk,
        "FieldPermissions",
        [
            (
                name,
                {
                    "ParentId": number,
                    "SobjectType": sobject,
                    "Field": name,
                    "PermissionsRead": True,
                    "PermissionsEdit": True,
                },
            )
            for name in names
            if name not in there
        ],
    )
    return {**told.refused, **told.locked, **told.again}


def _permission_set(talk: Talk) -> str:
    found = talk.query(soql.select(("Id",), "PermissionSet", f"Name = {soql.text(PERMISSION_SET)}"))
    if found:
        return str(found[0].get("Id") or "")
    made = talk.post(f"{DATA}/sobjects/PermissionSet", {"Name": PERMISSION_SET, "Label": LABEL})
    return str(made.get("id") or "") if isinstance(made, dict) else ""


def _assign(talk: Talk, number: str) -> None:
    user = our_user(talk)
    if not user:
        return
    pair = f"PermissionSetId = {soql.text(number)} AND AssigneeId = {soql.text(user)}"
    if not talk.query(soql.select(("Id",), "PermissionSetAssignment", pair)):
        talk.post(f"{DATA}/sobjects/PermissionSetAssignment", {"PermissionSetId": number, "AssigneeId": user})

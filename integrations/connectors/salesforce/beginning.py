"""What a new record begins with, since Salesforce keeps none without it; afterwards it is the sales people's."""

from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from integrations.connectors.base import Store
from integrations.connectors.salesforce.choices import COMPANY, LEAD, OPPORTUNITY, STAGE
from integrations.connectors.salesforce.drafts import Draft
from integrations.connectors.salesforce.names import EMAIL

LONGEST_NAME = 80
KEPT = frozenset({"lastname", "company", "name", "stagename", "closedate"})  # never cleared


def begin(store: Store, kind: str, sobject: str, draft: Draft) -> dict[str, Any]:
    """Return what must stand in a new record of an object.

    Shops tell us no names of people: the address stands in the place of the name until somebody knows better.
    """
    if kind == "contact":
        person = {"LastName": (draft.email or draft.key)[:LONGEST_NAME]} | (
            {EMAIL: draft.email} if draft.email else {}
        )
        return {**person, "Company": _choice(store, "company", COMPANY)} if sobject == LEAD else person
    if sobject != OPPORTUNITY:
        return {"Name": draft.key[:LONGEST_NAME]}
    today = timezone.now().astimezone(ZoneInfo(store.time_zone)).date()
    stage = _choice(store, "stage", STAGE)
    return {"Name": draft.key, "StageName": stage, "CloseDate": today.isoformat()}


def _choice(store: Store, name: str, default: str) -> str:
    return str(store.options.get(name) or default)

"""Who we are at Salesforce."""

from integrations.connectors.salesforce.api import DATA, Talk
from integrations.connectors.salesforce.auth import USER, user_of


def our_user(talk: Talk) -> str:
    """Return the number of the user as whom we write, as the token's answer or the API told; "" if neither did."""
    if known := str(talk.store.keys.get(USER) or ""):
        return known
    said = talk.get(f"{DATA}/")
    return user_of(str(said.get("identity") or "")) if isinstance(said, dict) else ""

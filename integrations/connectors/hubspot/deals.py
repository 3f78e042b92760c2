"""What is special about deals: where in a pipeline they begin, and whose they are."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from integrations.connectors.base import Store
from integrations.connectors.drafts import Draft
from integrations.connectors.hubspot.api import ASSOCIATIONS, Json, Talk, Wrong, option
from integrations.connectors.hubspot.drafts import Known
from integrations.connectors.hubspot.finding import find
from integrations.connectors.records import Outcome

PIPELINE, STAGE = "default", "closedwon"  # what every account has: the sales pipeline, won
ALONE = (None, "", "0")


def begin(store: Store) -> dict[str, str]:
    """Return pipeline and stage of a new deal; afterwards they are the sales people's."""
    return {
        "pipeline": option(store, "pipeline", PIPELINE),
        "dealstage": option(store, "dealstage", STAGE),
    }


def join(
    talk: Talk, drafts: Sequence[Draft], known: Mapping[str, Known], outcomes: dict[str, Outcome]
) -> None:
    """Join deals that have no contact yet to their customer's; who is not known there yet is joined another time."""
    waiting = [
        draft
        for draft in drafts
        if (draft.contact or draft.email)
        and draft.key in outcomes
        and outcomes[draft.key].remote_id
        and (draft.key not in known or known[draft.key].values.get("num_associated_contacts") in ALONE)
    ]
    people = [Draft(draft.contact or draft.email, {}, email=draft.email) for draft in waiting]
    contacts = find(talk, "contact", people) if people else {}
    pairs = {
        draft.key: _pair(outcomes[draft.key].remote_id, contacts[person.key].id)
        for draft, person in zip(waiting, people, strict=True)
        if person.key in contacts
    }
    for key, sentence in _associate(talk, pairs).items():
        outcomes[key] = Outcome(key, refusal=sentence)


def _pair(deal: str, contact: str) -> Json:
    return {"from": {"id": deal}, "to": {"id": contact}}


def _associate(talk: Talk, pairs: Mapping[str, Json]) -> dict[str, str]:
    """Join pairs, by halves where HubSpot refuses; return key -> sentence for those that cannot be joined."""
    if not pairs:
        return {}
    try:
        talk.post(f"{ASSOCIATIONS}/deals/contacts/batch/associate/default", {"inputs": list(pairs.values())})
    except Wrong as trouble:
        keys = list(pairs)
        if len(keys) == 1:
            sentence = _("The deal was written, but it cannot be joined to its contact. %(said)s")
            return {keys[0]: sentence % {"said": trouble}}
        half = len(keys) // 2
        first = _associate(talk, {key: pairs[key] for key in keys[:half]})
        return first | _associate(talk, {key: pairs[key] for key in keys[half:]})
    return {}

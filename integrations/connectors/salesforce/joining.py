"""Whose a deal is: an opportunity has contact roles, an object of the org's own a field that leads to the contact."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from core.jobs import Temporary
from integrations.connectors.records import Outcome
from integrations.connectors.salesforce import soql
from integrations.connectors.salesforce.api import SHORT_WAIT, Talk
from integrations.connectors.salesforce.choices import CONTACT, OPPORTUNITY, deal_contact, deal_object
from integrations.connectors.salesforce.drafts import Draft, Known
from integrations.connectors.salesforce.finding import find
from integrations.connectors.salesforce.values import same_number
from integrations.connectors.salesforce.writing import Input, Told, create, write

ROLE = "OpportunityContactRole"
Pair = tuple[str, str]  # the deal's number and the contact's


def join(
    talk: Talk, drafts: Sequence[Draft], known: Mapping[str, Known], outcomes: dict[str, Outcome]
) -> None:
    """Join deals that have no contact yet to their customer's; whose is not known there yet is joined another time.

    A lead cannot have an opportunity: it is joined when it has become a contact.
    """
    sobject, column = deal_object(talk.store), deal_contact(talk.store)
    name = "ContactId" if sobject == OPPORTUNITY else column
    if not name:
        return
    waiting = [
        draft
        for draft in drafts
        if (draft.contact or draft.email)
        and outcomes[draft.key].remote_id
        and (draft.key not in known or not known[draft.key].value(name))
    ]
    pairs = _pairs(talk, waiting, outcomes)
    if not pairs:
        return
    if sobject == OPPORTUNITY:
        told = _give_roles(talk, pairs, outcomes)
    else:
        told = write(
            talk, [Input(key, sobject, {column: contact}, id=deal) for key, (deal, contact) in pairs.items()]
        )
    _conclude(told, outcomes)


def _pairs(talk: Talk, waiting: Sequence[Draft], outcomes: Mapping[str, Outcome]) -> dict[str, Pair]:
    people = {draft.key: Draft(draft.contact or draft.email, {}, email=draft.email) for draft in waiting}
    if not people:
        return {}
    found = find(talk, "contact", list({person.key: person for person in people.values()}.values())).found
    return {
        key: (outcomes[key].remote_id, found[person.key].id)
        for key, person in people.items()
        if person.key in found and found[person.key].sobject == CONTACT
    }


def _give_roles(talk: Talk, pairs: Mapping[str, Pair], outcomes: Mapping[str, Outcome]) -> Told:
    """Give each contact the first role in its opportunity, unless an attempt before this one has done so."""
    old = [deal for key, (deal, _contact) in pairs.items() if not outcomes[key].is_new]
    there: list[Pair] = []
    for some in soql.in_turns([(deal, [deal]) for deal in old]):
        question = soql.select(("OpportunityId", "ContactId"), ROLE, soql.among("OpportunityId", some))
        there += [(str(row.get("OpportunityId")), str(row.get("ContactId"))) for row in talk.query(question)]
    missing = [
        (key, {"OpportunityId": deal, "ContactId": contact, "IsPrimary": True})
        for key, (deal, contact) in pairs.items()
        if not any(same_number(one, deal) and same_number(other, contact) for one, other in there)
    ]
    return create(talk, ROLE, missing)


def _conclude(told: Told, outcomes: dict[str, Outcome]) -> None:
    if told.locked or told.again:
        raise Temporary(_("The deals were written; their contacts could not be joined yet."), SHORT_WAIT)
    for key, sentence in told.refused.items():
        words = {"said": sentence}
        outcomes[key] = Outcome(
            key, refusal=_("The deal was written, but it cannot be joined to its contact. %(said)s") % words
        )

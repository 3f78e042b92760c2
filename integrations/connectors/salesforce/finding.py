"""Which records Salesforce has already: asked by our key, by its own number and by the e-mail address, in one query."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from core.jobs import Misconfigured
from integrations.connectors.salesforce import soql
from integrations.connectors.salesforce.api import Talk, Wrong, sentence_of
from integrations.connectors.salesforce.choices import (
    CONTACT,
    LEAD,
    OPPORTUNITY,
    deal_contact,
    deal_object,
    people_objects,
)
from integrations.connectors.salesforce.drafts import Draft, Known, known_of
from integrations.connectors.salesforce.names import EMAIL, KEY, name_in
from integrations.connectors.salesforce.values import same_number

ALWAYS = ("Id", KEY, "SystemModstamp")
BEGINNINGS = {CONTACT: "003", LEAD: "00Q", OPPORTUNITY: "006"}  # of the numbers of an object's records
MORE = {CONTACT: (EMAIL,), LEAD: (EMAIL, "IsConverted", "ConvertedContactId"), OPPORTUNITY: ("ContactId",)}
COLUMN = re.compile(
    r"No such column '([A-Za-z0-9_.]{1,200})' on (?:entity|sobject of type) '?([A-Za-z0-9_]{1,80})"
)
MOST_COLUMNS = 50
OLDEST_FIRST = "ORDER BY CreatedDate, Id"


@dataclass(slots=True)
class Search:
    """What was found, our key -> the record; `missing`: (object, small name of a field) -> why it cannot be read."""

    found: dict[str, Known] = field(default_factory=dict)
    missing: dict[tuple[str, str], str] = field(default_factory=dict)

    def refusal(self, sobject: str, names: Iterable[str]) -> str:
        """Return why a record with these fields cannot be written to an object; "" where it can."""
        for name in names:
            own = name_in(sobject, name)
            if own and (not soql.is_name(own) or "." in own):
                return _no_field(sobject, name[:80])
            if (sobject, own.lower()) in self.missing:
                return self.missing[sobject, own.lower()]
        return ""


def find(talk: Talk, kind: str, drafts: Sequence[Draft], names: Iterable[str] = ()) -> Search:
    """Look for the records of drafts, with these fields and those that the drafts fill; raises a Failure."""
    search = Search()
    wanted = [*dict.fromkeys([*(name for draft in drafts for name in draft.values), *names])]
    objects = people_objects(talk.store) if kind == "contact" else (deal_object(talk.store),)
    for sobject in objects:
        lost = [draft for draft in drafts if draft.key not in search.found]
        _look(talk, sobject, lost, wanted, search)
        if sobject == LEAD:
            _follow(talk, drafts, wanted, search)
    for sobject in objects:
        _follow_merged(talk, sobject, drafts, wanted, search)
    return search


def _look(talk: Talk, sobject: str, drafts: Sequence[Draft], names: Sequence[str], search: Search) -> None:
    """Note which drafts are records of an object: by our key first, then by number, then by address."""
    records = _read(talk, sobject, drafts, names, search)
    for draft in drafts:
        record = next((one for one in records if one.key == draft.key), None)
        record = record or next((one for one in records if same_number(one.id, draft.remote_id)), None)
        if record is None and draft.email and sobject in (LEAD, CONTACT):
            same = [one for one in records if one.email == draft.email]
            record = min(same, key=lambda one: bool(one.value("IsConverted")), default=None)
        if record is not None:
            search.found[draft.key] = record


def _read(
    talk: Talk, sobject: str, drafts: Sequence[Draft], names: Sequence[str], search: Search
) -> list[Known]:
    """Return the records of an object that have a draft's key, number or address, the oldest first."""
    found: list[Known] = []
    for some in soql.in_turns([(draft, draft.marks) for draft in drafts]):
        marks = {
            KEY: [one.key for one in some],
            "Id": [one.remote_id for one in some if _is_of(sobject, one.remote_id)],
        }
        if sobject in (LEAD, CONTACT):
            marks[EMAIL] = sorted({one.email for one in some if one.email})
        conditions = [soql.among(name, dict.fromkeys(values)) for name, values in marks.items() if values]
        found += _ask(talk, sobject, " OR ".join(conditions), names, search)
    return found


def _ask(talk: Talk, sobject: str, where: str, names: Sequence[str], search: Search) -> list[Known]:
    """Run a query; fields that the object does not have are noted and asked for no more."""
    selected = soql.fields(
        *ALWAYS, *MORE.get(sobject, ()), deal_contact(talk.store) if sobject.endswith("__c") else ""
    )
    own = {name.lower() for name in selected}
    wanted = [found for name in names if (found := name_in(sobject, name))]
    selected = soql.fields(*selected, *wanted)
    for _turn in range(MOST_COLUMNS):
        kept = [name for name in selected if (sobject, name.lower()) not in search.missing]
        try:
            rows = talk.query(soql.select(kept, sobject, where, OLDEST_FIRST))
        except Wrong as trouble:
            column = missing_column(trouble)
            if not column or column.lower() in own or column.lower() not in {name.lower() for name in kept}:
                raise Misconfigured(_unreadable(sobject, trouble)) from trouble
            search.missing[sobject, column.lower()] = _no_field(sobject, column)
        else:
            return [known for row in rows if (known := known_of(sobject, row)).id]
    raise Misconfigured(_("The mapping names too many fields that Salesforce does not have."))


def missing_column(trouble: Wrong) -> str:
    """Return the field that there is not, as a refusal names it; "" for any other refusal."""
    if "INVALID_FIELD" not in trouble.codes:
        return ""
    found = COLUMN.search(" ".join(str(error.get("message")) for error in trouble.errors))
    return found[1] if found else ""


def _follow(talk: Talk, drafts: Sequence[Draft], names: Sequence[str], search: Search) -> None:
    """Put the contact in the place of a lead that was converted; if that is gone, it is looked for once more."""
    leads = {
        draft.key: str(search.found[draft.key].value("ConvertedContactId") or "")
        for draft in drafts
        if draft.key in search.found and search.found[draft.key].value("IsConverted") is True
    }
    numbers = sorted({number for number in leads.values() if soql.is_number(number)})
    contacts: list[Known] = []
    for some in soql.in_turns([(number, [number]) for number in numbers]):
        contacts += _ask(talk, CONTACT, soql.among("Id", some), names, search)
    for key, number in leads.items():
        found = next((one for one in contacts if same_number(one.id, number)), None)
        if found is not None:
            search.found[key] = found
        else:
            del search.found[key]


def _follow_merged(
    talk: Talk, sobject: str, drafts: Sequence[Draft], names: Sequence[str], search: Search
) -> None:
    """Find the records that became part of another one: theirs is the number that we know."""
    lost = [draft for draft in drafts if _is_of(sobject, draft.remote_id) and draft.key not in search.found]
    if not lost or sobject not in (LEAD, CONTACT):
        return
    masters: dict[str, str] = {}
    for some in soql.in_turns([(draft.remote_id, [draft.remote_id]) for draft in lost]):
        where = f"IsDeleted = true AND {soql.among('Id', some)}"
        question = soql.select(("Id", "MasterRecordId"), sobject, where)
        for row in talk.query(question, with_deleted=True):
            if soql.is_number(str(row.get("MasterRecordId") or "")):
                masters[str(row.get("Id"))[:15]] = str(row["MasterRecordId"])
    moved = [
        replace(draft, remote_id=masters[draft.remote_id[:15]])
        for draft in lost
        if draft.remote_id[:15] in masters
    ]
    if moved:
        _look(talk, sobject, moved, names, search)


def _is_of(sobject: str, number: str) -> bool:
    """Whether a record's number can be one of an object; who is a contact by now was a lead before."""
    return bool(number) and number.startswith(BEGINNINGS.get(sobject, ""))


def _no_field(sobject: str, column: str) -> str:
    words = {"object": sobject, "name": column}
    return _("Salesforce has no field %(name)s of %(object)s, or does not show it to the app’s user.") % words


def _unreadable(sobject: str, trouble: Wrong) -> str:
    words = {"object": sobject, "name": KEY, "said": sentence_of(trouble.errors)}
    return (
        _(
            "Salesforce cannot look for our records of %(object)s: the field %(name)s is missing, or the app’s user "
            "may not see it. Press “Make or repair fields”, which makes it. Salesforce says: %(said)s"
        )
        % words
    )


def values_of(known: Known, names: Iterable[str]) -> Mapping[str, object]:
    """Return what stands in fields, by the names that a mapping has for them; those that there are not are left out."""
    return {name: known.value(name) for name in names if name_in(known.sobject, name).lower() in known.values}

"""What a person chooses: which records of Salesforce customers and deals are, and how a deal begins."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from integrations.connectors import record_options
from integrations.connectors.base import Key, Store
from integrations.connectors.salesforce import soql
from integrations.connectors.webhook.choices import Unclear

CONTACT, LEAD, OPPORTUNITY = "Contact", "Lead", "Opportunity"
PEOPLE = {"": CONTACT, "contact": CONTACT, "lead": LEAD}
STAGE, COMPANY = (
    "Closed Won",
    "[not provided]",
)  # of every org; the word that Salesforce itself has for no company
OPTIONS: tuple[Key, ...] = (
    *record_options.OPTIONS,
    Key(
        "person",
        gettext_lazy("Customers are"),
        gettext_lazy(
            "“contact” (also if it is empty) or “lead”; a lead that was converted is followed to its contact."
        ),
        is_secret=False,
    ),
    Key(
        "deal_object",
        gettext_lazy("Deals are"),
        gettext_lazy(
            "Opportunities, if it is empty; or the API name of an object of your own, like Shop_Order__c."
        ),
        is_secret=False,
    ),
    Key(
        "deal_contact",
        gettext_lazy("Field for the contact"),
        gettext_lazy("Of an object of your own: the API name of its lookup to contacts, like Customer__c."),
        is_secret=False,
    ),
    Key(
        "stage",
        gettext_lazy("Stage of new opportunities"),
        gettext_lazy("“Closed Won” if it is empty; afterwards it is your sales people’s."),
        is_secret=False,
    ),
    Key(
        "company",
        gettext_lazy("Company of new leads"),
        gettext_lazy("Every lead must have one; “[not provided]” if it is empty."),
        is_secret=False,
    ),
)
LONGEST = {"stage": 255, "company": 255}


def read_options(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the choices as they are kept; raises Unclear with a sentence."""
    told = {key.name: given.get(key.name, "").strip() for key in OPTIONS}
    if told["person"].lower() not in PEOPLE:
        raise Unclear(_("Customers are one of: contact, lead."))
    for name in ("deal_object", "deal_contact"):
        if told[name] and not is_custom(told[name]):
            raise Unclear(
                _("“%(name)s” is no API name of yours: those end in __c.") % {"name": told[name][:60]}
            )
    if told["deal_contact"] and not told["deal_object"]:
        raise Unclear(_("Opportunities need no field for the contact: leave it empty."))
    for name, most in LONGEST.items():
        if len(told[name]) > most or not told[name].isprintable():
            raise Unclear(_("“%(name)s” is too long, or has odd signs.") % {"name": told[name][:60]})
    own = {name: told[name] for name in ("deal_object", "deal_contact", "stage", "company")}
    return {**record_options.read_options(given), "person": told["person"].lower(), **own}


def written(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options as a person enters them."""
    names = ("person", "deal_object", "deal_contact", "stage", "company")
    return {**record_options.written(options), **{name: str(options.get(name) or "") for name in names}}


def is_custom(name: str) -> bool:
    """Say whether this can be the API name of something that an org has made itself."""
    return soql.is_name(name) and "." not in name and name.endswith("__c")


def person_object(store: Store) -> str:
    """Return what new customers become."""
    return PEOPLE.get(str(store.options.get("person") or ""), CONTACT)


def people_objects(store: Store) -> tuple[str, ...]:
    """Return where customers are looked for, in this order."""
    return (LEAD, CONTACT) if person_object(store) == LEAD else (CONTACT,)


def deal_object(store: Store) -> str:
    """Return what deals are."""
    chosen = str(store.options.get("deal_object") or "")
    return chosen if is_custom(chosen) else OPPORTUNITY


def deal_contact(store: Store) -> str:
    """Return the field by which an object of their own leads to the contact; "" for none."""
    chosen = str(store.options.get("deal_contact") or "")
    return chosen if is_custom(chosen) and deal_object(store) != OPPORTUNITY else ""


def object_of(store: Store, kind: str) -> str:
    """Return what new records of a kind become."""
    return person_object(store) if kind == "contact" else deal_object(store)


def has_deals(store: Store) -> bool:
    """Say whether deals go there or come from there."""
    deals = store.options.get("deals") or record_options.NO_DEALS
    return deals != record_options.NO_DEALS or bool(store.options.get("won_deals"))

"""The fields that we make at Salesforce, and the mappings that work at once.

A referred customer fills Salesforce's own lead source with the affiliate's name, unless it is filled already.
"""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.base import Store
from integrations.connectors.own_fields import OwnField, Rows, made, segments
from integrations.connectors.records import RemoteField
from integrations.connectors.salesforce.choices import OPPORTUNITY, deal_object
from integrations.connectors.salesforce.names import AS_CUSTOM, KEY, LINK
from integrations.mapping import FILLED, OURS

CREDIT = (
    OwnField("Affiliate_First_Name__c", _("First affiliate"), "text", "affiliate.first.name"),
    OwnField("Affiliate_First_Code__c", _("First affiliate’s code"), "text", "affiliate.first.code"),
    OwnField("Affiliate_Last_Name__c", _("Last affiliate"), "text", "affiliate.last.name"),
    OwnField("Affiliate_Last_Code__c", _("Last affiliate’s code"), "text", "affiliate.last.code"),
    OwnField("Affiliate_Coupon__c", _("Affiliate’s coupon"), "text", "affiliate.last.coupon"),
    OwnField("Affiliate_Commission__c", _("Affiliates’ commission"), "number", "commission.total"),
)
PURCHASES = (
    OwnField("Affiliate_Orders__c", _("Orders"), "number", "orders.count"),
    OwnField("Affiliate_First_Order_At__c", _("First order"), "time", "orders.first_at"),
    OwnField("Affiliate_Last_Order_At__c", _("Last order"), "time", "orders.last_at"),
    OwnField("Affiliate_Lifetime_Value__c", _("Lifetime value"), "number", "value.lifetime"),
    OwnField("Affiliate_Average_Order__c", _("Average order"), "number", "value.average_order"),
    OwnField("Affiliate_Last_Order_Value__c", _("Last order’s value"), "number", "value.last_order"),
    OwnField("Affiliate_Currency__c", _("Currency of the amounts"), "text", "value.currency"),
    OwnField("Affiliate_Segment__c", _("Segment"), "choice", "pattern.segment"),
    OwnField("Affiliate_Recency_Days__c", _("Days since the last order"), "number", "pattern.recency_days"),
    OwnField(
        "Affiliate_Categories__c",
        _("Favourite categories"),
        "text",
        "pattern.favourite_categories",
        steps=({"do": "join"},),
    ),
)
DEAL = (*CREDIT, OwnField("Affiliate_Currency__c", _("Currency of the amounts"), "text", "deal.currency"))
OWN_OBJECT = (  # what opportunities have of themselves
    OwnField(AS_CUSTOM["amount"], _("Amount"), "number", ""),
    OwnField(AS_CUSTOM["closedate"], _("Date"), "date", ""),
)
OURS_IN = {"contact": (*CREDIT, *PURCHASES), "deal": DEAL}
NUMBERS = frozenset(  # fields whose values are sent as numbers, by small names
    {"amount", "probability"}
    | {
        one.name.lower()
        for fields in (*OURS_IN.values(), OWN_OBJECT)
        for one in fields
        if one.kind == "number"
    }
)
LINKS = (LINK,)


OUT: dict[str, Rows] = {
    "contact": (
        {"target": KEY, "source": "customer.key", "conflict": OURS, "is_key": True},
        {"target": "Email", "source": "customer.email", "conflict": FILLED},
        {"target": "Phone", "source": "customer.phone", "conflict": FILLED},
        {"target": "LeadSource", "source": "affiliate.first.name", "conflict": FILLED},
        *(one.row() for one in OURS_IN["contact"]),
    ),
    "deal": (
        {"target": KEY, "source": "deal.key", "conflict": OURS, "is_key": True},
        {"target": LINK, "source": "customer.key", "conflict": OURS},
        {"target": "Name", "expression": '"Shop: " & cut({deal.name}, 100)', "conflict": FILLED},
        {"target": "Amount", "source": "deal.amount", "conflict": OURS},
        {
            "target": "CloseDate",
            "source": "deal.at",
            "steps": [{"do": "as_date", "with": ["%Y-%m-%d"]}],
            "conflict": OURS,
        },
        {
            "target": "StageName",
            "expression": '"Closed Lost" if {deal.is_lost} else ""',
            "conflict": FILLED,
        },
        {"target": "LeadSource", "source": "affiliate.first.name", "conflict": FILLED},
        *(one.row() for one in OURS_IN["deal"]),
    ),
}
IN: dict[str, Rows] = {
    "contact": (
        {"target": "crm.lead_status", "source": "Status"},
        {"target": "crm.owner", "source": "OwnerId"},
    ),
    "deal": (
        {"target": "deal.name", "source": "Name"},
        {"target": "deal.stage", "source": "StageName"},
        {"target": "deal.is_won", "source": "IsWon"},
        {"target": "deal.amount", "source": "Amount"},
        # a day alone: it ends before the next one, and a deal is never won later than it is told
        {
            "target": "deal.closed_at",
            "expression": '({CloseDate} & "T23:59:59Z") if filled({CloseDate}) else ""',
        },
        {"target": "deal.owner", "source": "OwnerId"},
    ),
}


def wanted_fields(store: Store, kind: str) -> tuple[RemoteField, ...]:
    """Return the fields that the mappings of this kind need and Salesforce does not have of itself."""
    key = RemoteField(KEY, str(_("Affiliate platform’s id")), is_key=True)
    is_own = kind == "deal" and deal_object(store) != OPPORTUNITY
    return made(key, (*OURS_IN[kind], *(OWN_OBJECT if is_own else ())), segments())

"""The properties that we make at HubSpot, and the mappings that work at once.

HubSpot's own sources of a contact (hs_analytics_source, hs_latest_source) cannot be written, and hs_lead_status says
how far the sales people are. So a referred customer fills a property of ours, the lead source, with the affiliate's
name; who has a lead source of their own maps it there.
"""

from django.utils.translation import gettext_lazy as _

from integrations.connectors.hubspot.drafts import CONTACT, KEY
from integrations.connectors.own_fields import OwnField, Rows, made, segments
from integrations.connectors.records import RemoteField
from integrations.mapping import FILLED, OURS

SOURCE = "affiliate_lead_source"
CREDIT = (
    OwnField(SOURCE, _("Lead source (affiliate)"), "text", "affiliate.first.name", conflict=FILLED),
    OwnField("affiliate_first_name", _("First affiliate"), "text", "affiliate.first.name"),
    OwnField("affiliate_first_code", _("First affiliate’s code"), "text", "affiliate.first.code"),
    OwnField("affiliate_last_name", _("Last affiliate"), "text", "affiliate.last.name"),
    OwnField("affiliate_last_code", _("Last affiliate’s code"), "text", "affiliate.last.code"),
    OwnField("affiliate_coupon", _("Affiliate’s coupon"), "text", "affiliate.last.coupon"),
    OwnField(
        "affiliate_referred_customer_id", _("Referred customer’s number"), "text", "referred_customer_id"
    ),
    OwnField("affiliate_touches", _("Clicks and views before orders"), "number", "touches.count"),
    OwnField("affiliate_first_touch", _("First touch"), "text", "touches.first.name"),
    OwnField("affiliate_first_touch_at", _("First touch at"), "time", "touches.first.at"),
    OwnField("affiliate_last_touch", _("Last touch"), "text", "touches.last.name"),
    OwnField("affiliate_last_touch_at", _("Last touch at"), "time", "touches.last.at"),
    OwnField("affiliate_commission_total", _("Affiliates’ commission"), "number", "commission.total"),
)
PURCHASES = (
    OwnField("affiliate_orders_count", _("Orders"), "number", "orders.count"),
    OwnField("affiliate_first_order_at", _("First order"), "time", "orders.first_at"),
    OwnField("affiliate_last_order_at", _("Last order"), "time", "orders.last_at"),
    OwnField("affiliate_lifetime_value", _("Lifetime value"), "number", "value.lifetime"),
    OwnField("affiliate_average_order", _("Average order"), "number", "value.average_order"),
    OwnField("affiliate_last_order_value", _("Last order’s value"), "number", "value.last_order"),
    OwnField("affiliate_currency", _("Currency of the amounts"), "text", "value.currency"),
    OwnField("affiliate_segment", _("Segment"), "choice", "pattern.segment"),
    OwnField("affiliate_segment_since", _("In this segment since"), "time", "pattern.segment_since"),
    OwnField("affiliate_lapses_at", _("Lapses without an order by"), "time", "pattern.lapses_at"),
    OwnField("affiliate_recency_days", _("Days since the last order"), "number", "pattern.recency_days"),
    OwnField(
        "affiliate_categories",
        _("Favourite categories"),
        "text",
        "pattern.favourite_categories",
        steps=({"do": "join"},),
    ),
)
_OF_DEALS = ("affiliate_orders_count", "affiliate_currency")
OURS_IN = {
    "contact": (*CREDIT, *PURCHASES),
    "deal": (*CREDIT, *(one for one in PURCHASES if one.name in _OF_DEALS)),
}
OUT: dict[str, Rows] = {
    "contact": (
        {"target": KEY, "source": "customer.key", "conflict": OURS, "is_key": True},
        {"target": "email", "source": "customer.email", "conflict": FILLED},
        {"target": "phone", "source": "customer.phone", "conflict": FILLED},
        {"target": "country", "source": "customer.country", "conflict": FILLED},
        *(one.row() for one in OURS_IN["contact"]),
    ),
    "deal": (
        {"target": KEY, "source": "customer.key", "conflict": OURS, "is_key": True},
        {"target": CONTACT, "source": "customer.key", "conflict": OURS},
        {"target": "dealname", "expression": '"Shop: " & {deal.name}', "conflict": FILLED},
        {"target": "amount", "source": "deal.amount", "conflict": OURS},
        {"target": "closedate", "source": "deal.at", "conflict": OURS},
        *(one.row() for one in OURS_IN["deal"]),
    ),
}
IN: dict[str, Rows] = {
    "contact": (
        {"target": "crm.lifecycle", "source": "lifecyclestage"},
        {"target": "crm.lead_status", "source": "hs_lead_status"},
        {"target": "crm.owner", "source": "hubspot_owner_id"},
    ),
    "deal": (
        {"target": "deal.stage", "source": "dealstage"},
        {"target": "deal.pipeline", "source": "pipeline"},
        {"target": "deal.name", "source": "dealname"},
        {"target": "deal.is_won", "source": "hs_is_closed_won"},
        {"target": "deal.amount", "source": "amount"},
        {"target": "deal.currency", "source": "deal_currency_code"},
        {"target": "deal.closed_at", "source": "closedate"},
        {"target": "deal.owner", "source": "hubspot_owner_id"},
    ),
}


def wanted_fields(kind: str) -> tuple[RemoteField, ...]:
    """Return the properties that the mappings of this kind need and HubSpot does not have of itself."""
    key = RemoteField(KEY, str(_("Affiliate platform’s id")), is_key=True)
    return made(key, OURS_IN[kind], segments())

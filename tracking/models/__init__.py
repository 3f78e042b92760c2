"""Clicks, customers, orders, conversions, who was credited, and what stores call things."""

from tracking.models.conversions import Conversion, ConversionQuerySet, Decision, Journey, Study
from tracking.models.orders import Customer, Order, Refund
from tracking.models.terms import Bookmark, Term
from tracking.models.touches import Beacon, Click, Identity, Impression

__all__ = [
    "Beacon",
    "Bookmark",
    "Click",
    "Conversion",
    "ConversionQuerySet",
    "Customer",
    "Decision",
    "Identity",
    "Impression",
    "Journey",
    "Order",
    "Refund",
    "Study",
    "Term",
]

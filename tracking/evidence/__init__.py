"""Gathers what is known about an order: clicks, views, coupons, the customer's history; the rules decide."""

from tracking.evidence.buyers import is_new_customer
from tracking.evidence.forgotten import is_forgotten
from tracking.evidence.terms import terms_of
from tracking.evidence.weighing import sub_ids_of, weigh

__all__ = ["is_forgotten", "is_new_customer", "sub_ids_of", "terms_of", "weigh"]

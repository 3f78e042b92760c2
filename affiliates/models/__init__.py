"""Who takes part, on which terms, with what in hand."""

from affiliates.models.affiliate import Affiliate, Enrollment
from affiliates.models.coupon import Coupon, CouponKind, CouponPolicy
from affiliates.models.link import Link
from affiliates.models.merchant import Invitation, Member, Merchant, Role
from affiliates.models.payee import Payee, PayeeMethod
from affiliates.models.program import AttributionTerms, Group, Program

__all__ = [
    "Affiliate",
    "AttributionTerms",
    "Coupon",
    "CouponKind",
    "CouponPolicy",
    "Enrollment",
    "Group",
    "Invitation",
    "Link",
    "Member",
    "Merchant",
    "Payee",
    "PayeeMethod",
    "Program",
    "Role",
]

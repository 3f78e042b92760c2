"""Who takes part, on which terms, with what in hand."""

from affiliates.models.affiliate import Affiliate, Enrollment
from affiliates.models.coupon import Coupon, CouponKind, CouponPolicy
from affiliates.models.link import DirectLink, DirectLinkState, Link
from affiliates.models.merchant import Invitation, Member, Merchant, Role
from affiliates.models.payee import Payee, PayeeMethod
from affiliates.models.program import AttributionTerms, BrowserOrders, Group, IpPolicy, Program

__all__ = [
    "Affiliate",
    "AttributionTerms",
    "BrowserOrders",
    "Coupon",
    "CouponKind",
    "CouponPolicy",
    "DirectLink",
    "DirectLinkState",
    "Enrollment",
    "Group",
    "Invitation",
    "IpPolicy",
    "Link",
    "Member",
    "Merchant",
    "Payee",
    "PayeeMethod",
    "Program",
    "Role",
]

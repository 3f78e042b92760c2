"""The verbs of the ground floor; one file per noun."""

from affiliates.actions.affiliates import change_affiliate, register_affiliate
from affiliates.actions.coupons import create_coupon, mark_offline, retire_coupon
from affiliates.actions.direct_links import (
    approve_direct_link,
    ask_direct_link,
    end_direct_link,
    refuse_direct_link,
)
from affiliates.actions.enrollments import (
    activate,
    apply,
    assign_group,
    ban,
    leave,
    refuse,
    restore,
    set_sponsor,
    suspend,
)
from affiliates.actions.imports import import_affiliate, imported_code
from affiliates.actions.links import (
    DestinationRefused,
    LinkRefused,
    change_link,
    check_destination,
    create_link,
    pause_link,
    resume_link,
)
from affiliates.actions.members import accept_invitation, change_member, create_merchant, invite_member
from affiliates.actions.payees import set_payee
from affiliates.actions.programs import change_program, change_terms, create_group, create_program

__all__ = [
    "DestinationRefused",
    "LinkRefused",
    "accept_invitation",
    "activate",
    "apply",
    "approve_direct_link",
    "ask_direct_link",
    "assign_group",
    "ban",
    "change_affiliate",
    "change_link",
    "change_member",
    "change_program",
    "change_terms",
    "check_destination",
    "create_coupon",
    "create_group",
    "create_link",
    "create_merchant",
    "create_program",
    "end_direct_link",
    "import_affiliate",
    "imported_code",
    "invite_member",
    "leave",
    "mark_offline",
    "pause_link",
    "refuse",
    "refuse_direct_link",
    "register_affiliate",
    "restore",
    "resume_link",
    "retire_coupon",
    "set_payee",
    "set_sponsor",
    "suspend",
]

"""The verbs of the ground floor; one file per noun."""

from affiliates.actions.affiliates import change_affiliate, register_affiliate
from affiliates.actions.enrollments import (
    activate,
    apply,
    assign_group,
    ban,
    leave,
    refuse,
    set_sponsor,
    suspend,
)
from affiliates.actions.links import (
    DestinationRefused,
    check_destination,
    create_coupon,
    create_link,
    pause_link,
    resume_link,
    retire_coupon,
)
from affiliates.actions.members import accept_invitation, change_member, create_merchant, invite_member
from affiliates.actions.payees import set_payee
from affiliates.actions.programs import change_program, change_terms, create_group, create_program

__all__ = [
    "DestinationRefused",
    "accept_invitation",
    "activate",
    "apply",
    "assign_group",
    "ban",
    "change_affiliate",
    "change_member",
    "change_program",
    "change_terms",
    "check_destination",
    "create_coupon",
    "create_group",
    "create_link",
    "create_merchant",
    "create_program",
    "invite_member",
    "leave",
    "pause_link",
    "refuse",
    "register_affiliate",
    "resume_link",
    "retire_coupon",
    "set_payee",
    "set_sponsor",
    "suspend",
]

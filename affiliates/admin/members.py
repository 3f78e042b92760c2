"""Colleagues: their roles, and invitations to new ones."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates import actions
from affiliates.cells import chip, when
from affiliates.models import Invitation, Member
from affiliates.scoped_admin import ScopedAdmin, person


@admin.register(Member)
class MemberAdmin(ScopedAdmin):
    """Who works here, and as what; only owners change it."""

    manage = "manage_members"
    can_add = False
    list_display = ("user", "role", "merchant", "state_chip", "since")
    list_filter = ("role", "is_active")
    list_select_related = ("user", "merchant")
    search_fields = ("user__email", "user__name")
    fields = ("user", "merchant", "role", "is_active", "since")
    readonly_fields = ("user", "merchant", "since")

    @admin.display(description=_("state"), ordering="is_active")
    def state_chip(self, row: Member) -> str:
        """May they come in?"""
        return chip("active", _("active")) if row.is_active else chip("", _("closed"))

    @admin.display(description=_("since"), ordering="created_at")
    def since(self, row: Member) -> str:
        """When they joined."""
        return when(row.created_at)

    def change(self, request: HttpRequest, row: Member, values: dict[str, Any]) -> None:
        """The last active owner stays."""
        actions.change_member(row, actor=person(request), **values)


@admin.register(Invitation)
class InvitationAdmin(ScopedAdmin):
    """Offers of a role; the link in the mail is good for two weeks."""

    manage = "manage_members"
    list_display = ("email", "role", "merchant", "state_chip", "invited_by", "sent")
    list_filter = ("role",)
    list_select_related = ("merchant", "invited_by")
    ordering = ("-created_at",)
    fields = ("merchant", "email", "role")
    empty_words = _("Invite colleagues: who approves payouts should not be the one who opens them.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was sent stays as it was sent."""
        return False

    @admin.display(description=_("state"))
    def state_chip(self, row: Invitation) -> str:
        """Accepted, open or too old."""
        if row.accepted_at:
            return chip("done", _("accepted"))
        return chip("waiting", _("open")) if row.expires_at > timezone.now() else chip("", _("too old"))

    @admin.display(description=_("sent at"), ordering="created_at")
    def sent(self, row: Invitation) -> str:
        """When."""
        return when(row.created_at)

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Invitation:
        """The mail follows."""
        return actions.invite_member(
            values["merchant"], values["email"], values["role"], actor=person(request)
        )

"""Pages of affiliates that may link to the shop without a parameter: asked for, looked at, ended."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from affiliates import actions
from affiliates.cells import chip, when
from affiliates.models import DirectLink
from affiliates.verb_admin import ReasonForm, Verb, VerbAdmin


class OptionalReasonForm(forms.Form):
    """A reason, if there is one to give."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The affiliate reads it beside the page."),
    )


VERBS = (
    Verb(
        name="approve",
        label=_("Approve"),
        ask=_(
            "Open the page first: it must be the affiliate’s own site. From now on every visitor who comes from there"
            " counts for them, whatever else is written on it. They get an e-mail."
        ),
        may="manage_affiliates",
        run=actions.approve_direct_link,
        done=_("Approved"),
        applies=lambda row: row.state in ("asked", "refused"),
    ),
    Verb(
        name="decline",
        label=_("Decline"),
        ask=_("The page does not count. They get an e-mail with your reason."),
        may="manage_affiliates",
        run=actions.refuse_direct_link,
        done=_("Declined"),
        applies=lambda row: row.state == "asked",
        form=ReasonForm,
        is_danger=True,
    ),
    Verb(
        name="end",
        label=_("End"),
        ask=_("Visitors from this page count no more. What counted before stays."),
        may="manage_affiliates",
        run=actions.end_direct_link,
        done=_("Ended"),
        applies=lambda row: row.state == "active",
        form=OptionalReasonForm,
        is_danger=True,
    ),
)


@admin.register(DirectLink)
class DirectLinkAdmin(VerbAdmin):
    """Questions to answer, and the pages that count."""

    manage = "manage_affiliates"
    can_add = False
    verbs = VERBS
    tab_field = "state"
    confirm_display = ("page", "affiliate", "program", "link")
    list_display = ("__str__", "affiliate", "program", "link", "state_chip", "asked")
    list_filter = ("program",)
    list_select_related = ("enrollment__affiliate", "program", "link")
    search_fields = ("host", "path", "enrollment__affiliate__name")
    ordering = ("-created_at",)
    fields = (("page", "state_chip"), ("affiliate", "program"), "link", "reason", ("asked", "decided"))
    readonly_fields = ("page", "state_chip", "affiliate", "program", "link", "reason", "asked", "decided")
    empty_words = _(
        "Affiliates ask in the portal for a page of their own to count without a link; you look at it here."
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It moves by its verbs."""
        return False

    @admin.display(description=_("page"))
    def page(self, row: DirectLink) -> str:
        """A link to look at it, which tells nobody there who looked."""
        address = f"https://{row.host}{row.path}"
        return format_html('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>', address, row)

    @admin.display(description=_("affiliate"))
    def affiliate(self, row: DirectLink) -> str:
        """Whose page it is."""
        return row.enrollment.affiliate.name

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, row: DirectLink) -> str:
        """The state, colored."""
        tones = {"asked": "waiting", "active": "active", "refused": "declined"}
        return chip(tones.get(row.state, ""), row.get_state_display())

    @admin.display(description=_("asked at"), ordering="created_at")
    def asked(self, row: DirectLink) -> str:
        """When they asked."""
        return when(row.created_at)

    @admin.display(description=_("decided at"))
    def decided(self, row: DirectLink) -> str:
        """When they were answered, or it ended."""
        return when(row.decided_at)

    def page_context(self, request: HttpRequest, row: DirectLink) -> dict[str, Any]:
        """The state stands beside the buttons."""
        return {**super().page_context(request, row), "hero_words": self.state_chip(row)}

"""Applications to answer, and what becomes of a membership."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from affiliates import actions
from affiliates.cells import chip, link, when
from affiliates.models import Enrollment
from affiliates.scoped_admin import person
from affiliates.states import MOVES
from affiliates.verb_admin import ReasonForm, Verb, VerbAdmin


def _may_become(*states: str) -> Any:
    return lambda row: row.state in states


VERBS = (
    Verb(
        name="approve",
        label=gettext_lazy("Approve"),
        ask=gettext_lazy("They get their link at once, and an e-mail that says so."),
        may="manage_affiliates",
        run=actions.activate,
        done=gettext_lazy("Approved"),
        applies=_may_become("applied"),
    ),
    Verb(
        name="decline",
        label=gettext_lazy("Decline"),
        ask=gettext_lazy("The application is declined. They get an e-mail with your reason."),
        may="manage_affiliates",
        run=actions.refuse,
        done=gettext_lazy("Declined"),
        applies=_may_become("applied"),
        form=ReasonForm,
        is_danger=True,
    ),
    Verb(
        name="reactivate",
        label=gettext_lazy("Let them promote again"),
        ask=gettext_lazy("Their links work again and new orders are credited from now on."),
        may="manage_affiliates",
        run=actions.activate,
        done=gettext_lazy("Active again"),
        applies=_may_become("suspended", "refused", "left"),
    ),
    Verb(
        name="suspend",
        label=gettext_lazy("Suspend"),
        ask=gettext_lazy("Their links lead to the home page and earn nothing new. What was earned stays."),
        may="manage_affiliates",
        run=actions.suspend,
        done=gettext_lazy("Suspended"),
        applies=_may_become("active"),
        form=ReasonForm,
    ),
    Verb(
        name="ban",
        label=gettext_lazy("Ban"),
        ask=gettext_lazy(
            "They are stopped for good. This cannot be taken back; what was earned stays on the books."
        ),
        may="manage_affiliates",
        run=actions.ban,
        done=gettext_lazy("Banned"),
        applies=_may_become(*(state for state, moves in MOVES.items() if "banned" in moves)),
        form=ReasonForm,
        is_danger=True,
    ),
)


@admin.register(Enrollment)
class EnrollmentAdmin(VerbAdmin):
    """Memberships; applications are the first tab a manager opens in the morning."""

    manage = "manage_affiliates"
    can_add = False
    verbs = VERBS
    tab_field = "state"
    confirm_display = ("affiliate", "program", "application", "state_chip")
    list_display = ("affiliate", "program", "state_chip", "group", "sponsor_name", "code", "applied")
    list_filter = ("program", "group")
    list_select_related = ("affiliate", "program", "group", "sponsor__affiliate")
    search_fields = ("affiliate__name", "affiliate__email", "code")
    ordering = ("-applied_at",)
    fields = (
        ("affiliate_page", "program"),
        ("state_chip", "code"),
        "group",
        "sponsor",
        "application",
        "reason",
        ("applied", "decided"),
    )
    readonly_fields = (
        "affiliate_page",
        "program",
        "state_chip",
        "code",
        "application",
        "reason",
        "applied",
        "decided",
    )
    empty_words = gettext_lazy("Applications arrive from the program page; share its address.")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: Enrollment) -> str:
        """The state, colored."""
        return chip(row.state, row.get_state_display())

    @admin.display(description=gettext_lazy("sponsor"))
    def sponsor_name(self, row: Enrollment) -> str:
        """Who recruited them."""
        return row.sponsor.affiliate.name if row.sponsor else "–"

    @admin.display(description=gettext_lazy("affiliate"))
    def affiliate_page(self, row: Enrollment) -> str:
        """A link to the affiliate."""
        return link(reverse("admin:affiliates_affiliate_change", args=[row.affiliate_id]), row.affiliate)

    @admin.display(description=gettext_lazy("applied at"), ordering="applied_at")
    def applied(self, row: Enrollment) -> str:
        """When they asked."""
        return when(row.applied_at)

    @admin.display(description=gettext_lazy("decided at"))
    def decided(self, row: Enrollment) -> str:
        """When they were answered."""
        return when(row.decided_at)

    def page_context(self, request: HttpRequest, row: Enrollment) -> dict[str, Any]:
        """Who it is about stands beside the buttons."""
        words = chip(row.state, row.get_state_display())
        return {**super().page_context(request, row), "hero_words": words}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Group and sponsor come from the same program."""
        form = super().get_form(request, obj, change, **kwargs)
        fields: dict[str, Any] = form.base_fields
        for name in ("group", "sponsor"):
            if obj is not None and name in fields:
                fields[name].queryset = fields[name].queryset.filter(program=obj.program_id)
        if obj is not None and "sponsor" in fields:
            others = fields["sponsor"].queryset.exclude(pk=obj.pk)
            fields["sponsor"].queryset = others.select_related("affiliate", "program")
        return form

    def change(self, request: HttpRequest, row: Enrollment, values: dict[str, Any]) -> None:
        """Group and sponsor move by their verbs."""
        if "group" in values:
            actions.assign_group(row, values["group"], actor=person(request))
        if "sponsor" in values:
            actions.set_sponsor(row, values["sponsor"], actor=person(request))

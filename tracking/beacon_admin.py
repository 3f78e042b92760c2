"""What the tag, pixel and apps told, for whoever installs them: read-only, with the reason where one was refused."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from affiliates.cells import chip, when
from affiliates.verb_admin import Verb, VerbAdmin
from tracking.actions.beacons import retry_beacon
from tracking.click_admin import NearPaginator
from tracking.models import Beacon
from tracking.states import BeaconKind, BeaconState


def is_refused(row: Beacon) -> bool:
    """Whether it may be taken again."""
    return row.state == BeaconState.REFUSED


@admin.register(Beacon)
class BeaconAdmin(VerbAdmin):
    """Beacons, the newest first, in the order of their ids."""

    verbs = (
        Verb(
            name="retry",
            label=_("Take again"),
            ask=_("It is read once more within seconds, by the settings of the program as they are now."),
            may="manage_integrations",
            run=retry_beacon,
            done=_("It is being taken again"),
            applies=is_refused,
        ),
    )
    tab_field = "state"
    confirm_display = ("__str__", "program", "sentence")
    list_display = ("moment", "kind_word", "program", "about", "page_address", "state_chip", "sentence")
    list_filter = ("program", "kind")
    list_select_related = ("program",)
    ordering = ("-id",)
    paginator = NearPaginator
    fields = (
        ("moment", "kind_word"),
        ("program", "state_chip"),
        "sentence",
        ("page_address", "before"),
        ("click_id", "consent_word"),
        "said",
    )
    readonly_fields = (
        "moment",
        "kind_word",
        "state_chip",
        "sentence",
        "page_address",
        "before",
        "click_id",
        "consent_word",
        "said",
    )
    empty_words = _(
        "Put the tag of a program on the pages of the shop: what it tells shows up here within seconds."
    )

    @admin.display(description=_("time"), ordering="id")
    def moment(self, row: Beacon) -> SafeString | str:
        """When it came."""
        return when(row.at)

    @admin.display(description=_("what"), ordering="kind")
    def kind_word(self, row: Beacon) -> str:
        """Page seen, customer known, conversion."""
        return str(row.get_kind_display())

    @admin.display(description=_("about"))
    def about(self, row: Beacon) -> str:
        """The order's number, or how the customer was named; an address is not shown in a list."""
        if row.kind == BeaconKind.CONVERSION:
            return str(row.data.get("order") or "–")[:60]
        return str(row.data.get("customer") or "–")[:60]

    @admin.display(description=_("page"))
    def page_address(self, row: Beacon) -> str:
        """Where it was told, as text: it is a stranger's word."""
        return row.page or "–"

    @admin.display(description=_("page before"))
    def before(self, row: Beacon) -> str:
        """The referrer, as text."""
        return row.referrer or "–"

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, row: Beacon) -> SafeString | str:
        """Waiting, taken or refused."""
        return chip(row.state, row.get_state_display())

    @admin.display(description=_("why"))
    def sentence(self, row: Beacon) -> str:
        """Why it was refused."""
        return row.reason or "–"

    @admin.display(description=_("click id"))
    def click_id(self, row: Beacon) -> str:
        """As it was given, if it is one of ours."""
        return row.tid or "–"

    @admin.display(description=_("consent"))
    def consent_word(self, row: Beacon) -> str:
        """What the visitor allowed."""
        return str(row.get_consent_display())

    @admin.display(description=_("what it said"))
    def said(self, row: Beacon) -> str:
        """The data, one field a line."""
        return json.dumps(row.data, indent=2, ensure_ascii=False, sort_keys=True)

    def page_context(self, request: HttpRequest, row: Beacon) -> dict[str, Any]:
        """A beacon has no name but what and when."""
        title = f"{row.get_kind_display()}, {date_format(timezone.localtime(row.at), 'j M Y, H:i')}"
        return {**super().page_context(request, row), "row_title": title}

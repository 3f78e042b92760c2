"""Conversions, with the one thing a person may do to a parked one: value it again."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from affiliates.verb_admin import Verb
from commissions import actions
from core.models import User
from tracking.admin import ConversionAdmin
from tracking.models import Conversion
from tracking.states import ConversionState


def _revalue(row: Conversion, *, actor: User) -> Conversion:
    # the verb decides by the program's own settings, so whoever asks for it does not matter to it
    return actions.revalue(row)


@admin.register(Conversion)
class ValuedConversionAdmin(ConversionAdmin):
    """What was sold, who was credited, what it earned."""

    verbs = (
        Verb(
            name="value",
            label=_("Value again"),
            ask=_(
                "Do this after the cause is mended. It is valued now, or stays parked with the reason why."
            ),
            may="manage_programs",
            run=_revalue,
            done=_("Valued again"),
            applies=lambda row: row.state == ConversionState.PARKED,
        ),
    )
    # whoever shares in a sale has a commission of it, and is found by it like its principal
    search_fields = (*ConversionAdmin.search_fields, "commissions__enrollment__affiliate__name")
    confirm_display = ("external_id", "program", "total_money", "parked_reason")

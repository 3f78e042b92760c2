"""The books: every entry, never changed by anybody."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from affiliates.cells import money_cell, when
from affiliates.scoped_admin import ScopedAdmin
from commissions.models import Account, Entry
from core.money import Money


@admin.register(Entry)
class EntryAdmin(ScopedAdmin):
    """One row per posting: what left which account for which."""

    list_display = ("posted", "kind", "money", "from_account", "to_account", "program", "actor")
    list_filter = ("program", "kind", "currency")
    list_select_related = (
        *("program", "actor", "debit__enrollment__affiliate", "credit__enrollment__affiliate"),
        *("debit__program", "credit__program", "debit__enrollment__program", "credit__enrollment__program"),
    )
    search_fields = ("source", "credit__enrollment__affiliate__name", "debit__enrollment__affiliate__name")
    ordering = ("-pk",)
    date_hierarchy = "at"
    fields = (
        "posted",
        "kind",
        "money",
        "from_account",
        "to_account",
        "program",
        "commission",
        "source",
        "actor",
    )
    readonly_fields = ("posted", "money", "from_account", "to_account")
    empty_words = _("The first entry is written with the first commission.")

    @admin.display(description=_("posted at"), ordering="pk")
    def posted(self, row: Entry) -> str:
        """When."""
        return when(row.at)

    @admin.display(description=_("amount"), ordering="amount")
    def money(self, row: Entry) -> str:
        """How much."""
        return money_cell(Money(row.amount, row.currency))

    @admin.display(description=_("from"))
    def from_account(self, row: Entry) -> str:
        """The account it left."""
        return _name(row.debit)

    @admin.display(description=_("to"))
    def to_account(self, row: Entry) -> str:
        """The account it reached."""
        return _name(row.credit)


def _name(account: Account) -> str:
    owner = account.enrollment.affiliate if account.enrollment else account.program
    return f"{owner}: {account.get_kind_display()}"

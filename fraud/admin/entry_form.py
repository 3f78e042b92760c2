"""The form of the allow and block lists: many entries at once, one a line; and what is said of them afterwards."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import get_text_list
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from fraud.actions.lists import Added
from fraud.lists.entries import EntryRefused, lines_of, plain_entry, readable
from fraud.models import ListEntry
from fraud.states import ListKind

MOST = 1000  # entries of one form
SHOWN = 20  # lines that are blamed, and entries that are named


class VerbForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """A form whose verb brings what was entered into its one order, and knows what to do with what stands already."""

    def _get_validation_exclusions(self) -> set[str]:
        """What stands in the form is not yet what will be kept: the table's own constraints are for later."""
        return {*super()._get_validation_exclusions(), *self.fields}  # type: ignore[misc]  # not in the stubs


class EntryForm(VerbForm):
    """Entries of one kind, and on which of the two lists they stand; all are taken, or none and the text stays."""

    entries = forms.CharField(
        label=gettext_lazy("Entries"),
        strip=False,  # lines are counted as they were written
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocapitalize": "none"}),
        help_text=gettext_lazy(
            "One a line, at most 1,000; what follows # is left out. Like 198.51.100.0/24, mail.example,"
            " deals.example/codes* or DE. Of a click only the /24 (IPv4) or /48 (IPv6) is kept, so narrower ranges find"
            " nothing later."
        ),
    )
    is_allowed = forms.TypedChoiceField(
        label=gettext_lazy("List"),
        choices=[
            ("0", gettext_lazy("block: always looked at")),
            ("1", gettext_lazy("allow: always let through")),
        ],
        coerce=lambda text: text == "1",
        initial="0",
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any] | None:
        """The text as a list; every line that is none of its kind is told with its reason."""
        values: dict[str, Any] = super().clean() or {}
        if "entries" not in values or values.get("kind") not in ListKind.values:
            return values
        lines = list(lines_of(values["entries"]))
        if not lines:
            wrong = [_("Write at least one entry.")]
        elif len(lines) > MOST:  # none of so many is read: a million lines would take minutes
            told = {"most": MOST, "n": len(lines)}
            wrong = [_("At most %(most)s entries at once, and these are %(n)s: enter them in parts.") % told]
        else:
            wrong = _refusals(ListKind(values["kind"]), lines)
        if wrong:
            self.add_error("entries", [ValidationError(sentence) for sentence in wrong])
        else:
            values["entries"] = [line for _number, line in lines]
        return values


def outcomes(added: Added, *, is_allowed: bool) -> list[str]:
    """What became of the entries, a sentence for those that are new, that moved over, and that stood there."""
    told = []
    if added.new:
        is_now = (
            ngettext(
                "%(names)s is allowed from now on.", "%(names)s are allowed from now on.", len(added.new)
            )
            if is_allowed
            else ngettext(
                "%(names)s is blocked from now on.", "%(names)s are blocked from now on.", len(added.new)
            )
        )
        told.append(is_now % _names(added.new))
    if added.moved:
        n = len(added.moved)
        moved = (
            ngettext(
                "%(names)s was blocked; it is allowed from now on.",
                "%(names)s were blocked; they are allowed from now on.",
                n,
            )
            if is_allowed
            else ngettext(
                "%(names)s was allowed; it is blocked from now on.",
                "%(names)s were allowed; they are blocked from now on.",
                n,
            )
        )
        told.append(moved % _names(added.moved))
    if added.known:
        words = ngettext(
            "%(names)s stood on this list already: nothing was changed.",
            "%(names)s stood on this list already: nothing was changed.",
            len(added.known),
        )
        told.append(words % _names(added.known))
    return told


def _names(rows: list[ListEntry]) -> dict[str, str]:
    """The entries as a person reads them; of many, how many."""
    if len(rows) > SHOWN:
        return {"names": ngettext("%(n)s entry", "%(n)s entries", len(rows)) % {"n": len(rows)}}
    return {"names": get_text_list([f"“{readable(row.text) or row.text}”" for row in rows], _("and"))}


def _refusals(kind: ListKind, lines: Iterable[tuple[int, str]]) -> list[str]:
    """A sentence for each line that is refused, the first ones; whoever wrote one entry needs no number of a line."""
    lines, found = list(lines), []
    for number, line in lines:
        try:
            plain_entry(kind, line)
        except EntryRefused as refused:
            told = {"n": number, "entry": line[:60], "why": refused}
            found.append(str(refused) if len(lines) == 1 else _("Line %(n)s, “%(entry)s”: %(why)s") % told)
    if len(found) > SHOWN:
        rest = len(found) - SHOWN
        more = ngettext("%(n)s more line is refused.", "%(n)s more lines are refused.", rest) % {"n": rest}
        found = [*found[:SHOWN], more]
    if found and len(lines) > 1:
        found.append(_("Nothing was added: mend these lines or take them out."))
    return found

"""What affiliates fill in about links: the page and a name, and behind "More choices" everything else."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.codes import CodeRefused, chosen_code
from affiliates.destinations import LinkRefused, check_destination
from affiliates.link_choices import DEVICES, MOST_RULES, MOST_WEIGHT, SUB_IDS, read_choice
from affiliates.models import Link, Program
from affiliates.moments import ProgramMoment

MORE_ROWS = 3


class RuleForm(forms.Form):
    """Some visitors are led elsewhere; a row without anything is none."""

    countries = forms.CharField(
        label=gettext_lazy("Visitors from"),
        required=False,
        max_length=900,
        widget=forms.TextInput(attrs={"placeholder": "DE, AT, CH"}),
    )
    devices = forms.MultipleChoiceField(
        label=gettext_lazy("With"),
        required=False,
        choices=list(DEVICES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    destination = forms.URLField(
        label=gettext_lazy("Go to"), required=False, max_length=2000, assume_scheme="https"
    )

    def clean_countries(self) -> list[str]:
        """The codes, however they were parted."""
        return [code.upper() for code in self.cleaned_data["countries"].replace(",", " ").split()]


class PartForm(forms.Form):
    """One of several pages that visitors are shared out to; a row without a page is none."""

    destination = forms.URLField(
        label=gettext_lazy("Page"), required=False, max_length=2000, assume_scheme="https"
    )
    weight = forms.IntegerField(
        label=gettext_lazy("Weight"),
        required=False,
        min_value=1,
        max_value=MOST_WEIGHT,
        widget=forms.NumberInput(attrs={"placeholder": "1"}),
    )

    def clean_weight(self) -> int:
        """One, where nothing was said."""
        return self.cleaned_data["weight"] or 1


class LinkForm(forms.Form):
    """A link to any page that the program allows. `link` is given where one is changed: its code stays."""

    destination = forms.URLField(
        label=gettext_lazy("Page of the shop"), max_length=2000, assume_scheme="https"
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Only you see it, for example “Winter video”."),
    )
    code = forms.CharField(
        label=gettext_lazy("Your own ending"),
        required=False,
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
        help_text=gettext_lazy(
            "How the address ends: 3 to 40 letters, digits and hyphens. It cannot be changed later."
        ),
    )
    sub_ids = forms.CharField(
        label=gettext_lazy("Sub ids"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("Up to five marks of your own, by comma, for example: newsletter, header."),
    )
    expires_at = ProgramMoment(label=gettext_lazy("Ends at"), required=False)

    def __init__(self, data: Any = None, *, program: Program, link: Link | None = None) -> None:
        ids = "edit_%s" if link else "id_%s"  # both forms may stand on one page
        super().__init__(data, initial=_said(link) if link else None, auto_id=ids)
        self.program, self.link = program, link
        self.fields["destination"].widget.attrs["placeholder"] = program.home_url
        self.fields["expires_at"].help_text = _(
            "On the clock of %(zone)s. Then it leads to the home page."
        ) % {"zone": program.time_zone}
        self.fields["expires_at"].zone = program.time_zone  # type: ignore[attr-defined]  # a ProgramMoment
        for name in self._left_out():
            del self.fields[name]
        self.rules = _rows(RuleForm, "rules", data, _rules_said(link), ids)
        self.rotation = _rows(PartForm, "rotation", data, link.rotation if link else [], ids)

    def _left_out(self) -> tuple[str, ...]:
        """A code never changes; the link to the home page leads there for good."""
        if self.link is None:
            return ()
        return ("code", "destination", "expires_at") if self.link.is_default else ("code",)

    def is_valid(self) -> bool:
        """Whether everything would be taken; whatever would not is said at once, where it was written."""
        lists = {"rules": self.rules, "rotation": self.rotation}
        for name, rows in lists.items():
            if rows.is_valid():
                self._check(name, [row.cleaned_data for row in _filled(rows)])
        return super().is_valid() and all(rows.is_valid() for rows in lists.values())

    def _check(self, name: str, entries: list[dict[str, Any]]) -> None:
        try:
            read_choice(self.program, name, entries, timezone.now())
        except LinkRefused as refused:
            self.refuse(refused)

    @property
    def has_more(self) -> bool:
        """Whether something behind "More choices" is filled in or wrong, so that it stands open."""
        named = [name for name in ("code", "sub_ids", "expires_at") if name in self.fields]
        rows = [*self.rules.forms, *self.rotation.forms]
        if not self.is_bound:
            return any(self[name].value() for name in named) or any(row.initial for row in rows)
        return any(self[name].data or self[name].errors for name in named) or any(
            row.has_changed() or row.errors for row in rows
        )

    def clean_destination(self) -> str:
        """Refuse what lies outside the program's hosts, with the reason."""
        try:
            return check_destination(self.program, self.cleaned_data["destination"])
        except LinkRefused as refused:
            raise ValidationError(str(refused)) from refused

    def clean_code(self) -> str:
        """Empty, or a code that may be chosen; whether it is taken shows when the link is made."""
        code = str(self.cleaned_data["code"])
        try:
            return chosen_code(code) if code else ""
        except CodeRefused as refused:
            raise ValidationError(str(refused)) from refused

    def clean_sub_ids(self) -> list[str]:
        """The marks, without empty ones."""
        marks = [mark.strip() for mark in self.cleaned_data["sub_ids"].split(",") if mark.strip()]
        if len(marks) > SUB_IDS:
            raise ValidationError(_("At most five."))
        return marks

    def choices(self) -> dict[str, Any]:
        """What the verbs take."""
        rules = [row.cleaned_data for row in _filled(self.rules)]
        rotation = [row.cleaned_data for row in _filled(self.rotation)]
        return {**self.cleaned_data, "rules": rules, "rotation": rotation}

    def refuse(self, refused: LinkRefused) -> None:
        """Put what a verb refused where it was written."""
        field, *deeper = refused.where or ("",)
        if field in ("rules", "rotation") and deeper:
            row = _filled(self.rules if field == "rules" else self.rotation)[int(deeper[0])]
            row.add_error(str(deeper[1]) if len(deeper) > 1 else "destination", str(refused))
        else:
            self.add_error(str(field) if field in self.fields else None, str(refused))


def _rows(kind: type[forms.Form], prefix: str, data: Any, said: list[dict[str, Any]], ids: str) -> Any:
    """Some rows more than are filled in; where a machine sent none, there are none."""
    most = min(len(said) + MORE_ROWS, MOST_RULES)
    make: Callable[..., Any] = forms.formset_factory(
        kind, extra=most - len(said), max_num=MOST_RULES, validate_max=True, absolute_max=MOST_RULES
    )
    if data is not None and f"{prefix}-TOTAL_FORMS" not in data:
        data = {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return make(data, prefix=prefix, initial=said, auto_id=ids)


def _filled(rows: Any) -> list[forms.Form]:
    return [row for row in rows.forms if _is_filled(row)]


def _is_filled(row: forms.Form) -> bool:
    said = getattr(row, "cleaned_data", {})
    return any(said.get(name) for name in ("countries", "devices", "destination"))


def _said(link: Link) -> dict[str, Any]:
    return {
        "destination": link.destination,
        "name": link.name,
        "sub_ids": ", ".join(link.sub_ids),
        "expires_at": link.expires_at,
    }


def _rules_said(link: Link | None) -> list[dict[str, Any]]:
    rules = link.rules if link else []
    return [{**rule, "countries": ", ".join(rule["countries"])} for rule in rules]


class DirectLinkForm(forms.Form):
    """A page of one's own whose visitors count, and the link that they count to."""

    page = forms.CharField(
        label=gettext_lazy("Address of your page"),
        max_length=700,
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://blog.example"}),
        help_text=gettext_lazy(
            "Everything below it counts too. Most browsers tell the shop only the site, so name"
            " a path only if your pages send their whole address."
        ),
    )
    link = forms.ModelChoiceField(label=gettext_lazy("Counts to"), queryset=Link.objects.none())

    def __init__(self, data: Any = None, *, links: Any) -> None:
        super().__init__(data)
        field: Any = self.fields["link"]
        field.queryset, field.empty_label = links, None
        field.label_from_instance = _named


def _named(link: Link) -> str:
    return _("Start page") if link.is_default else str(link)

"""A link as managers write it: a page, and where some visitors are led elsewhere a line for each."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.admin.link_lines import read_rotation, read_rules, rotation_as_text, rules_as_text
from affiliates.codes import CodeRefused, chosen_code
from affiliates.destinations import LinkRefused
from affiliates.link_choices import READERS, read_choice
from affiliates.models import Enrollment, Program
from affiliates.moments import ProgramMoment


class LinkForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """A link of an affiliate; its code is chosen once."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("How the address ends. Empty: a random one. It never changes."),
    )
    sub_ids = forms.CharField(
        label=gettext_lazy("Sub ids"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("Up to five, by comma."),
    )
    expires_at = ProgramMoment(
        label=gettext_lazy("Ends at"),
        required=False,
        help_text=gettext_lazy(
            "On the program’s clock; from then on it leads to the home page. Empty: never."
        ),
    )
    rules = forms.CharField(
        label=gettext_lazy("Some visitors go elsewhere"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "One line each, the first that fits wins: countries | devices | page, like: DE, AT | mobile | https://…"
            " Devices are desktop, mobile, tablet and tv; empty fits all."
        ),
    )
    rotation = forms.CharField(
        label=gettext_lazy("Shared out to several pages"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One line each: weight | page, like: 3 | https://…"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        program = self.program()
        if "expires_at" in self.fields and program is not None:
            self.fields["expires_at"].zone = program.time_zone  # type: ignore[attr-defined]  # a ProgramMoment
        if self.instance.pk:
            self.initial["sub_ids"] = ", ".join(self.instance.sub_ids)
            self.initial["rules"] = rules_as_text(self.instance.rules)
            self.initial["rotation"] = rotation_as_text(self.instance.rotation)

    def program(self) -> Program | None:
        """Whose hosts and clock are meant: the link's own, or that of the enrollment chosen in the form."""
        if self.instance.pk:
            return self.instance.enrollment.program  # type: ignore[no-any-return]  # a foreign key
        chosen = str(self.data.get("enrollment", ""))
        found: Enrollment | None = (
            Enrollment.objects.select_related("program").filter(pk=chosen).first()
            if chosen.isdecimal()
            else None
        )
        return found.program if found else None

    def clean_code(self) -> str:
        """Empty, or a code that may be chosen."""
        code = self.cleaned_data["code"]
        try:
            return chosen_code(code) if code else ""
        except CodeRefused as refused:
            raise forms.ValidationError(str(refused)) from refused

    def clean_sub_ids(self) -> list[str]:
        """The marks, without empty ones."""
        return [mark.strip() for mark in self.cleaned_data["sub_ids"].split(",") if mark.strip()]

    def clean_rules(self) -> list[dict[str, Any]]:
        """The lines as rules."""
        return read_rules(self.cleaned_data["rules"])

    def clean_rotation(self) -> list[dict[str, Any]]:
        """The lines as pages with weights."""
        return read_rotation(self.cleaned_data["rotation"])

    def clean(self) -> dict[str, Any]:
        """Everything the link's verbs would refuse is refused at its field."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        program = self.program()
        if program is not None:
            for name in READERS.keys() & values.keys():
                self.check_choice(program, name, values)
        return values

    def check_choice(self, program: Program, name: str, values: dict[str, Any]) -> None:
        """Read one choice as the verb will; what stands in the row already is not asked again."""
        if self.instance.pk and values[name] == getattr(self.instance, name):
            return
        try:
            values[name] = read_choice(program, name, values[name], timezone.now())
        except LinkRefused as refused:
            line = [
                _("Line %(number)s:") % {"number": part + 1}
                for part in refused.where
                if isinstance(part, int)
            ]
            self.add_error(name, " ".join([*line, str(refused)]))

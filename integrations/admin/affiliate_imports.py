"""The page on which affiliates of another platform are taken over: a table, a look at each row, then yes."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from affiliates.actions import import_affiliate
from affiliates.models import Enrollment, Program
from affiliates.roles import may
from affiliates.scoped_admin import ScopedAdmin, person
from affiliates.states import IllegalMove
from core.models import User
from integrations.affiliate_files import EXAMPLE, Person, read_people
from integrations.order_files import OrderFileError, read_text

SHOWN = 200
LARGEST = 1_000_000
MANAGE = "manage_affiliates"


class ImportForm(forms.Form):
    """A table of affiliates, and the program that they join."""

    program = forms.ModelChoiceField(Program.objects.none(), label=gettext_lazy("Program"))
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.json"}),
        help_text=gettext_lazy("CSV with the columns name, email and code; at most 5,000 rows."),
    )
    text = forms.CharField(required=False, max_length=LARGEST, widget=forms.HiddenInput, strip=False)

    def __init__(self, actor: User, *args: Any) -> None:
        super().__init__(*args)
        self.actor = actor
        self.people: list[Person] = []
        own = [row.pk for row in Program.objects.visible_to(actor) if may(actor, MANAGE, row.merchant_id)]
        self.fields["program"].queryset = Program.objects.filter(pk__in=own)  # type: ignore[attr-defined]
        self.fields["program"].initial = own[0] if len(own) == 1 else None

    def clean(self) -> dict[str, Any]:
        """Read the table; what is wrong with it as a whole is said at once."""
        values = super().clean() or {}
        program, file = values.get("program"), values.get("file")
        if program is None:
            return values
        try:
            if file is not None and file.size > LARGEST:
                raise OrderFileError(_("The file is larger than 1 MB: split it."))
            values["text"] = read_text(file.read()) if file is not None else values.get("text") or ""
            self.people = read_people(values["text"], program.currency) if values["text"] else []
        except OrderFileError as wrong:
            raise forms.ValidationError(str(wrong)) from None
        if not self.people:
            raise forms.ValidationError(_("Choose a file."))
        return values


def import_view(page: ScopedAdmin, request: HttpRequest) -> HttpResponse:
    """Show the form, then each row with what will become of it, then take them over."""
    actor = person(request)
    if not page.lets(request, MANAGE):
        raise PermissionDenied
    form = ImportForm(actor, request.POST, request.FILES) if request.method == "POST" else ImportForm(actor)
    context = {
        **page.admin_site.each_context(request),
        "title": _("Take over affiliates"),
        "opts": page.opts,
        "form": form,
        "example": EXAMPLE,
    }
    if request.method == "POST" and form.is_valid():
        program = form.cleaned_data["program"]
        if request.POST.get("act") == "take":
            context["done"] = _take(page, request, program, form.people, actor)
        else:
            known = _known(program, form.people)
            rows = [(one, _fate(one, known)) for one in form.people]
            fine = sum(not one.trouble for one in form.people)
            context |= {
                "rows": rows[:SHOWN],
                "count": len(rows),
                "fine": fine,
                "text": form.cleaned_data["text"],
            }
    return TemplateResponse(request, "admin/integrations/orderfile/affiliates.html", context)


def _known(program: Program, people: list[Person]) -> dict[str, str]:
    """The addresses that take part already, with their codes."""
    rows = Enrollment.objects.filter(program=program).values_list("affiliate__email", "code")
    wanted = {one.email for one in people}
    return {email: code for email, code in rows if email in wanted}


def _fate(one: Person, known: dict[str, str]) -> str:
    if one.trouble:
        return one.trouble
    if one.email not in known:
        return _("will take part")
    return _("takes part already") if known[one.email] == one.code else _("takes part with another code")


def _take(
    page: ScopedAdmin, request: HttpRequest, program: Program, people: list[Person], actor: User
) -> list[tuple[Person, str]]:
    """Take them over one by one; return those that could not be, and why."""
    refused = [(one, one.trouble) for one in people if one.trouble]
    taken = 0
    for one in people:
        if one.trouble:
            continue
        try:
            import_affiliate(program, name=one.name, email=one.email, code=one.code, actor=actor)
            taken += 1
        except (IllegalMove, ValueError) as wrong:
            refused.append((one, str(wrong)))
    words = ngettext("%(n)s affiliate takes part.", "%(n)s affiliates take part.", taken) % {"n": taken}
    page.message_user(request, words, messages.SUCCESS if taken else messages.WARNING)
    return sorted(refused, key=lambda pair: pair[0].number)

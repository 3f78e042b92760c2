"""Files of sales: uploaded, looked at row by row, taken in or thrown away."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models.fields.json import KeyTransform
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import chip, when
from affiliates.scoped_admin import person
from affiliates.verb_admin import Verb, VerbAdmin
from integrations import actions
from integrations.actions.file_contents import contents_of
from integrations.admin import affiliate_imports
from integrations.models import OrderFile
from integrations.order_file_outlook import numbers_in_words, outlook_of
from integrations.order_file_refused import refused_csv
from integrations.order_files import TEMPLATE
from integrations.presets import all_presets
from integrations.states import OrderFileState

OWN = "own-columns"  # a preset for places that are watched; an upload needs none for it
SHOWN = 50  # rows of each table on the page; all refused ones are in the file to download
TONES = {
    OrderFileState.UPLOADED: "waiting",
    OrderFileState.TAKING: "sent",
    OrderFileState.TAKEN: "done",
    OrderFileState.DISCARDED: "",
}


class UploadForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """A file, and what its sales have in common."""

    channel = forms.CharField(
        label=gettext_lazy("Channel"),
        max_length=40,
        initial="store",
        help_text=gettext_lazy("How these sales were made: store, phone, fair ... Plans may ask for it."),
    )
    preset = forms.ChoiceField(
        label=gettext_lazy("Columns"),
        required=False,
        choices=lambda: [
            ("", _("Those of the example")),
            *((preset.name, preset.title) for preset in all_presets().values() if preset.name != OWN),
        ],
        help_text=gettext_lazy("Whose export it is, if another platform wrote it."),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.json,text/csv,application/json"}),
        help_text=gettext_lazy(
            "CSV with at most 20,000 rows and 5 MB. Nothing counts before you have looked at it."
        ),
    )

    class Meta:
        model = OrderFile
        fields = ("program", "source", "channel")


class TwinsForm(forms.Form):
    """Whether sales that another source seems to have told already are left out."""

    skips_twins = forms.BooleanField(
        label=gettext_lazy("Leave out what may be counted already"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Sales that another source told with the same number and the same buyer."),
    )


VERBS = (
    Verb(
        name="confirm",
        label=gettext_lazy("Take these sales in"),
        ask=gettext_lazy(
            "The new sales are counted and credited by the program’s rules. What is known already stays as it is."
        ),
        may="manage_integrations",
        run=actions.confirm_file,
        done=gettext_lazy("Being taken in"),
        applies=lambda row: row.state == OrderFileState.UPLOADED,
        form=TwinsForm,
        in_bulk=False,
    ),
    Verb(
        name="discard",
        label=gettext_lazy("Throw away"),
        ask=gettext_lazy("The file is forgotten. Nothing of it was counted."),
        may="manage_integrations",
        run=actions.discard_file,
        done=gettext_lazy("Thrown away"),
        applies=lambda row: row.state == OrderFileState.UPLOADED,
        is_danger=True,
        in_bulk=False,
    ),
)


@admin.register(OrderFile)
class OrderFileAdmin(VerbAdmin):
    """Sales of shops, telephones and fairs."""

    form = UploadForm
    manage = "manage_integrations"
    verbs = VERBS
    tab_field = "state"
    confirm_display = ("name", "program", "source", "channel")
    list_display = ("name", "program", "source", "channel", "state_chip", "became", "uploaded")
    list_filter = ("program",)
    list_select_related = ("program",)
    search_fields = ("name", "source")
    ordering = ("-pk",)
    list_per_page = 25
    empty_words = gettext_lazy(
        "Upload the sales of a shop or of the telephone, and look at them before they count."
    )
    readonly_fields = ("name", "state_chip", "uploaded")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is asked once, and what is shown then."""
        if obj is None:
            return ("program", "source", "channel", "preset", "file")
        return (("name", "program"), ("source", "channel"), ("uploaded", "state_chip"))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Lists do not load the files."""
        rows = super().get_queryset(request).defer("text", "outcome")
        counted: models.QuerySet[Any] = rows.annotate(counts=KeyTransform("counts", "outcome"))
        return counted

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only verbs move a file."""
        return False

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: OrderFile) -> str:
        """Where it stands."""
        return chip(TONES[OrderFileState(row.state)], row.get_state_display())

    @admin.display(description=gettext_lazy("outcome"))
    def became(self, row: OrderFile) -> str:
        """How many of its orders were taken in."""
        counts = row.counts or {}  # type: ignore[attr-defined]  # see get_queryset
        return ", ".join(f"{count} {words}" for words, count in in_words(counts) if count) or "–"

    @admin.display(description=gettext_lazy("uploaded at"), ordering="created_at")
    def uploaded(self, row: OrderFile) -> str:
        """When."""
        return when(row.created_at)

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> OrderFile:
        """Keep the file; what is wrong with it as a whole is said at once."""
        file = values["file"]
        return actions.upload_file(
            values["program"],
            name=file.name,
            source=values["source"],
            channel=values["channel"],
            content=file.read(),
            preset=values["preset"],
            actor=person(request),
        )

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Whoever uploaded a file looks at it next."""
        self.message_user(request, _("Look at it: nothing is counted yet."))
        return HttpResponseRedirect(reverse("admin:integrations_orderfile_change", args=[obj.pk]))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One file at a time: it is looked at next."""
        one = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**one, **(extra_context or {})})

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An empty table to fill in stands beside the button."""
        tools = [(reverse("admin:integrations_orderfile_template"), _("Download an example"))]
        if self.lets(request, affiliate_imports.MANAGE):
            tools.append((reverse("admin:integrations_orderfile_affiliates"), _("Take over affiliates")))
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def page_context(self, request: HttpRequest, row: OrderFile) -> dict[str, Any]:
        """What will become of it, how far it is, or what became of it."""
        context = {**super().page_context(request, row), "hero_words": self.state_chip(row)}
        if row.state == OrderFileState.UPLOADED:
            return context | _before(row)
        if row.state == OrderFileState.DISCARDED:
            return context
        return context | _after(row)

    def get_urls(self) -> list[URLPattern]:
        """The example, the refused rows and the progress have addresses of their own."""
        wrap = self.admin_site.admin_view
        name = "integrations_orderfile"
        return [
            path("affiliates/", wrap(self.affiliates_view), name=f"{name}_affiliates"),
            path("example.csv", wrap(self.template_view), name=f"{name}_template"),
            path("<int:file_id>/refused.csv", wrap(self.refused_view), name=f"{name}_refused"),
            path("<int:file_id>/progress/", wrap(self.progress_view), name=f"{name}_progress"),
            *super().get_urls(),
        ]

    def affiliates_view(self, request: HttpRequest) -> HttpResponse:
        """Affiliates of another platform, whose sales a file tells."""
        return affiliate_imports.import_view(self, request)

    def template_view(self, request: HttpRequest) -> HttpResponseBase:
        """A table with two sales to overwrite."""
        return _csv(HttpResponse(TEMPLATE), "sales.csv")

    def refused_view(self, request: HttpRequest, file_id: int) -> HttpResponseBase:
        """The rows that cannot be, or were not, taken in."""
        row = self._row(request, file_id)
        if not row.text:
            raise Http404
        return _csv(
            StreamingHttpResponse(refused_csv(contents_of(row).table, _refused(row))), f"refused-{row.pk}.csv"
        )

    def progress_view(self, request: HttpRequest, file_id: int) -> HttpResponse:
        """The part of the page that says how far it is; once it is over, the page is asked for anew."""
        row = self._row(request, file_id)
        context = {"original": row, **(_after(row) if row.outcome else {})}
        answer = TemplateResponse(request, "admin/integrations/orderfile/progress.html", context)
        if row.state != OrderFileState.TAKING:
            answer["HX-Refresh"] = "true"
        return answer

    def _row(self, request: HttpRequest, file_id: int) -> OrderFile:
        """A row of the person's own merchants; any other answers like one that does not exist."""
        row = self.get_object(request, str(file_id))
        if row is None:
            raise Http404
        return row  # type: ignore[no-any-return]


def in_words(counts: dict[str, int]) -> list[tuple[str, int]]:
    """What became of the orders, in words, with how many."""
    return [
        (_("taken in"), counts.get("created", 0) + counts.get("revised", 0)),
        (_("known already"), counts.get("same", 0)),
        (_("known otherwise"), counts.get("conflict", 0)),
        (_("refused"), counts.get("refused", 0)),
    ]


def _before(row: OrderFile) -> dict[str, Any]:
    look = outlook_of(row)
    wrong, fresh = look.of_kind("refused", "conflict"), look.of_kind("created")
    new, doubtful = [fate for fate in fresh if not fate.doubt], [fate for fate in fresh if fate.doubt]
    figures = [
        (_("New"), len(new), _("will be taken in")),
        (_("Known already"), look.counts["same"], _("nothing changes")),
        (_("Known otherwise"), look.counts["conflict"], _("nothing changes")),
        (_("Cannot be read"), look.counts["refused"], _("will be left out")),
    ]
    if doubtful:
        figures.append((_("Counted twice?"), len(doubtful), _("left out, unless you say otherwise")))
    return {
        "look": look,
        "figures": figures,
        "new": new[:SHOWN],
        "new_count": len(new),
        "doubtful": [(fate.numbers, fate.doubt) for fate in doubtful[:SHOWN]],
        "doubtful_count": len(doubtful),
        "preset": all_presets().get(row.outcome.get("preset", "")),
        "mapping_page": _mapping_page(row),
        "wrong": [(fate.numbers, fate.reason) for fate in wrong[:SHOWN]],
        "wrong_count": len(wrong),
    }


def _mapping_page(row: OrderFile) -> str:
    """Where it is said what the columns of a file mean that a connection brought."""
    if row.connection_id is None:
        return ""
    return reverse("admin:integrations_connection_mappings", args=[row.connection_id])


def _after(row: OrderFile) -> dict[str, Any]:
    refused = row.outcome["refused"]
    progress = None
    if row.state == OrderFileState.TAKING:
        count = len(contents_of(row).table.groups)
        progress = {"next": row.outcome["next"], "count": count, "share": row.outcome["next"] * 100 // count}
    return {
        "figures": [(words.capitalize(), count, "") for words, count in in_words(row.outcome["counts"])],
        "wrong": [(numbers_in_words(numbers), reason) for numbers, reason in refused[:SHOWN]],
        "wrong_count": len(refused),
        "is_forgotten": not row.text,
        "progress": progress,
    }


def _refused(row: OrderFile) -> list[tuple[list[int], str]]:
    """Rows and reasons: by what is known now, or as it was when they were taken in."""
    if row.state == OrderFileState.UPLOADED:
        wrong = outlook_of(row).of_kind("refused", "conflict")
        return [([each.number for each in fate.rows], fate.reason) for fate in wrong]
    return [(numbers, reason) for numbers, reason in row.outcome["refused"]]


def _csv(answer: HttpResponseBase, name: str) -> HttpResponseBase:
    answer["Content-Type"] = "text/csv; charset=utf-8"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer

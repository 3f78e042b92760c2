"""Model comparisons: a period under every attribution model, who would gain and who would lose."""

from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
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
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import chip, when
from affiliates.models import Program
from affiliates.scoped_admin import ScopedAdmin, merchants_that_let, person, refused_in_words
from tracking import actions
from tracking.attribution.sharing import LEARNED
from tracking.models import Study
from tracking.states import StudyState
from tracking.study_file import study_csv
from tracking.study_form import StudyForm
from tracking.study_page import Comparison

TONES = {StudyState.ASKED: "waiting"}


@admin.register(Study)
class StudyAdmin(ScopedAdmin):
    """What every model would say; nightly ones serve programs that pay by a data-driven model."""

    can_add = False
    tab_field = "state"
    list_display = ("stretch", "program", "state_chip", "orders", "is_enough", "asker", "asked")
    list_filter = ("program", "is_routine")
    list_select_related = ("program", "asked_by")
    list_per_page = 25
    ordering: ClassVar = ("-pk",)
    fields = ("program",)
    empty_words = gettext_lazy("See the orders of a period under every attribution model, side by side.")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Of the answers, which may be large, only the sums."""
        rows = super().get_queryset(request).select_related("program", "asked_by")
        counted, enough = KeyTransform("conversions", "result"), KeyTransform("enough", "result")
        return rows.defer("result").annotate(counted=counted, enough=enough)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An answer never changes."""
        return False

    @admin.display(description=gettext_lazy("period"), ordering="begins_at")
    def stretch(self, row: Study) -> str:
        """Its first and its last day, on the program's clock."""
        return days_of(row).replace(" ", "\N{NO-BREAK SPACE}")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: Study) -> str:
        """Where it stands."""
        return chip(TONES.get(StudyState(row.state), row.state), row.get_state_display())

    @admin.display(description=gettext_lazy("orders"))
    def orders(self, row: Any) -> str:
        """How many had a journey."""
        return "–" if row.counted is None else number_format(int(row.counted), force_grouping=True)

    @admin.display(description=gettext_lazy("enough data"))
    def is_enough(self, row: Any) -> str:
        """Whether such a model may be relied on."""
        return "–" if row.enough is None else _("yes") if row.enough else _("not yet")

    @admin.display(description=gettext_lazy("asked by"), ordering="asked_by__name")
    def asker(self, row: Study) -> str:
        """Who wanted to know."""
        return _("nightly") if row.is_routine else str(row.asked_by or "–")

    @admin.display(description=gettext_lazy("asked at"), ordering="created_at")
    def asked(self, row: Study) -> str:
        """When."""
        return when(row.created_at)

    def get_urls(self) -> list[URLPattern]:
        """Asking, the progress and the file have addresses of their own."""
        wrap = self.admin_site.admin_view
        return [
            path("start/", wrap(self.start_view), name="tracking_study_start"),
            path("<int:study_id>/progress/", wrap(self.progress_view), name="tracking_study_progress"),
            path("<int:study_id>/file.csv", wrap(self.file_view), name="tracking_study_file"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A button leads to the question."""
        tools = []
        if self.lets(request, "manage_programs"):
            tools.append((reverse("admin:tracking_study_start"), _("Compare models")))
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def page_context(self, request: HttpRequest, row: Study) -> dict[str, Any]:
        """The answer, or how far it is."""
        lets = self.lets(request, "manage_programs", row)
        context = {
            **super().page_context(request, row),
            "row_title": _("%(program)s, %(days)s") % {"program": row.program, "days": days_of(row)},
            "hero_chip": self.state_chip(row),
            "days": days_of(row),
            "is_open": row.state == StudyState.ASKED,
            "start_at": f"{reverse('admin:tracking_study_start')}?program={row.program_id}" if lets else "",
        }
        if row.state == StudyState.DONE:
            given = {name: request.GET.get(name, "") for name in ("m", "v", "o", "p")}
            found = Comparison(row, given["m"], given["v"])
            context |= {"found": found, "table": found.table(given["o"], given["p"]), "order": given["o"]}
            context["switch_at"] = switch_at(found) if lets else ""
        return context

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A comparison is made by asking."""
        return self.start_view(request)

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Ask: which program, and which period."""
        merchants = merchants_that_let(request, "manage_programs")
        if not merchants:
            raise PermissionDenied
        programs = Program.objects.filter(merchant__in=merchants).order_by("name", "pk")
        initial = {name: request.GET[name] for name in ("program", "period") if name in request.GET}
        form = StudyForm(programs, request.POST or None, initial=initial)
        if form.is_bound and form.is_valid():
            try:
                row = actions.ask_study(form.cleaned_data["program"], *form.between, actor=person(request))
                return HttpResponseRedirect(reverse("admin:tracking_study_change", args=[row.pk]))
            except (ValueError, PermissionError) as refusal:
                form.add_error(None, refused_in_words(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Compare attribution models"),
            "opts": self.opts,
            "has_programs": programs.exists(),
            "form": form,
            "back": reverse("admin:tracking_study_changelist"),
        }
        return TemplateResponse(request, "admin/tracking/study/start.html", context)

    def progress_view(self, request: HttpRequest, study_id: int) -> HttpResponse:
        """The part of the page that waits; once it is over, the page is asked for anew."""
        row = self._row(request, study_id)
        is_open = row.state == StudyState.ASKED
        answer = TemplateResponse(
            request, "admin/tracking/study/progress.html", {"original": row, "is_open": is_open}
        )
        if not is_open:
            answer["HX-Refresh"] = "true"
        return answer

    def file_view(self, request: HttpRequest, study_id: int) -> HttpResponseBase:
        """Everybody under every model as CSV."""
        row = self._row(request, study_id)
        if row.state != StudyState.DONE:
            raise Http404
        answer = StreamingHttpResponse(study_csv(Comparison(row)), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="comparison-{row.pk}.csv"'
        return answer

    def _row(self, request: HttpRequest, study_id: int) -> Study:
        """A row of the person's own merchants; any other answers like one that does not exist."""
        row = self.get_object(request, str(study_id))
        if row is None:
            raise Http404
        return row  # type: ignore[no-any-return]


def switch_at(found: Comparison) -> str:
    """Where new attribution terms with the model looked at are made; nowhere while it has too little to go by."""
    is_scarce = found.chosen in LEARNED and not found.result["enough"]
    if is_scarce or not found.result["conversions"]:
        return ""
    query = urlencode({"program": found.study.program_id, "model": found.chosen})
    return f"{reverse('admin:affiliates_attributionterms_add')}?{query}"


def days_of(row: Study) -> str:
    """The first and the last day of a period, on the program's clock."""
    program = row.program
    first = program.local(row.begins_at).date()
    last = program.local(row.ends_at - timedelta.resolution).date()
    return f"{date_format(first, 'j M Y')} – {date_format(last, 'j M Y')}"

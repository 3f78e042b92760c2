"""The ground of the managers' pages: rows of the member's own merchants only, rights from the table of roles."""

import logging
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import Field, ModelChoiceField, ModelMultipleChoiceField, URLInput
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from affiliates.models import Member
from affiliates.roles import MAY
from core import events
from core.models import User

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


def memberships(request: HttpRequest) -> dict[int, str]:
    """Merchant id -> the person's role there; asked of the database once a request."""
    known: dict[int, str] | None = getattr(request, "_memberships", None)
    if known is None:
        known = {}
        if request.user.is_authenticated and request.user.is_active:
            rows = Member.objects.filter(user=request.user, is_active=True)
            known = dict(rows.values_list("merchant_id", "role"))
        request._memberships = known  # type: ignore[attr-defined]
    return known


def person(request: HttpRequest) -> User:
    """Who asks; the site lets in nobody who is not logged in."""
    return cast(User, request.user)


def merchants_that_let(request: HttpRequest, verb: str) -> list[int]:
    """The ids of the merchants where the person's role allows the verb (a key of MAY)."""
    return [merchant for merchant, role in memberships(request).items() if role in MAY[verb]]


def tenant_path(model: type[models.Model]) -> str:
    """The lookup from a model to its merchant, "" for a model that has none."""
    return str(getattr(model, "TENANT", ""))


def tenant_of(row: models.Model, path: str = "") -> int:
    """The id of the merchant that a row belongs to."""
    *steps, last = (path or tenant_path(type(row))).split("__")
    for step in steps:
        row = getattr(row, step)
    is_plain = last in ("pk", "id") or last.endswith("_id")
    return int(getattr(row, last if is_plain else f"{last}_id"))


def refused_in_words(refusal: Exception) -> str:
    """What a verb said when it refused."""
    return " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)


class ScopedRelatedFilter(admin.RelatedFieldListFilter):
    """A filter that offers only related rows of the person's own merchants."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        """The rows to choose from."""
        limits = {f"{tenant_path(field.remote_field.model)}__in": list(memberships(request))}
        ordering = self.field_admin_ordering(field, request, model_admin)
        choices: list[Any] = field.get_choices(
            include_blank=False, ordering=ordering, limit_choices_to=limits
        )
        return choices


class ScopedAdmin(ModelAdmin):
    """Lists and forms over rows of the member's merchants; nothing is ever deleted here.

    `manage` is the verb of roles.MAY that lets a person add and change ("" makes the pages read-only), `read` the
    one that lets it look; `fixed` fields are chosen once, `event` is recorded at every save.
    """

    manage: ClassVar[str] = ""
    read: ClassVar[str] = "read"
    tenant: ClassVar[str] = ""
    fixed: ClassVar[tuple[str, ...]] = ()
    event: ClassVar[str] = ""
    can_add: ClassVar[bool] = True
    empty_words: ClassVar[Any] = ""
    formfield_overrides: ClassVar = {
        models.URLField: {"widget": URLInput(attrs={"class": "vTextField"}), "assume_scheme": "https"}
    }
    list_per_page = 50
    show_full_result_count = False
    actions_selection_counter = True
    view_on_site = False

    def scope(self) -> str:
        """The lookup from a row to its merchant."""
        return self.tenant or tenant_path(self.model)

    def lets(self, request: HttpRequest, verb: str, row: models.Model | None = None) -> bool:
        """Say whether the person may do the verb: to this row, or (without one) anywhere."""
        merchants = merchants_that_let(request, verb)
        return bool(merchants) if row is None else tenant_of(row, self.scope()) in merchants

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Members see the sections of the site."""
        return self.lets(request, self.read)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """The role must allow reading."""
        return self.lets(request, self.read, obj)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """The role must allow managing, somewhere."""
        return bool(self.manage) and self.can_add and self.lets(request, self.manage)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """The role must allow managing in the row's merchant."""
        return bool(self.manage) and self.lets(request, self.manage, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nothing is deleted."""
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Rows of the merchants where the person may read."""
        rows = super().get_queryset(request)
        return rows.filter(**{f"{self.scope()}__in": merchants_that_let(request, self.read)})

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Filters by related rows are scoped."""
        return [self.scoped_filter(item) for item in super().get_list_filter(request)]

    def scoped_filter(self, item: Any) -> Any:
        """A filter as Django wants it; one over a relation offers only the person's own rows."""
        if not isinstance(item, str):
            return item
        field = get_fields_from_path(self.model, item)[-1]
        return (item, ScopedRelatedFilter) if field.is_relation else item

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """Fixed fields are read-only once the row stands."""
        return (*super().get_readonly_fields(request, obj), *(self.fixed if obj else ()))

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest | None, **kwargs: Any
    ) -> Field | None:
        """Related rows are chosen, not added in passing; only those of the person's merchants are offered."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[arg-type]  # stubs: never None
        for name in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if field is not None and hasattr(field.widget, name):
                setattr(field.widget, name, False)
        if request is not None and isinstance(field, ModelChoiceField | ModelMultipleChoiceField):
            self.limit(field, request)
        return field

    def limit(self, field: Any, request: HttpRequest) -> None:
        """Offer only rows of merchants where the person may manage; choose the only one at once."""
        path = tenant_path(field.queryset.model)
        if not path:
            return
        allowed = {f"{path}__in": merchants_that_let(request, self.manage or self.read)}
        field.queryset = field.queryset.filter(**allowed)
        if isinstance(field, ModelMultipleChoiceField):
            return
        only = list(field.queryset[:2])
        if field.required and len(only) == 1:
            field.initial = only[0].pk

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Hand what the form says to the verb that does it."""
        if change:
            self.change(request, obj, {name: form.cleaned_data[name] for name in form.changed_data})
            return
        made = self.create(request, obj, form.cleaned_data)
        obj.pk, obj._state.adding = made.pk, False
        obj.refresh_from_db()

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Any:
        """Make the row; a plain settings row is saved and the event recorded."""
        row.save()
        self.record(request, row, {"added": True})
        return row

    def change(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> None:
        """Change the row; a plain settings row is saved and the event recorded."""
        row.save()
        self.record(request, row, {"fields": sorted(values)})

    def record(self, request: HttpRequest, row: Any, data: dict[str, Any]) -> None:
        """Write into the audit trail who changed the row."""
        events.record(self.event, row, tenant=tenant_of(row, self.scope()), actor=person(request), data=data)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What a verb refuses is said in its own words."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (ValueError, PermissionError, ValidationError) as refusal:
            if request.method != "POST":
                raise
            self.message_user(request, refused_in_words(refusal), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def absent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The answer for a row that does not exist, and for one of another merchant."""
        answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        return answer

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page about one row shows besides its fields; subclasses add to it."""
        return {"row_title": str(row)}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Give the page about one row its context."""
        answer = super().change_view(request, object_id, form_url, extra_context)
        context = answer.context_data if isinstance(answer, TemplateResponse) else None
        if context is not None and context.get("original") is not None:
            context |= self.page_context(request, context["original"])
        return answer

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say what will stand here while nothing does; a question that makes no sense leads to the whole list."""
        context = {"empty_words": self.empty_words, **(extra_context or {})}
        try:
            if any("\0" in value for value in request.GET.values()):
                raise ValueError(_("There is no such list."))
            return super().changelist_view(request, context)
        except (ValueError, OverflowError) as senseless:
            if request.method == "GET" and not request.GET:
                raise
            log.warning("a list was asked for what it cannot show: %s", senseless)
            self.message_user(request, _("There is no such list."), messages.WARNING)
            return HttpResponseRedirect(request.path)

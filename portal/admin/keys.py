"""API keys: made and rotated with the secret shown once, revoked for good."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import chip, when
from affiliates.models import Program
from affiliates.scoped_admin import merchants_that_let, person
from affiliates.verb_admin import Verb, VerbAdmin
from portal import keys
from portal.models import ApiKey


def scope_choices() -> list[tuple[str, str]]:
    """Each scope by its name in the API, and what it allows."""
    return [(name, f"{name}: {words}") for name, words in keys.SCOPES.items()]


class KeyForm(forms.Form):
    """What a machine may do, in which program."""

    program = forms.ModelChoiceField(label=gettext_lazy("Program"), queryset=Program.objects.none())
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("Who uses it, like “shop back end”."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"), choices=scope_choices, widget=forms.CheckboxSelectMultiple
    )
    expires_at = forms.DateTimeField(
        label=gettext_lazy("Valid until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("Empty: until it is revoked."),
    )


def _is_live(row: ApiKey) -> bool:
    return keys.is_live(row, timezone.now())


@admin.register(ApiKey)
class ApiKeyAdmin(VerbAdmin):
    """The keys of machines."""

    verbs = (
        Verb(
            name="rotate",
            label=gettext_lazy("Rotate"),
            ask=gettext_lazy("A new key with the same rights is made; this one works for one more day."),
            may="manage_integrations",
            run=keys.rotate,
            done=gettext_lazy("Rotated"),
            applies=_is_live,
            in_bulk=False,
        ),
        Verb(
            name="revoke",
            label=gettext_lazy("Revoke"),
            ask=gettext_lazy(
                "Whoever uses it is refused from the next request on. This cannot be taken back."
            ),
            may="manage_integrations",
            run=keys.revoke,
            done=gettext_lazy("Revoked"),
            applies=lambda row: row.revoked_at is None,
            is_danger=True,
        ),
    )
    confirm_display = ("name", "prefix", "program", "used")
    list_display = ("name", "prefix", "program", "state_chip", "used", "valid")
    list_filter = ("program",)
    list_select_related = ("program", "created_by")
    search_fields = ("name", "prefix")
    ordering = ("-created_at",)
    fields = (("name", "prefix"), "program", "scope_list", ("used", "valid"), ("created_by", "made"))
    readonly_fields = ("scope_list", "used", "valid", "made")
    empty_words = gettext_lazy("A key lets your own software send orders and read what became of them.")

    @admin.display(description=gettext_lazy("state"))
    def state_chip(self, row: ApiKey) -> str:
        """Does it work?"""
        if row.revoked_at:
            return chip("revoked", _("revoked"))
        return chip("active", _("works")) if _is_live(row) else chip("", _("expired"))

    @admin.display(description=gettext_lazy("last used"), ordering="last_used_at")
    def used(self, row: ApiKey) -> str:
        """When."""
        return when(row.last_used_at)

    @admin.display(description=gettext_lazy("valid until"), ordering="expires_at")
    def valid(self, row: ApiKey) -> str:
        """Until when."""
        return when(row.expires_at)

    @admin.display(description=gettext_lazy("made at"))
    def made(self, row: ApiKey) -> str:
        """When."""
        return when(row.created_at)

    @admin.display(description=gettext_lazy("may"))
    def scope_list(self, row: ApiKey) -> str:
        """What it may do."""
        return ", ".join(row.scopes)

    def page_context(self, request: HttpRequest, row: ApiKey) -> dict[str, Any]:
        """The state stands beside the buttons."""
        return {**super().page_context(request, row), "hero_words": self.state_chip(row)}

    def get_urls(self) -> list[URLPattern]:
        """Making a key has an address of its own, because its secret is shown once."""
        view = self.admin_site.admin_view(self.make_view)
        return [path("make/", view, name="portal_apikey_make"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A button makes a key."""
        may_make = self.lets(request, "manage_integrations")
        tools = [(reverse("admin:portal_apikey_make"), _("Make a key"))] if may_make else []
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def make_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for program, name and scopes; answer with the secret, once."""
        merchants = merchants_that_let(request, "manage_integrations")
        if not merchants:
            raise PermissionDenied
        form = KeyForm(request.POST or None)
        form.fields["program"].queryset = Program.objects.filter(merchant__in=merchants)  # type: ignore[attr-defined]
        if form.is_valid():
            values = form.cleaned_data
            key, text = keys.create_key(
                values["program"],
                values["name"],
                values["scopes"],
                actor=person(request),
                expires_at=values["expires_at"],
            )
            return self.shown_once(request, key, text)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Make a key"),
            "form": form,
            "button": _("Make the key"),
            "back": reverse("admin:portal_apikey_changelist"),
            "back_title": self.opts.verbose_name_plural,
            "lead_words": _(
                "The secret is shown once, on the next page. Keep it where only your software reads it."
            ),
        }
        return TemplateResponse(request, "admin/form_page.html", context)

    def verb_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Rotating answers with the new secret instead of going back."""
        row = self.get_object(request, object_id)
        is_rotation = verb == "rotate" and request.method == "POST"
        if row is None or not is_rotation or not self.lets(request, "manage_integrations", row):
            return super().verb_view(request, object_id, verb)
        try:
            key, text = keys.rotate(row, actor=person(request))
        except keys.KeyRefused:
            return super().verb_view(request, object_id, verb)
        return self.shown_once(request, key, text)

    def shown_once(self, request: HttpRequest, key: ApiKey, text: str) -> HttpResponse:
        """The secret, on a page that nobody keeps."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Copy the key now"),
            "opts": self.opts,
            "key": key,
            "text": text,
        }
        answer = TemplateResponse(request, "admin/portal/apikey/secret.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

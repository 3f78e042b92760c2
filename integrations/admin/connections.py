"""Connections: made, tested, repaired, paused."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import chip, when
from affiliates.scoped_admin import person
from affiliates.verb_admin import Verb, VerbAdmin
from integrations import actions
from integrations.models import Connection
from integrations.states import ConnectionState


class ConnectForm(forms.ModelForm):  # type: ignore[type-arg]  # stubs are generic, Django's class is not
    """A new store; without keys it works by the webhook alone."""

    consumer_key = forms.CharField(label=gettext_lazy("Consumer key"), required=False, max_length=200)
    consumer_secret = forms.CharField(
        label=gettext_lazy("Consumer secret"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text=gettext_lazy(
            "WooCommerce, Settings, Advanced, REST API. With both keys the webhook is made for you."
        ),
    )

    class Meta:
        model = Connection
        fields = ("program", "name", "source", "base_url")


class KeysForm(forms.Form):
    """The store's address and keys, anew."""

    base_url = forms.URLField(label=gettext_lazy("Address"), assume_scheme="https")
    consumer_key = forms.CharField(label=gettext_lazy("Consumer key"), max_length=200)
    consumer_secret = forms.CharField(
        label=gettext_lazy("Consumer secret"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


VERBS = (
    Verb(
        name="test",
        label=gettext_lazy("Test"),
        ask=gettext_lazy("We call the store with your keys and say how things stand."),
        may="manage_integrations",
        run=lambda row, *, actor: actions.test_connection(row, actor=actor),
        done=gettext_lazy("Tested"),
        in_bulk=False,
    ),
    Verb(
        name="webhooks",
        label=gettext_lazy("Make or repair webhooks"),
        ask=gettext_lazy("We make the webhooks in your store, or repair them, with your keys."),
        may="manage_integrations",
        run=lambda row, *, actor: actions.register_webhooks(row, actor=actor),
        done=gettext_lazy("Webhooks looked after"),
        in_bulk=False,
    ),
    Verb(
        name="keys",
        label=gettext_lazy("Change keys"),
        ask=gettext_lazy("The new address and keys replace the old ones at once."),
        may="manage_integrations",
        run=actions.change_keys,
        done=gettext_lazy("Keys changed"),
        form=KeysForm,
        in_bulk=False,
    ),
    Verb(
        name="pause",
        label=gettext_lazy("Pause"),
        ask=gettext_lazy("What comes is still stored, but no orders are taken from it until you resume."),
        may="manage_integrations",
        run=actions.pause,
        done=gettext_lazy("Paused"),
        applies=lambda row: row.state == ConnectionState.ACTIVE,
        is_danger=True,
    ),
    Verb(
        name="resume",
        label=gettext_lazy("Resume"),
        ask=gettext_lazy("Orders are taken again, first those that came meanwhile."),
        may="manage_integrations",
        run=actions.resume,
        done=gettext_lazy("Resumed"),
        applies=lambda row: row.state == ConnectionState.PAUSED,
    ),
)


@admin.register(Connection)
class ConnectionAdmin(VerbAdmin):
    """Stores and systems."""

    form = ConnectForm
    manage = "manage_integrations"
    verbs = VERBS
    tab_field = "state"
    confirm_display = ("name", "program", "base_url")
    list_display = ("name", "program", "kind", "base_url", "state_chip", "heard", "last_error")
    list_filter = ("program",)
    list_select_related = ("program",)
    search_fields = ("name", "source", "base_url")
    empty_words = gettext_lazy("Connect your store, and orders arrive by themselves.")
    shown = ("program", "name", "source", "base_url", "state_chip", "heard", "last_error", "kind")
    readonly_fields = ("state_chip", "heard", "last_error", "kind")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keys are asked for once and never shown."""
        return (
            self.shown
            if obj
            else ("program", "name", "source", "base_url", "consumer_key", "consumer_secret")
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only verbs change a connection."""
        return False

    @admin.display(description=gettext_lazy("kind"))
    def kind(self, row: Connection) -> str:
        """Which system it is."""
        return row.connector.title()

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: Connection) -> str:
        """Whether orders are taken, and whether something is wrong."""
        return (
            chip("failed", _("needs a look")) if row.last_error else chip(row.state, row.get_state_display())
        )

    @admin.display(description=gettext_lazy("last heard"), ordering="last_received_at")
    def heard(self, row: Connection) -> str:
        """When it last sent something."""
        return when(row.last_received_at)

    def page_context(self, request: HttpRequest, row: Connection) -> dict[str, Any]:
        """Where the store must send its news, and what came last."""
        manages = self.lets(request, "manage_integrations", row)
        return {
            **super().page_context(request, row),
            "hero_words": self.state_chip(row),
            "delivery_url": actions.delivery_url(row),
            "secret_page": reverse("admin:integrations_connection_secret", args=[row.pk]) if manages else "",
            "inbounds": row.inbounds.defer("body", "headers").order_by("-received_at", "-pk")[:10],
        }

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Connection:
        """Connect, then let the webhooks be made where there are keys."""
        connection = actions.connect_woocommerce(
            values["program"],
            name=values["name"],
            source=values["source"],
            base_url=values["base_url"],
            consumer_key=values["consumer_key"],
            consumer_secret=values["consumer_secret"],
            actor=person(request),
        )
        return connection

    def perform(self, request: HttpRequest, verb: Verb, rows: Any, values: dict[str, Any]) -> None:
        """A test and the webhooks answer in sentences, which are shown."""
        if verb.name not in ("test", "webhooks"):
            super().perform(request, verb, rows, values)
            return
        answer = verb.run(rows[0], actor=person(request))
        sentences = [answer] if isinstance(answer, str) else answer
        for sentence in sentences or [_("The webhooks stand; nothing is left to do.")]:
            self.message_user(request, sentence)

    def get_urls(self) -> list[URLPattern]:
        """The webhook's secret has a page of its own."""
        view = self.admin_site.admin_view(self.secret_view)
        return [
            path("<int:connection_id>/secret/", view, name="integrations_connection_secret"),
            *super().get_urls(),
        ]

    def secret_view(self, request: HttpRequest, connection_id: int) -> HttpResponse:
        """What to copy into the store by hand; POST makes a new secret."""
        row = self.get_object(request, str(connection_id))
        if row is None:
            return self.absent(request, str(connection_id))
        if not self.lets(request, "manage_integrations", row):
            raise PermissionDenied
        if request.method == "POST":
            row = actions.rotate_secret(row, actor=person(request))
            self.message_user(
                request, _("A new secret stands; the former one is good until the next change.")
            )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Webhook of “%(name)s”") % {"name": row},
            "opts": self.opts,
            "connection": row,
            "delivery_url": actions.delivery_url(row),
            "secret": (row.secrets or {}).get("webhook_secret", ""),
        }
        return TemplateResponse(request, "admin/integrations/connection/secret.html", context)

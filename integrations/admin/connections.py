"""Connections: made, tested, repaired, paused."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.cells import NONE, when
from affiliates.scoped_admin import person
from affiliates.verb_admin import Verb
from integrations import actions
from integrations.admin import incoming, outgoing, pacing
from integrations.admin.access import AccessPages, access_context
from integrations.admin.audits import AUDIT, audits_of
from integrations.admin.connect_forms import ConnectForm, connect_form, keys_form, sections_of
from integrations.admin.mappings import MappingPages, mapped_of, senders_of
from integrations.admin.monitor import MonitorPages, pulse_of
from integrations.admin.reconciliations import last_ones
from integrations.admin.row_samples import arrivals_of
from integrations.connectors import CONNECTORS, postback, webhook
from integrations.message_words import message_title
from integrations.models import Connection
from integrations.standing import needing_look, standing_chip, trouble_of, with_trouble
from integrations.states import ConnectionState

GROUPS = (  # as the page of choices shows them
    (gettext_lazy("Stores and billing"), ("woocommerce", "shopify", "magento", "stripe")),
    (gettext_lazy("Customer management"), ("hubspot", "salesforce", "pipedrive", "klaviyo")),
    (gettext_lazy("Systems without an API"), ("folder", "web_file", "sftp", "sql")),
    (gettext_lazy("Anything else"), ("inbox", "postback", "webhook")),
)


def can_be_asked(row: Connection) -> bool:
    """Whether there is a system to call; whoever only calls us has neither address nor keys of its own."""
    return has_keys(row) and getattr(CONNECTORS[row.connector], "IS_CALLED", True)


def has_keys(row: Connection) -> bool:
    """Whether the connector asks for an address or keys."""
    return bool(CONNECTORS[row.connector].HAS_ADDRESS or CONNECTORS[row.connector].KEYS)


def has_our_secret(row: Connection) -> bool:
    """Whether messages are signed with the secret that we made; some systems have one of their own."""
    return not getattr(CONNECTORS[row.connector], "IS_SEALED_BY_ITSELF", False)


VERBS = (
    Verb(
        name="test",
        label=gettext_lazy("Test"),
        ask=gettext_lazy("We call the store with your keys and say how things stand."),
        may="manage_integrations",
        run=lambda row, *, actor: actions.test_connection(row, actor=actor),
        done=gettext_lazy("Tested"),
        applies=can_be_asked,
        in_bulk=False,
    ),
    Verb(
        name="webhooks",
        label=gettext_lazy("Make or repair webhooks"),
        ask=gettext_lazy("We make the webhooks in your store, or repair them, with your keys."),
        may="manage_integrations",
        run=lambda row, *, actor: actions.register_webhooks(row, actor=actor),
        done=gettext_lazy("Webhooks looked after"),
        applies=lambda row: can_be_asked(row) and bool(CONNECTORS[row.connector].ROUTE),
        in_bulk=False,
    ),
    Verb(
        name="keys",
        label=gettext_lazy("Change keys"),
        ask=gettext_lazy("The new address and keys replace the old ones at once."),
        may="manage_integrations",
        run=actions.change_keys,
        done=gettext_lazy("Keys changed"),
        applies=has_keys,
        in_bulk=False,
    ),
    Verb(
        name="everyone",
        label=gettext_lazy("Tell of all customers"),
        ask=gettext_lazy(
            "Every customer of the program is compared with what stands there, some at a time; what differs is "
            "written. So are the orders of a shop that is told of verdicts on them."
        ),
        may="manage_integrations",
        run=actions.tell_everyone,
        done=gettext_lazy("All customers are being told of"),
        applies=actions.tells_many,
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


class LookFilter(admin.SimpleListFilter):
    """Those that a person should look at."""

    title = gettext_lazy("attention")
    parameter_name = "look"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        """One choice."""
        return [("yes", gettext_lazy("needs a look"))]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Active ones in trouble."""
        return needing_look(queryset) if self.value() == "yes" else queryset


@admin.register(Connection)
class ConnectionAdmin(MonitorPages, AccessPages, MappingPages):
    """Stores and systems."""

    form = ConnectForm
    manage = "manage_integrations"
    verbs = (*VERBS, *pacing.VERBS, AUDIT, *incoming.VERBS, *outgoing.VERBS)
    tab_field = "state"
    confirm_display = ("name", "program", "base_url")
    list_display = ("name", "state_chip", "wrong", "kind", "heard", "program")
    list_filter = (LookFilter, "program")
    list_select_related = ("program",)
    search_fields = ("name", "source", "base_url")
    empty_words = gettext_lazy("Connect your store, and orders arrive by themselves.")
    shown = ("program", "kind", "source", "base_url", "state_chip", "heard", "connected")
    readonly_fields = ("state_chip", "heard", "connected", "last_error", "kind")

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what is wrong with each."""
        return with_trouble(super().get_queryset(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keys are asked for once and never shown; not every system has an address of its own."""
        if obj:
            has_address = CONNECTORS[obj.connector].HAS_ADDRESS
            names = [name for name in self.shown if name != "base_url" or has_address]
            return [tuple(names[place : place + 2]) for place in range(0, len(names), 2)]
        return [name for _title, section in sections_of(_chosen(request)) for name in section["fields"]]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one is asked for what it is, then for its keys, then for what else one may choose."""
        return super().get_fieldsets(request, obj) if obj else sections_of(_chosen(request))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """What is asked for hangs on the kind of system."""
        if obj is None:
            kwargs["form"] = connect_form(_chosen(request))
        return super().get_form(request, obj, change, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The kind that was chosen, and a name to begin with."""
        connector = _chosen(request)
        return {"connector": connector, "name": str(CONNECTORS[connector].NAME), "source": connector}

    def form_of(self, verb: Verb, row: Any) -> type[forms.Form]:
        """Keys and settings are asked for by the connector."""
        if verb.name == "options":
            return outgoing.options_form(row)
        return keys_form(row.connector) if verb.name == "keys" else super().form_of(verb, row)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only verbs change a connection."""
        return False

    @admin.display(description=gettext_lazy("kind"))
    def kind(self, row: Connection) -> str:
        """Which system it is."""
        return str(CONNECTORS[row.connector].NAME)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, row: Connection) -> str:
        """Whether orders are taken, and whether something is wrong."""
        return standing_chip(row)

    @admin.display(description=gettext_lazy("what is wrong"))
    def wrong(self, row: Connection) -> str:
        """Why it needs a look."""
        return trouble_of(row) or NONE

    @admin.display(description=gettext_lazy("last heard"), ordering="last_received_at")
    def heard(self, row: Connection) -> str:
        """When it last sent something."""
        return when(row.last_received_at) if row.last_received_at else NONE

    @admin.display(description=gettext_lazy("connected by"))
    def connected(self, row: Connection) -> str:
        """Who made the connection, and when."""
        who = row.created_by.get_short_name() if row.created_by else _("automatically")
        return format_html("{} · {}", who, when(row.created_at))

    def page_context(self, request: HttpRequest, row: Connection) -> dict[str, Any]:
        """Where the store must send its news, and what came last."""
        manages = self.lets(request, "manage_integrations", row)
        return {
            **(told := super().page_context(request, row)),
            **outgoing.bar(told["verbs"]),
            "hero_words": self.state_chip(row),
            "delivery_url": actions.delivery_url(row),
            "out": outgoing.way_out(row),
            "examples": examples_of(row),
            **mapped_of(row, manages),
            **pulse_of(row),
            **access_context(row, manages),
            "signs": row.connector == "webhook",
            "secret_page": (
                reverse("admin:integrations_connection_secret", args=[row.pk])
                if manages and has_our_secret(row)
                else ""
            ),
            "inbounds": [
                (each, message_title(each.topic, each.subject) or each.dedupe_key)
                for each in row.inbounds.defer("body", "headers").order_by("-received_at", "-pk")[:10]
            ],
            **last_ones(row, manages),
            **audits_of(row),
            **arrivals_of(row),
        }

    def create(self, request: HttpRequest, row: Any, values: dict[str, Any]) -> Connection:
        """Connect a system."""
        kind = CONNECTORS[values["connector"]]
        return actions.connect(
            values["program"],
            connector=values["connector"],
            name=values["name"],
            source=values["source"],
            base_url=values.get("base_url") or "",
            keys={key.name: values[key.name] for key in kind.KEYS},
            options=outgoing.options_read(values["connector"], values),
            actor=person(request),
        )

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Whoever connected something needs its address and its secret next."""
        self.message_user(request, _next_words(obj))
        return HttpResponseRedirect(reverse("admin:integrations_connection_change", args=[obj.pk]))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """First the choice of a kind, then its form; one at a time: its page comes next."""
        if _chosen(request) not in CONNECTORS:
            return self.choices(request)
        name = str(CONNECTORS[_chosen(request)].NAME)
        one = {"show_save_and_add_another": False, "show_save_and_continue": False, "kind_name": name}
        return super().add_view(request, form_url, {**one, **(extra_context or {})})

    def confirmation(
        self, request: HttpRequest, verb: Verb, rows: list[Any], *args: Any, **kwargs: Any
    ) -> TemplateResponse:
        """Whoever cuts a system off is told what is lost by it."""
        if verb.name == "disconnect":
            verb = replace(verb, ask=outgoing.what_is_lost(rows[0]))
        return super().confirmation(request, verb, rows, *args, **kwargs)

    def choices(self, request: HttpRequest) -> HttpResponse:
        """Which system is it?"""
        if not self.has_add_permission(request):
            raise PermissionDenied
        groups = [(title, [(name, CONNECTORS[name]) for name in names]) for title, names in GROUPS]
        context = {
            **self.admin_site.each_context(request),
            "title": _("What would you like to connect?"),
            "opts": self.opts,
            "groups": groups,
            "program": request.GET.get("program", ""),
        }
        return TemplateResponse(request, "admin/integrations/connection/choices.html", context)

    def perform(self, request: HttpRequest, verb: Verb, rows: Any, values: dict[str, Any]) -> None:
        """A test, the webhooks and a disconnection answer in sentences, which are shown."""
        if verb.name not in ("test", "webhooks", "fields", "disconnect"):
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
            "title": _("Secret of “%(name)s”") % {"name": row},
            "is_postback": row.connector == "postback",
            "is_outgoing": row.connector == "webhook",
            "senders": senders_of(row, secret_shown(row)),
            "opts": self.opts,
            "connection": row,
            "delivery_url": actions.delivery_url(row),
            "secret": secret_shown(row),
        }
        return TemplateResponse(request, "admin/integrations/connection/secret.html", context)


def _next_words(row: Connection) -> str:
    """What whoever has just made a connection does next."""
    access = actions.access_of(row)
    if access is None and actions.delivery_url(row):
        return _("Connected: the address to call and the secret stand on this page.")
    if access is None:
        return _("Connected. Next: “Test” on this page.")
    return _("Made. Next: “Connect with %(vendor)s” on this page, or “Test” if you entered a key.") % {
        "vendor": access.vendor
    }


def _chosen(request: HttpRequest) -> str:
    return request.POST.get("connector") or request.GET.get("connector") or ""


def secret_shown(row: Connection) -> str:
    """The webhook's secret, in the form in which the other side takes it."""
    secret = str((row.secrets or {}).get("webhook_secret", ""))
    return webhook.sign.secret_text(secret) if secret and row.connector == "webhook" else secret


def examples_of(row: Connection) -> list[tuple[str, str]]:
    """What to copy where a system must be told how to call us: title and text."""
    if row.connector != "postback":
        return []
    return postback.examples(actions.delivery_url(row), row.program.currency)

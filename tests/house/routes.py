"""Every address of the house, and how the tests try it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.house.world import Side

NOBODY = {int: 987654321, str: "nobody-here", UUID: UUID(int=7)}


@dataclass(frozen=True, slots=True)
class Route:
    """One address: who it is for, what stands in it (name -> "app.Model.field"), what its owner is answered."""

    kind: str
    code: int = 200
    args: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)  # parts of the address that name no row

    @property
    def is_about_a_row(self) -> bool:
        return bool(self.args)

    def address(self, name: str, side: Side) -> str:
        """The address of a row of this side."""
        return reverse(
            name, kwargs={key: self._value(path, side) for key, path in self.args.items()} | self.words
        )

    def nowhere(self, name: str, side: Side) -> str:
        """The same address for a row that does not exist."""
        missing = {key: NOBODY[type(self._value(path, side))] for key, path in self.args.items()}
        return reverse(name, kwargs=missing | self.words)

    def _value(self, path: str, side: Side) -> Any:
        if path.startswith("side."):
            return getattr(side, path.removeprefix("side."))
        label, _, column = path.rpartition(".")
        return getattr(side.row(apps.get_model(label)), column)


def _about(kind: str, code: int = 200, words: dict[str, str] | None = None, **args: str) -> Route:
    return Route(kind, code, args, words or {})


# public: whoever comes · affiliate: own pages · account: allauth's, about oneself · member: the managers' site
# machine: API keys · letter: whoever holds the invitation · file: a brand's, for all
# signed: systems that sign · operator: nobody but the installation's operator · nowhere: 404
ROUTES_TRIED: dict[str, Route] = {
    "home": Route("public", 302),
    "setup:door": Route("public", 302),
    "setup:start": Route("public", 404),
    "oauth_callback": Route("member", 302),  # who brings nothing from a vendor is told so
    "setup:checklist": Route("member", 302),
    "setup:program": _about("member", pk="affiliates.Program.pk"),
    "setup:colleagues": _about("member", 405, pk="affiliates.Program.pk"),
    "setup:store": _about("member", 405, pk="affiliates.Program.pk"),
    "setup:test_order": _about("member", 405, pk="affiliates.Program.pk"),
    "setup:join": _about("letter", token="affiliates.Invitation.token"),
    "brand_css": _about("file", words={"digest": "0"}, slug="portal.Brand.slug"),
    "brand_mark": _about("file", words={"digest": "0"}, slug="portal.Brand.slug"),
    "public:brand": Route("public"),
    "public:program": _about("public", slug="affiliates.Program.slug"),
    "public:apply": _about("public", 302, slug="affiliates.Program.slug"),
    "public:applied": _about("public", slug="affiliates.Program.slug"),
    "affiliate:overview": Route("affiliate"),
    "affiliate:program": Route("affiliate", 405),
    "affiliate:links": Route("affiliate"),
    "affiliate:link": _about("affiliate", pk="affiliates.Link.pk"),
    "affiliate:link_state": _about("affiliate", 405, pk="affiliates.Link.pk"),
    "affiliate:link_qr": _about("affiliate", pk="affiliates.Link.pk"),
    "affiliate:direct_links": Route("affiliate"),
    "affiliate:direct_link_closure": _about("affiliate", 405, pk="affiliates.DirectLink.pk"),
    "affiliate:traffic": Route("affiliate"),
    "affiliate:earnings": Route("affiliate"),
    "affiliate:order_question": Route("affiliate"),
    "affiliate:commission": _about("affiliate", pk="commissions.Commission.pk"),
    "affiliate:reviews": Route("affiliate"),
    "affiliate:review": _about("affiliate", pk="fraud.Case.pk"),
    "affiliate:review_answer": _about("affiliate", 405, pk="fraud.Case.pk"),
    "affiliate:review_file": _about("affiliate", pk="fraud.AnswerFile.pk"),
    "affiliate:payouts": Route("affiliate"),
    "affiliate:payout": _about("affiliate", pk="payouts.Payout.pk"),
    "affiliate:payout_csv": _about("affiliate", pk="payouts.Payout.pk"),
    "affiliate:terms": Route("affiliate"),
    "affiliate:acceptance": Route("affiliate", 302),
    "affiliate:departure": Route("affiliate", 405),
    "affiliate:profile": Route("affiliate"),
    "affiliate:payee": Route("affiliate", 302),
    "hook": _about("signed", 405, public_id="integrations.Connection.public_id"),
    "postback": _about("signed", 404, public_id="integrations.Connection.public_id"),  # that of a webhook
    "api:me": Route("machine"),
    "api:conversions": Route("machine"),
    "api:conversions_bulk": Route("machine", 405),
    "api:conversion": _about("machine", pk="tracking.Conversion.pk"),
    "api:conversion_by_source": _about(
        "machine", source="tracking.Conversion.source", external_id="tracking.Conversion.external_id"
    ),
    "api:refunds": Route("machine"),
    "api:refund": _about("machine", pk="tracking.Refund.pk"),
    "api:affiliates": Route("machine"),
    "api:affiliate": Route("machine", args={"code": "affiliates.Enrollment.code"}),
    "api:links": Route("machine"),
    "api:link": _about("machine", pk="affiliates.Link.pk"),
    "api:direct_links": Route("machine"),
    "api:commissions": Route("machine"),
    "api:commission": _about("machine", pk="commissions.Commission.pk"),
    "api:payouts": Route("machine"),
    "api:payout": _about("machine", pk="payouts.Payout.pk"),
    "api:hook_subscriptions": Route("machine"),
    "api:hook_subscription": _about("machine", pk="side.hook"),
    "api:events": Route("machine"),
    "api:event_samples": Route("machine", words={"kind": "order.recorded"}),
    "api:schema": Route("public"),
    "api:docs": Route("public"),
    "api:^.*$": Route("nowhere", 404),
    # allauth sends people to say who they are once more (302) before they touch a second factor
    "account_login": Route("public", 302),
    "account_logout": Route("account", 200),
    "account_inactive": Route("public"),
    "account_signup": Route("public", 302),
    "account_reauthenticate": Route("account"),
    "account_email": Route("account"),
    "account_email_verification_sent": Route("public"),
    "account_change_password": Route("account"),
    "account_set_password": Route("account", 302),
    "account_reset_password": Route("public"),
    "account_confirm_login_code": Route("public", 302),
    "account_confirm_email": Route("public", words={"key": "nobody"}),
    "account_reset_password_from_key_done": Route("public"),
    "account_reset_password_from_key": Route("public", words={"uidb36": "0", "key": "set-password"}),
    "account_reset_password_done": Route("public"),
    "mfa_index": Route("account"),
    "mfa_authenticate": Route("public", 302),
    "mfa_reauthenticate": Route("account", 302),
    "mfa_activate_totp": Route("account", 302),
    "mfa_deactivate_totp": Route("account", 404),
    "mfa_view_recovery_codes": Route("account", 404),
    "mfa_generate_recovery_codes": Route("account", 302),
    "mfa_download_recovery_codes": Route("account", 404),
    "mfa_list_webauthn": Route("account"),
    "mfa_add_webauthn": Route("account", 302),
    "mfa_reauthenticate_webauthn": Route("account"),
    "mfa_remove_webauthn": _about("account", 302, pk="mfa.Authenticator.pk"),
    "mfa_edit_webauthn": _about("account", 302, pk="mfa.Authenticator.pk"),
    "mfa_login_webauthn": Route("public", 302),
    "admin:index": Route("member"),
    "admin:login": Route("member", 302),
    "admin:logout": Route("member", 302),
    "admin:password_change": Route("member", 302),
    "admin:password_change_done": Route("member"),
    "admin:autocomplete": Route("member", 404),
    "admin:jsi18n": Route("member"),
    "admin:view_on_site": Route("member", 404, words={"content_type_id": "1", "object_id": "1"}),
    "admin:app_list": Route("member", 302, words={"app_label": "affiliates"}),
    "admin:(?P<url>.*)$": Route("nowhere", 404, words={"url": "nowhere/at/all"}),
    "admin:commissions_commission_adjust": Route("member"),
    "admin:commissions_plan_publish": _about("member", plan_id="commissions.Plan.pk"),
    "admin:commissions_plan_draft": _about("member", plan_id="commissions.Plan.pk"),
    "admin:commissions_plan_live": _about("member", 302, plan_id="commissions.Plan.pk"),
    "admin:commissions_plan_example": _about("member", 302, plan_id="commissions.Plan.pk"),
    "admin:commissions_plan_json": _about("member", plan_id="commissions.Plan.pk"),
    "admin:commissions_plan_discard": _about("member", plan_id="commissions.Plan.pk"),
    "admin:commissions_plan_transfers": _about("member", plan_id="commissions.Plan.pk"),
    "admin:commissions_exchangerate_enter": Route("member"),
    "admin:commissions_simulation_start": Route("member"),
    "admin:commissions_simulation_progress": _about("member", simulation_id="commissions.Simulation.pk"),
    "admin:commissions_simulation_file": _about("member", simulation_id="commissions.Simulation.pk"),
    "admin:tracking_study_start": Route("member"),
    "admin:tracking_study_progress": _about("member", study_id="tracking.Study.pk"),
    "admin:tracking_study_file": _about("member", study_id="tracking.Study.pk"),
    "admin:payouts_batch_open": Route("member"),
    "admin:payouts_batch_file": _about("member", batch_id="payouts.Batch.pk"),
    "admin:integrations_connection_monitor": Route("member"),
    "admin:integrations_delivery_transfers": Route("member"),
    "admin:integrations_delivery_transfers_file": Route("member"),
    "metrics": Route("public", 404),
    "admin:integrations_connection_access": _about(  # its system gives no access by consent
        "member", 302, connection_id="integrations.Connection.pk"
    ),
    "admin:integrations_connection_secret": _about("member", connection_id="integrations.Connection.pk"),
    "admin:integrations_connection_mappings": _about(
        "member", connection_id="integrations.Mapping.connection_id"
    ),
    "admin:integrations_connection_mapping": _about(
        "member",
        words={"direction": "in", "kind": "order"},
        connection_id="integrations.Mapping.connection_id",
    ),
    "admin:integrations_connection_mapping_file": _about(
        "member",
        words={"direction": "in", "kind": "order"},
        connection_id="integrations.Mapping.connection_id",
        version="integrations.Mapping.version",
    ),
    "admin:integrations_orderfile_template": Route("member"),
    "admin:integrations_orderfile_affiliates": Route("member"),
    "admin:integrations_orderfile_refused": _about("member", file_id="integrations.OrderFile.pk"),
    "admin:integrations_orderfile_progress": _about("member", file_id="integrations.OrderFile.pk"),
    "admin:integrations_reconciliation_backfill": _about(  # its store has no keys
        "member", 302, connection_id="integrations.Connection.pk"
    ),
    "admin:integrations_reconciliation_progress": _about(
        "member", reconciliation_id="integrations.Reconciliation.pk"
    ),
    "admin:tracking_term_accept": _about("member", 405, term_id="tracking.Term.pk"),
    "admin:fraud_case_verdict": _about("member", words={"verdict": "clear"}, case_id="fraud.Case.pk"),
    "admin:fraud_case_file": _about("member", file_id="fraud.AnswerFile.pk"),
    "admin:fraud_policy_program": _about("member", program_id="fraud.Policy.program_id"),
    "admin:fraud_dryrun_progress": _about("member", run_id="fraud.DryRun.pk"),
    "admin:portal_brand_preview": Route("member"),
    "admin:portal_apikey_make": Route("member"),
}
# Registered by packages; our members have no rights there.
OPERATORS = frozenset({"auth.Group", "account.EmailAddress", "mfa.Authenticator"})
# What Django's admin makes for each model; 0: the page is there or refused, by the model's own rules.
ADMIN_PAGES = {"changelist": 200, "add": 0, "history": 200, "delete": 403, "change": 200, "verb": 200}


def table() -> dict[str, Route]:
    """ROUTES_TRIED, and the pages that Django's admin makes for each registered model."""
    return ROUTES_TRIED | {name: route for model in admin.site._registry for name, route in _pages(model)}


def _pages(model: Any) -> Iterator[tuple[str, Route]]:
    label, noun = model._meta.label, f"{model._meta.app_label}_{model._meta.model_name}"
    kind = "operator" if label in OPERATORS else "member"
    verbs = getattr(admin.site._registry[model], "verbs", ())
    for page, code in ADMIN_PAGES.items():
        if page in ("changelist", "add"):
            yield f"admin:{noun}_{page}", Route(kind, code)
        elif page != "verb":
            yield f"admin:{noun}_{page}", _about(kind, code, object_id=f"{label}.pk")
        elif verbs:
            words = {"verb": verbs[0].name}
            yield f"admin:{noun}_verb", _about(kind, 0, words, object_id=f"{label}.pk")


def walk(resolver: Any = None, spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern]]:
    """Name and pattern of every address; one without a name is called by its pattern."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern, (*spaces, pattern.namespace) if pattern.namespace else spaces)
        else:
            yield ":".join((*spaces, pattern.name or str(pattern.pattern))), pattern


def is_old_address(name: str) -> bool:
    """The admin's addresses of long ago, which only redirect: `<path:object_id>/`."""
    return name == "admin:<path:object_id>/"


def unknown(names: list[str], known: dict[str, Route]) -> list[str]:
    """Addresses that the table does not know how to try."""
    return [
        f"Say in tests/house/routes.py whom {name} is for and how its address is built."
        for name in names
        if name not in known and not is_old_address(name)
    ]


def address(name: str, route: Route, side: Side) -> str:
    """Where to go; an address without a name is spelled out."""
    if name == "api:^.*$":
        return "/api/v1/nowhere/at/all"
    if name == "admin:(?P<url>.*)$":
        return "/admin/nowhere/at/all"
    return route.address(name, side)


def normal(body: bytes, *own: str) -> str:
    """A body without what differs from one request to the next: tokens, and what the asker wrote itself."""
    text = re.sub(r'(csrfmiddlewaretoken" value="|"X-CSRFToken": ?")[^"]*', "", body.decode(errors="replace"))
    for part in sorted(own, key=len, reverse=True):
        text = text.replace(part, "…")
    return text

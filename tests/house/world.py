"""Two companies with a whole life each: a row of every model on either side of the wall."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.apps import apps
from django.contrib.auth.models import Group as PermissionGroup
from django.db import connection, models
from django.test import Client
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Merchant, Program
from commissions import actions as commissions
from commissions.exchange import entered_by
from commissions.models import ExchangeRate
from core.models import Job, JobState, User
from core.scoping import Scoped
from fraud.actions import answers, cases, dry_runs, holds, lists, policies
from fraud.models import Signal
from fraud.states import Cause
from integrations.actions import hooks_of, save_mapping, subscribe
from integrations.actions.findings import note_findings
from integrations.audits import Fault
from integrations.models import Arrival, Audit, Connection, ConnectionHour, CustomerFact, Inbound, Trouble
from integrations.states import FindingKind
from payouts import actions as payouts
from payouts.models import Payout
from portal import keys
from portal.models import Brand
from tests import makers
from tests.house.source import APPS
from tracking import actions as tracking

MAPPED = [{"target": "order.number", "source": "id"}]
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass
class Side:
    """One company: its owner, an affiliate of it, and the secret of its API key."""

    owner: User
    program: Program
    enrollment: Enrollment
    secret: str

    @property
    def merchant(self) -> Merchant:
        return self.program.merchant

    @property
    def hook(self) -> int:
        """The id of a subscription of its key."""
        return int(hooks_of(self.program).get().pk)

    @property
    def affiliate_user(self) -> User:
        assert self.enrollment.affiliate.user
        return self.enrollment.affiliate.user

    def rows(self, model: type[models.Model]) -> "models.QuerySet[Any]":
        """The side's rows of a model; of what an affiliate owns, its affiliate's only."""
        if model in (Authenticator, User):
            return model._default_manager.filter(
                **{("pk" if model is User else "user"): self.affiliate_user.pk}
            )
        if model is apps.get_model("account.EmailAddress"):
            return model._default_manager.filter(user=self.affiliate_user)
        if model is Job:
            return Job.objects.filter(event__tenant_id=self.merchant.pk, state=JobState.QUARANTINED)
        if model is ExchangeRate:
            return ExchangeRate.objects.filter(source__startswith=entered_by(self.merchant.pk))
        if model is PermissionGroup:
            return PermissionGroup.objects.all()
        found = model._default_manager.filter(**{model.TENANT: self.merchant.pk})  # type: ignore[attr-defined]
        owner = getattr(model, "OWNER", "")
        return found.filter(**{owner: self.affiliate_user}) if owner else found

    def row(self, model: type[models.Model]) -> Any:
        """One row of the side; a model without any makes the test say so."""
        found = self.rows(model).order_by("pk").first()
        assert found is not None, f"tests/house/world.py makes no {model._meta.label}: add one to `live`."
        return found

    def digest(self) -> dict[str, str]:
        """Table -> number and hash of all rows of this company, to prove that nothing changed."""
        return {
            model._meta.label: _hash(model._default_manager.filter(**{model.TENANT: self.merchant.pk}))
            for model in scoped_models()
        }


def scoped_models() -> list[Any]:
    """The models whose rows belong to a company."""
    own = [model for model in apps.get_models() if model._meta.app_label in APPS]
    return [model for model in own if hasattr(model, "TENANT")]


def _hash(rows: "models.QuerySet[Any]") -> str:
    """Hash what is stored, as it is stored: sealed columns are not opened."""
    with connection.cursor() as cursor:
        cursor.execute(*rows.order_by("pk").query.sql_with_params())
        stored = [
            [bytes(value) if isinstance(value, memoryview) else value for value in row] for row in cursor
        ]
    return f"{len(stored)} {hashlib.sha256(repr(stored).encode()).hexdigest()}"


def crossings() -> list[str]:
    """Rows that point at a row of another company."""
    return [
        f"{model._meta.label} {pk}: {field.name} leads to another company"
        for model in scoped_models()
        for field in model._meta.concrete_fields
        if field.many_to_one and issubclass(field.related_model, Scoped) and model._meta.label != "core.Event"
        for pk, mine, theirs in model._default_manager.filter(**{f"{field.name}__isnull": False}).values_list(
            "pk", model.TENANT, f"{field.name}__{field.related_model.TENANT}"
        )
        if mine != theirs
    ]


def live(owner: User, program: Program, enrollment: Enrollment) -> Side:
    """Give a company a row of everything, through the verbs."""
    makers.make_payee(enrollment)
    affiliates.create_coupon(enrollment, f"{enrollment.code}-15", actor=owner)
    page = f"https://{enrollment.code}.blog.example/"
    affiliates.ask_direct_link(enrollment.links.get(is_default=True), page, actor=owner)
    group = affiliates.create_group(program, "Gold", actor=owner)
    affiliates.invite_member(program.merchant, f"new@{program.slug}.example", "analyst", actor=owner)
    commissions.assign_plan(makers.make_plan(program), group=group, actor=owner)
    commissions.enter_rates(program.merchant, {"AED": Decimal("3.9821")}, actor=owner)
    _written(owner, program)
    makers.make_click(enrollment)
    makers.make_beacon(program, state="refused", reason="It names no customer.")
    earn(owner, program, enrollment)
    _tried(owner, program)
    _reviewed(enrollment)
    _ruled(owner, program, enrollment)
    shop = makers.make_connection(program, source=f"shop-{program.pk}")
    _inbound(shop)
    makers.make_reconciliation(shop)
    _said(program, shop)
    makers.make_order_file(program, actor=owner)
    save_mapping(makers.make_connection(program, connector="inbox", source="own"), "in", "order", MAPPED)
    hook, _is_new = subscribe(program, target_url="https://hooks.example.com/catch/1", event="order.*")
    makers.make_delivery(hook)
    _key, secret = keys.create_key(program, "Shop", list(keys.SCOPES), actor=owner)
    _passkey(enrollment.affiliate.user)
    Job.objects.filter(event__tenant_id=program.merchant_id).update(state=JobState.QUARANTINED)
    PermissionGroup.objects.get_or_create(name="operators")
    return Side(owner, program, enrollment, secret)


def _said(program: Program, shop: Connection) -> None:
    """A word of a store that has no other here, a customer whose record at a system is gone, what both systems say."""
    tracking.note_terms(program, shop.source, [("category", "Footwear > Men")], at=makers.NOON)
    crm = makers.make_connection(
        program, connector="hubspot", source="crm", secrets={}, last_received_at=makers.NOON
    )
    customer = program.customers.order_by("pk")[0]
    key = f"customer:{customer.pk}"
    note_findings(crm, {key: [Fault(FindingKind.GONE, key, "101")]}, {}, makers.NOON)
    Audit.objects.create(connection=crm, state="finished", finished_at=makers.NOON)
    CustomerFact.objects.create(connection=crm, customer=customer, name="crm.lead_status", value="OPEN")
    Arrival.objects.create(connection=shop, name="sales.csv", size=1, digest="0" * 64, state="refused")
    ConnectionHour.objects.create(connection=shop, hour=makers.NOON, calls=1)
    Trouble.objects.create(connection=shop, kind="lag", sentence="The oldest message has waited.")


def _written(owner: User, program: Program) -> None:
    """A second version of the first plan, customers moved to it, and a draft of a third."""
    plan = program.plans.order_by("pk").first()
    assert plan
    second = commissions.publish(plan, makers.TEN_PERCENT, actor=owner)
    commissions.transfer_customers(plan, plan.versions.get(number=1), second, actor=owner)
    commissions.open_draft(plan, actor=owner)


def _tried(owner: User, program: Program) -> None:
    """A plan that was tried on what was sold, and all models on who sold it."""
    plan, late = program.plans.order_by("pk").last(), makers.NOON + timedelta(days=60)
    assert plan
    between = makers.NOON - timedelta(days=1), makers.NOON + timedelta(days=1)
    simulation = commissions.start_simulation(plan, makers.TEN_PERCENT, *between, actor=owner, at=late)
    commissions.run_simulation(simulation, at=late)
    tracking.run_study(tracking.ask_study(program, *between, actor=owner, at=late), at=late)


def earn(owner: User, program: Program, enrollment: Enrollment) -> None:
    """A payout that is sent, one that waits in a draft, and a refund."""
    finance = makers.make_member(program.merchant, "finance")
    cut_off = makers.NOON + timedelta(days=60)
    makers.make_payable(enrollment)
    payouts.approve_batch(payouts.open_batch(program, cut_off=cut_off, actor=finance), actor=owner)
    payout = Payout.objects.get(enrollment=enrollment)
    payouts.mark_sent(payout, reference="SEPA 1", actor=owner)
    refunded = makers.make_payable(enrollment)
    assert refunded.conversion
    order = refunded.conversion.order
    commissions.take_refunds(program, order.source, order.external_id, [makers.make_refund(gross=100)])
    payouts.open_batch(program, cut_off=cut_off, actor=finance)


def _reviewed(enrollment: Enrollment) -> None:
    """A review that waits for the affiliate's answer, and one that has it, with a file."""
    file = answers.FileIn("receipt.pdf", "application/pdf", b"%PDF-1.4")
    for cause, check in ((Cause.ORDERS, "near_duplicate"), (Cause.IDENTITY, "self_referral")):
        commission = makers.make_commission(enrollment)
        case = cases.case_for(enrollment, cause, at=makers.NOON)
        holds.place(case, [commission], at=makers.NOON)
        given = {"case": case, "check_name": check, "cause": cause, "conversion": commission.conversion}
        Signal.objects.create(
            program=case.program, enrollment=enrollment, action="hold", weight=1, value=1, **given
        )
    answers.answer(case, "My brother bought it.", [file], actor=enrollment.affiliate.user)


def _ruled(owner: User, program: Program, enrollment: Enrollment) -> None:
    """What is looked for and tried, what is on a list, who is left in peace, and who belongs together."""
    policies.set_policy(program, actor=owner, review_days=7)
    dry_runs.start(program, {}, actor=owner)
    lists.add_entry(program, "country", "DE", actor=owner)
    year = timezone.now() + timedelta(days=300)
    lists.grant(enrollment, until=year, reason="A code on television.", actor=owner)
    friend = makers.make_enrollment(program, "Fran Friend")
    lists.declare(enrollment, friend, reason="An agency and its client.", actor=owner)


def _inbound(connection: Any) -> None:
    Inbound.objects.create(
        connection=connection,
        dedupe_key="1",
        topic="order.updated",
        subject="1",
        body=b"{}",
        state="quarantined",
    )


def _passkey(user: User | None) -> None:
    """A passkey as a browser registers it; nobody holds its private half."""
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(Aaguid(bytes(16)), b"planted", public)
    known = AuthenticatorData.create(bytes(32), AuthenticatorData.FLAG.AT, 0, credential)
    asked = json.dumps(
        {"type": "webauthn.create", "challenge": "AAAA", "origin": "http://testserver"}
    ).encode()
    response = {"attestationObject": AttestationObject.create("none", known, {}), "clientDataJSON": asked}
    coded = {name: websafe_encode(value) for name, value in response.items()}
    name = websafe_encode(b"planted")
    data = {"id": name, "rawId": name, "type": "public-key", "response": coded, "clientExtensionResults": {}}
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "Key", "credential": data})


@dataclass
class World:
    """Mine and theirs, a second affiliate of mine, and everybody's browser."""

    mine: Side
    theirs: Side
    bob: Enrollment
    brand: Brand

    @cached_property
    def people(self) -> dict[str, Client]:
        """Name -> browser; eve owns the other company, stan is her affiliate."""
        assert self.bob.affiliate.user
        return {
            "anonymous": _browser(),
            "olga": _browser(self.mine.owner),
            "ann": _browser(self.mine.affiliate_user),
            "bob": _browser(self.bob.affiliate.user),
            "eve": _browser(self.theirs.owner),
            "stan": _browser(self.theirs.affiliate_user),
            "my key": _browser(key=self.mine.secret),
            "her key": _browser(key=self.theirs.secret),
        }


def _browser(user: User | None = None, key: str = "") -> Client:
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {key}"} if key else {})
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client

"""What is left to do on the first day, each step with its own button."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from affiliates import actions as affiliates
from affiliates.models import Enrollment, Member, Program
from affiliates.roles import NotAllowed, may
from affiliates.states import IllegalMove
from commissions.models import Plan
from commissions.words import explain
from core.http import UnsafeURL
from core.jobs import Failure
from core.models import User
from core.money import Money
from integrations import actions as integrations
from integrations.actions.connections import connector_of, store_of
from integrations.models import Connection
from portal.brand_addresses import page_address
from portal.setup import actions
from portal.setup.forms import InviteForm, StoreForm
from tracking.models import Conversion, Order
from tracking.words import decision_in_words, enrollments_of


class Store(NamedTuple):
    """A connected store, and what its people must do by hand until its first message has come."""

    connection: Connection
    by_hand: list[str]


class Proof(NamedTuple):
    """What became of the last test order, in words."""

    order: Order
    credited: list[str]
    earned: list[str]
    left: Money


Page = Callable[[HttpRequest, Program], HttpResponse]


def of_member(verb: str = "read") -> Callable[[Page], Any]:
    """A page of a program for its company's people; others find nothing, and a role that may not is told so."""

    def around(page: Page) -> Any:
        @wraps(page)
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            program = (
                Program.objects.visible_to(request.user).select_related("merchant").filter(pk=pk).first()
            )
            if program is None:
                raise Http404
            if not may(request.user, verb, program.merchant_id):
                raise PermissionDenied
            return page(request, program)

        return login_required(view)

    return around


@require_safe
@login_required
def first(request: HttpRequest) -> HttpResponse:
    """The list of the person's first program."""
    program = Program.objects.visible_to(request.user).order_by("pk").first()
    if program is None:
        raise Http404
    return redirect("setup:program", program.pk)


@require_safe
@of_member()
def checklist(request: HttpRequest, program: Program) -> HttpResponse:
    """What is done and what is left to do for a program."""
    return _page(request, program)


@require_POST
@of_member("manage_members")
def colleagues(request: HttpRequest, program: Program) -> HttpResponse:
    """Invite a colleague by e-mail."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, program, invite=form)
    values = form.cleaned_data
    affiliates.invite_member(program.merchant, values["email"], values["role"], actor=_person(request))
    messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": values["email"]})
    return redirect("setup:program", program.pk)


@require_POST
@of_member("manage_integrations")
def store(request: HttpRequest, program: Program) -> HttpResponse:
    """Connect a WooCommerce store, and with keys make its webhooks."""
    form = StoreForm(request.POST)
    if not form.is_valid():
        return _page(request, program, store_form=form)
    values = form.cleaned_data
    if not values["consumer_key"]:
        values["base_url"] = ""  # nobody calls it without keys, so it need not be reachable from here
    try:
        connection = integrations.connect(
            program,
            connector="woocommerce",
            name=values["name"],
            source=values["source"],
            base_url=values["base_url"],
            keys=values,
            actor=_person(request),
        )
    except (UnsafeURL, integrations.AlreadyConnected) as refused:
        form.add_error(None, str(refused))
        return _page(request, program, store_form=form)
    if values["consumer_key"]:
        _set_up(request, connection)
    return redirect("setup:program", program.pk)


def _set_up(request: HttpRequest, connection: Connection) -> None:
    """Let the store's webhooks be made, and say how things stand."""
    for sentence in integrations.register_webhooks(connection, actor=_person(request)):
        messages.warning(request, sentence)
    messages.info(request, integrations.test_connection(connection, actor=_person(request)))


@require_POST
@of_member("manage_affiliates")
def test_order(request: HttpRequest, program: Program) -> HttpResponse:
    """Send a small order the whole way and take it back."""
    try:
        actions.send_test_order(program, actor=_person(request))
    except (IllegalMove, NotAllowed) as refused:
        messages.error(request, str(refused))
    return redirect("setup:program", program.pk)


def _page(
    request: HttpRequest,
    program: Program,
    *,
    invite: InviteForm | None = None,
    store_form: StoreForm | None = None,
) -> HttpResponse:
    brand = program.brands.order_by("pk").first()
    stores = _stores(program) if may(request.user, "manage_integrations", program.merchant_id) else []
    context = {
        "program": program,
        "has_colleagues": Member.objects.filter(merchant=program.merchant_id).count() > 1,
        "invitations": program.merchant.invitations.filter(accepted_at=None).order_by("pk"),
        "stores": stores,
        "plans": Plan.objects.filter(program=program).order_by("name"),
        "proof": _proof(program),
        "program_page": page_address(brand, "public:program", program.slug) if brand else "",
        "invite": invite or InviteForm(),
        "store_form": store_form
        or StoreForm(initial={"name": program.merchant.name, "base_url": program.home_url}),
        "may_invite": may(request.user, "manage_members", program.merchant_id),
        "may_connect": may(request.user, "manage_integrations", program.merchant_id),
        "may_test": may(request.user, "manage_affiliates", program.merchant_id),
    }
    refused = invite is not None or store_form is not None
    return render(request, "setup/checklist.html", context, status=422 if refused else 200)


def _stores(program: Program) -> list[Store]:
    """Each store; while nothing came from it, the sentences that say what to copy into it."""
    return [
        Store(row, [] if row.last_received_at else _by_hand(row))
        for row in program.connections.order_by("pk")
    ]


def _by_hand(connection: Connection) -> list[str]:
    """Only a store without keys is set up by hand; no system is called here."""
    connector, store = connector_of(connection), store_of(connection)
    if store.keys.get("consumer_key") or connector.has_keys(store):
        return []
    try:
        return connector.register(store, integrations.delivery_url(connection))
    except Failure as missing:
        return [str(missing)]


def _proof(program: Program) -> Proof | None:
    """Tell the road of the last test order: who was credited and why, what it earned, what is left."""
    order = Order.objects.filter(program=program, source=actions.TEST_SOURCE).order_by("-pk").first()
    found = Conversion.objects.filter(order=order).prefetch_related("decisions").first() if order else None
    if order is None or found is None or found.decision is None:
        return None
    trace = found.decision.trace
    people = Enrollment.objects.filter(pk__in=enrollments_of(trace)).select_related("affiliate")
    credited = decision_in_words(trace, {row.pk: row.affiliate.name for row in people})
    rows = list(found.commissions.prefetch_related("reversals").order_by("level"))
    earned = [line.text for row in rows[:1] for line in explain(row.trace, row.enrollment_id, row.level)]
    if found.parked_reason:
        earned = [found.parked_reason]
    return Proof(order, credited, earned, Money(sum(row.net.amount for row in rows), program.currency))


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - login_required stands before every page here
    return request.user

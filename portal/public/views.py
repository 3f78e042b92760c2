"""The brand's front door: its programs, the terms of one, and the application."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from allauth.account.internal.flows.signup import complete_signup
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.decorators import rate_limit
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe
from django.views.generic import FormView

from affiliates import actions
from affiliates.models import Affiliate, Enrollment, Program
from affiliates.roles import merchants_of
from affiliates.states import IllegalMove
from portal.brands import brand_of
from portal.models import Brand
from portal.public.forms import Application, ApplicationWithAccount
from portal.public.terms import Offer, offers

RECRUITED = "recruited_by"
Page = Callable[..., HttpResponse]


def of_brand(page: Page) -> Page:
    """A page that stands only on a brand's host; elsewhere there is nothing."""

    @wraps(page)
    def view(request: HttpRequest, **values: Any) -> HttpResponse:
        brand = brand_of(request)
        if brand is None:
            raise Http404
        return page(request, brand, **values)

    return view


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The start page: an affiliate's overview, the managers' place, or what strangers see."""
    brand = brand_of(request)
    if brand is None:
        return redirect("admin:index")
    if not request.user.is_authenticated:
        return programs(request)
    if not Affiliate.objects.owned_by(request.user).of_tenant(brand.merchant_id).exists():
        return redirect("admin:index" if brand.merchant_id in merchants_of(request.user) else "public:brand")
    return redirect("affiliate:overview")


@require_safe
@of_brand
def programs(request: HttpRequest, brand: Brand) -> HttpResponse:
    """What the brand offers to whoever would promote it."""
    shown = offers(list(brand.programs.filter(is_open=True).order_by("name")))
    return render(request, "public/brand.html", {"offers": shown})


@require_safe
@of_brand
def program(request: HttpRequest, brand: Brand, slug: str) -> HttpResponse:
    """One program: what it pays, when, and its terms."""
    offer = _offer(brand, slug)
    _remember_recruiter(request, offer.program)
    return render(
        request, "public/program.html", {"offer": offer, "enrolled": _enrolled(request, offer.program)}
    )


@require_safe
@of_brand
def applied(request: HttpRequest, brand: Brand, slug: str) -> HttpResponse:
    """What happens next; it says the same whether or not the address was known."""
    return render(request, "public/applied.html", {"offer": _offer(brand, slug)})


@method_decorator(sensitive_post_parameters("password1", "password2"), name="dispatch")
@method_decorator(rate_limit(action="signup"), name="dispatch")
class Apply(FormView):  # type: ignore[type-arg]
    """The application form; it makes the account of whoever has none."""

    template_name = "public/apply.html"
    offer: Offer

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Find the program first: closed ones take no applications, and nobody applies twice."""
        brand = brand_of(request)
        if brand is None:
            raise Http404
        self.offer = _offer(brand, kwargs["slug"])
        _remember_recruiter(request, self.offer.program)
        if not self.offer.program.is_open:
            return redirect("public:program", slug=kwargs["slug"])
        if _enrolled(request, self.offer.program):
            return redirect("affiliate:overview")
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> type[Application]:
        """Whoever is signed in already has an account."""
        return Application if self.request.user.is_authenticated else ApplicationWithAccount

    def get_initial(self) -> dict[str, Any]:
        """What is known of somebody signed in."""
        user = self.request.user
        return {"name": user.name} if user.is_authenticated else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The form beside what the program pays."""
        return super().get_context_data(offer=self.offer, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Take the application; the answer never says whether the address was known."""
        if not self.request.user.is_authenticated:
            self.apply_with_account(form)
            return redirect("public:applied", slug=self.offer.program.slug)
        try:
            self.apply(form, self.request.user)
        except IllegalMove as refused:
            form.add_error(None, str(refused))
            return self.form_invalid(form)
        return redirect("public:applied", slug=self.offer.program.slug)

    def apply_with_account(self, form: ApplicationWithAccount) -> None:
        """Make the account and the application together; allauth sends the mail that confirms the address."""
        with transaction.atomic():
            user, known = form.try_save(self.request)
            # what stands against the application is told to the owner of the address, once signed in
            with suppress(IllegalMove):
                if known is None:
                    self.apply(form, user)
        if known is None:
            self.send_confirmation(user)

    def send_confirmation(self, user: Any) -> None:
        """Let allauth ask for the confirmation of the address."""
        # its answer may lead elsewhere; ours is the same for everybody
        with suppress(ImmediateHttpResponse):
            complete_signup(self.request, user=user, redirect_url=reverse("home"))

    @transaction.atomic
    def apply(self, form: Application, user: Any) -> None:
        """Record the affiliate and the application."""
        values, program = form.cleaned_data, self.offer.program
        affiliate = actions.register_affiliate(
            program.merchant, user, name=values["name"], website=values["website"]
        )
        sponsor = _recruiter(self.request, program)
        actions.apply(program, affiliate, application=values["text"], sponsor=sponsor, actor=user)


def _offer(brand: Brand, slug: str) -> Offer:
    found = brand.programs.filter(slug=slug).first()
    if found is None:
        raise Http404
    return offers([found])[0]


def _enrolled(request: HttpRequest, program: Program) -> bool:
    return bool(Enrollment.objects.owned_by(request.user).filter(program=program).exists())


def _remember_recruiter(request: HttpRequest, program: Program) -> None:
    code = request.GET.get("via", "")[:40]
    if code and code.isprintable():
        request.session[RECRUITED] = {**request.session.get(RECRUITED, {}), str(program.pk): code}


def _recruiter(request: HttpRequest, program: Program) -> Enrollment | None:
    code = request.session.get(RECRUITED, {}).get(str(program.pk))
    found: Enrollment | None = Enrollment.objects.active().filter(program=program, code=code).first()
    return found

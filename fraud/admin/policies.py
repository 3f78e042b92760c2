"""The policy of each program: what is looked for, from where on, what is done; and how often it was right."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from affiliates.models import Program
from affiliates.scoped_admin import ScopedAdmin, merchants_that_let, person, refused_in_words
from fraud.actions import dry_runs
from fraud.actions.policies import LISTS, NUMBERS, differences, policy_of, set_policy
from fraud.admin.policy_form import PolicyForm
from fraud.admin.score_card import score_card
from fraud.checks import CHECKS
from fraud.figures.rates import DAYS, FEWEST, records
from fraud.models import DryRun, Policy


@admin.register(Policy)
class PolicyAdmin(ScopedAdmin):
    """One page for each program, whether anything was changed there or not."""

    manage = "manage_fraud"
    can_add = False
    list_display = ("program",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its own page changes it, Django's form does not."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """A program that was never changed has no row, so pages go by the program."""
        view = self.admin_site.admin_view(self.program_view)
        return [path("program/<int:program_id>/", view, name="fraud_policy_program"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every program of the person's companies."""
        rows = _programs(request).order_by("name", "pk").select_related("policy__changed_by", "merchant")
        programs = [(row, getattr(row, "policy", None) or Policy(program=row, number=0)) for row in rows]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Policies"),
            "opts": self.opts,
            "programs": [_told(row, policy) for row, policy in programs],
        }
        return TemplateResponse(request, "admin/fraud/policy/list.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of the row's program."""
        row = self.get_object(request, object_id)
        if row is None:
            return self.absent(request, object_id)
        return self.program_view(request, row.program_id)

    def program_view(self, request: HttpRequest, program_id: int) -> HttpResponse:
        """Show the policy, and change it or try it on the last days."""
        program = _programs(request).filter(pk=program_id).first()
        if program is None:
            raise Http404
        policy = policy_of(program)
        may_manage = program.merchant_id in merchants_that_let(request, "manage_fraud")
        form = PolicyForm(policy, request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not may_manage:
                raise PermissionDenied
            if form.is_valid() and (answer := self._taken(request, policy, form)):
                return answer
        return self._shown(request, policy, form, may_manage)

    def _taken(self, request: HttpRequest, policy: Policy, form: PolicyForm) -> HttpResponse | None:
        """Save what was sent, or try it; None where it was refused."""
        try:
            if "try" in request.POST:
                other = differences(policy, form.said)
                run = dry_runs.start(policy.program, other, days=DAYS, actor=person(request))
                return HttpResponseRedirect(reverse("admin:fraud_dryrun_change", args=[run.pk]))
            fields = {name: form.settings.cleaned_data[name] for name in (*LISTS, *NUMBERS)}
            after = set_policy(policy.program, actor=person(request), checks=form.said, **fields)
        except ValidationError as refused:
            form.blame(refused)
            return None
        except ValueError as refused:
            form.settings.add_error(None, refused_in_words(refused))
            return None
        is_same = after.number == policy.number
        self.message_user(request, _("Nothing was different.") if is_same else _("The policy is changed."))
        return HttpResponseRedirect(reverse("admin:fraud_policy_program", args=[policy.program_id]))

    def _shown(
        self, request: HttpRequest, policy: Policy, form: PolicyForm, may_manage: bool
    ) -> HttpResponse:
        found = records(policy.program, timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Policy of %(program)s") % {"program": policy.program},
            "opts": self.opts,
            "policy": policy,
            "form": form,
            "groups": list(form.groups(found)),
            "may_manage": may_manage,
            "days": DAYS,
            "fewest": FEWEST,
            "scores": score_card(policy.program.merchant_id),
            "last_run": DryRun.objects.filter(program=policy.program_id).order_by("-created_at").first(),
        }
        return TemplateResponse(request, "admin/fraud/policy/page.html", context)


def _programs(request: HttpRequest) -> Any:
    return Program.objects.filter(merchant__in=merchants_that_let(request, "read"))


def _told(program: Program, policy: Policy) -> dict[str, Any]:
    off = sum(not policy.rule(name).is_on for name in CHECKS)
    return {
        "program": program,
        "policy": policy,
        "off": off,
        "changed": len(policy.checks),
        "all": len(CHECKS),
    }

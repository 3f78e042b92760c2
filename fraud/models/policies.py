"""What a program looks for, from where on, and what is done about it."""

from datetime import timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Program
from core.scoping import Scoped
from fraud.checks import CHECKS, Limits, Rule
from fraud.states import Action


class Policy(Scoped):
    """The rules of one program; `checks` holds only what differs from a check's defaults.

    `checks` is name -> {"on": bool, "threshold": number, "sample": int, "weight": number, "action": an Action}, each
    key only where it differs. `number` counts the changes; a signal keeps under which it was found.
    """

    TENANT = "program__merchant"

    program = models.OneToOneField(Program, on_delete=models.PROTECT, related_name="policy")
    number = models.PositiveIntegerField(default=1)
    checks = models.JSONField(default=dict)
    campaigns = models.JSONField(
        _("allowed campaigns"),
        default=list,
        help_text=_(
            "Numbers or names of advertising campaigns that affiliates may run, or that are your own."
        ),
    )
    brand_terms = models.JSONField(
        _("protected words"), default=list, help_text=_("Words that affiliates may not bid on.")
    )
    bad_statuses = models.JSONField(
        _("bad statuses"), default=list, help_text=_("Words of your CRM for customers who are not real.")
    )
    review_days = models.PositiveSmallIntegerField(
        _("days for a review"),
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text=_("After so many days an undecided case is told to owners and managers."),
    )
    second_above = models.BigIntegerField(
        _("second reviewer above"),
        null=True,
        validators=[MinValueValidator(0)],
        help_text=_("A verdict on more than this needs two people (minor units)."),
    )
    capacity = models.PositiveSmallIntegerField(
        _("cases a week"),
        default=20,
        validators=[MinValueValidator(1)],
        help_text=_("How many cases you review in a week; scores are measured at it."),
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")

    def __str__(self) -> str:
        return str(self.program)

    @property
    def review_time(self) -> timedelta:
        """How long a case may stay undecided before it escalates."""
        return timedelta(days=self.review_days)

    def rule(self, name: str) -> Rule:
        """Return how a check is asked; KeyError for a check that does not exist."""
        check, said = CHECKS[name], self.checks.get(name, {})
        limits = Limits(
            float(said.get("threshold", check.limits.threshold)), int(said.get("sample", check.limits.sample))
        )
        action = Action(said.get("action", check.action))
        if action == Action.DECLINE and not check.may_decline:
            action = Action.HOLD
        return Rule(
            check, bool(said.get("on", True)), limits, float(said.get("weight", check.weight)), action
        )

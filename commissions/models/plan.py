"""Plans, their immutable versions, and whom they hold for."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Enrollment, Group, Program
from core.scoping import Scoped


class Plan(Scoped):
    """A named way of paying; its versions say how."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="plans")
    name = models.CharField(_("name"), max_length=80)
    is_counting = models.BooleanField(
        default=False,
        help_text=_("A version of it looks at other sales: brackets, caps, bonuses or payments."),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("plan")
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "name"], name="plan_once")]

    def __str__(self) -> str:
        return self.name


class PlanVersion(Scoped):
    """What a plan says from a date on; immutable once published (`body`: see commissions.plan)."""

    TENANT = "plan__program__merchant"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    effective_at = models.DateTimeField(_("effective from"))
    body = models.JSONField(_("rules"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("plan version")
        constraints: ClassVar = [models.UniqueConstraint(fields=["plan", "number"], name="plan_version_once")]

    def __str__(self) -> str:
        return f"{self.plan} {self.number}"


class Assignment(Scoped):
    """Which plan holds, from when to when: for one affiliate, else its group, else the whole program."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="assignments")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="assignments")
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    enrollment = models.ForeignKey(
        Enrollment, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("assignment")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(group=None) | Q(enrollment=None), name="assignment_one_target"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="assignment_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} · {self.enrollment or self.group or self.program}"

"""A plan on its way: the next version as it is being written, and who agreed to the one in force."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Enrollment
from commissions.models.plan import Plan, PlanVersion
from core.scoping import Scoped


class Draft(Scoped):
    """The next version of a plan while it is written: nothing is earned by it (`body`: see commissions.plan).

    `edits` counts its changes, so that two people at the same cards do not overwrite each other.
    """

    TENANT = "plan__program__merchant"

    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="draft")
    body = models.JSONField(_("rules"))
    edits = models.PositiveIntegerField(default=0)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("draft")

    def __str__(self) -> str:
        return str(self.plan)


class Acceptance(Scoped):
    """An affiliate agreed to a version of its plan."""

    TENANT = "enrollment__program__merchant"
    OWNER = "enrollment__affiliate__user"

    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="acceptances")
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="acceptances")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("acceptance")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrollment", "version"], name="acceptance_once")
        ]

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.version}"


class Transfer(Scoped):
    """Customers whose subscriptions began under one version earn by another from `effective_at` on."""

    TENANT = "plan__program__merchant"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="transfers")
    from_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    to_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    effective_at = models.DateTimeField(_("effective from"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("transfer")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(from_version=models.F("to_version")), name="transfer_moves_something"
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_version} → {self.to_version}"

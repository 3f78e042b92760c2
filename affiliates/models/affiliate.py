"""A person or firm that promotes, and its membership in a program."""

from collections.abc import Iterator
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models.merchant import Merchant
from affiliates.models.program import Group, Program
from affiliates.states import EnrollmentState
from core.scoping import Scoped, ScopedQuerySet


class Affiliate(Scoped):
    """A person or firm that promotes for a merchant."""

    TENANT = "merchant"
    OWNER = "user"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="affiliates")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="affiliates"
    )
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"))
    company = models.CharField(_("company"), max_length=120, blank=True)
    website = models.URLField(_("website"), blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("affiliate")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant", "email"], name="affiliate_email_once"),
            models.UniqueConstraint(
                fields=["merchant", "user"],
                condition=models.Q(user__isnull=False),
                name="affiliate_user_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EnrollmentQuerySet(ScopedQuerySet):
    """Memberships."""

    def active(self) -> Self:
        """Those that may promote."""
        return self.filter(state=EnrollmentState.ACTIVE)

    def applied(self) -> Self:
        """Those that wait for a manager's answer."""
        return self.filter(state=EnrollmentState.APPLIED)


class Enrollment(Scoped):
    """An affiliate's membership in a program; carries the sponsor."""

    TENANT = "program__merchant"
    OWNER = "affiliate__user"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="enrollments")
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="enrollments")
    state = models.CharField(
        _("state"), max_length=10, choices=EnrollmentState.choices, default=EnrollmentState.APPLIED
    )
    code = models.CharField(_("code"), max_length=40, help_text=_("Names the affiliate in links: ?ref=code."))
    sponsor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="recruits"
    )
    group = models.ForeignKey(
        Group, null=True, blank=True, on_delete=models.PROTECT, related_name="enrollments"
    )
    application = models.TextField(_("what the affiliate wrote"), blank=True)
    reason = models.TextField(_("reason of the last decision"), blank=True)
    applied_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = EnrollmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrollment")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "affiliate"], name="enrollment_once"),
            models.UniqueConstraint(fields=["program", "code"], name="enrollment_code_once"),
            models.CheckConstraint(
                condition=models.Q(sponsor__isnull=True) | ~models.Q(sponsor=models.F("id")),
                name="not_own_sponsor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.affiliate} · {self.program}"

    @property
    def is_active(self) -> bool:
        """May it promote and earn?"""
        return self.state == EnrollmentState.ACTIVE

    def upline(self, depth: int = 10) -> Iterator["Enrollment"]:
        """Yield the sponsor, the sponsor's sponsor and so on, at most `depth` of them."""
        above = self.sponsor
        while above is not None and depth > 0:
            yield above
            above, depth = above.sponsor, depth - 1

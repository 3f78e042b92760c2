"""The company, its people and their roles."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.crypto import fingerprint
from core.scoping import Scoped


class Role(models.TextChoices):
    OWNER = "owner", _("owner")
    MANAGER = "manager", _("manager")
    FINANCE = "finance", _("finance")
    REVIEWER = "reviewer", _("reviewer")
    ANALYST = "analyst", _("analyst")


class Merchant(Scoped):
    """The company that runs programs: the tenant."""

    TENANT = "pk"

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")

    def __str__(self) -> str:
        return self.name


class Member(Scoped):
    """A person of the merchant, with one role."""

    TENANT = "merchant"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("colleague")
        constraints: ClassVar = [models.UniqueConstraint(fields=["merchant", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Invitation(Scoped):
    """An offer of a role to an address; its token is derived from a key, never stored."""

    TENANT = "merchant"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("invitation")

    def __str__(self) -> str:
        return f"{self.email} ({self.get_role_display()})"

    @property
    def token(self) -> str:
        """What the invited person shows; goes into the mail and nowhere else."""
        return f"{self.pk}.{fingerprint(f'{self.pk} {self.email} {self.role}', purpose='invitation')}"

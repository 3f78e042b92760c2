"""The person who logs in, what happened (Event), and who must still be told (Job)."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserAccounts(BaseUserManager["User"]):
    """Makes people."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """Create a person; the address is stored in lower case."""
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """Create the installation's operator."""
        return self.create_user(email, password, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a person by address, whatever its case."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person, installation-wide; what it may do follows from its memberships."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserAccounts] = UserAccounts()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """The operator only; members of a tenant enter the admin by their role."""
        return self.is_superuser

    def get_short_name(self) -> str:
        """Return the first word of the name, or the part of the address before the @."""
        return (self.name or self.email.partition("@")[0]).split(" ")[0]


class Event(models.Model):
    """One fact: who did what to which row, and when. Never changed; audit trail and outbox in one."""

    TENANT: ClassVar[str] = "tenant_id"

    kind = models.CharField(max_length=60)
    tenant_id = models.BigIntegerField(null=True)
    scope_id = models.BigIntegerField(null=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id"]),
            models.Index(fields=["tenant_id", "-at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type} {self.subject_id}"


class JobState(models.TextChoices):
    DUE = "due", _("due")
    DONE = "done", _("done")
    QUARANTINED = "quarantined", _("quarantined")


class Job(models.Model):
    """One event due to one follower: the message itself, of which a broker only carries the bell."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="jobs")
    task = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=JobState.choices, default=JobState.DUE)
    next_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    strikes = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "task"], name="job_once")]
        indexes: ClassVar = [
            models.Index(fields=["next_at", "id"], condition=models.Q(state="due"), name="job_due"),
            models.Index(fields=["event"], condition=models.Q(state="due", attempts__gt=0), name="job_begun"),
            models.Index(fields=["event"], condition=models.Q(state="quarantined"), name="job_put_aside"),
        ]

    def __str__(self) -> str:
        return f"{self.task} for event {self.event_id}"


class Round(models.Model):
    """One turn of a scheduled task: the unique key makes a second ticker harmless."""

    task = models.CharField(max_length=120)
    period = models.DateTimeField()
    lease_token = models.UUIDField(default=uuid.uuid4)
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["task", "period"], name="round_once")]

    def __str__(self) -> str:
        return f"{self.task} of {self.period:%Y-%m-%d %H:%M}"

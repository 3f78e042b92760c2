"""Who and what is always let through or always looked at, and which accounts are known to belong together."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Enrollment, Program
from core.scoping import Scoped, ScopedQuerySet
from fraud.states import ListKind


class ListEntry(Scoped):
    """An address range, e-mail domain, site or country on a program's allow or block list (fraud.lists.matching)."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="fraud_lists")
    kind = models.CharField(_("kind"), max_length=10, choices=ListKind.choices)
    text = models.CharField(_("entry"), max_length=253)
    is_allowed = models.BooleanField(_("allow"), default=False)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("list entry")
        verbose_name_plural = _("allow and block lists")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "kind", "text"], name="list_entry_once")
        ]

    def __str__(self) -> str:
        return self.text


class ExemptionQuerySet(ScopedQuerySet):
    """Exemptions."""

    def in_force(self, at: datetime) -> Self:
        """Those that count at an instant."""
        return self.filter(created_at__lte=at, expires_at__gt=at)

    def not_about(self, user: Any) -> Self:
        """Those that a colleague may see: all but the ones of the person's own account."""
        return self.exclude(enrollment__affiliate__user=user)


class Exemption(Scoped):
    """One affiliate is not asked about by one check, or by any (`check` is empty), until it expires."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="exemptions")
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="exemptions")
    check_name = models.CharField(_("check"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    expires_at = models.DateTimeField(_("until"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = ExemptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("exemption")

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.check_name or '*'}"

    @property
    def last_day(self) -> date:
        """The last day on which it counts, on the reader's clock."""
        return timezone.localdate(self.expires_at - timedelta(microseconds=1))


class RelationQuerySet(ScopedQuerySet):
    """Declared relations."""

    def not_about(self, user: Any) -> Self:
        """Those that a colleague may see: all but the ones with the person's own account."""
        return self.exclude(one__affiliate__user=user).exclude(other__affiliate__user=user)


class Relation(Scoped):
    """Two affiliates that a manager knows to belong together, as an agency and its client; `one` has the lower id."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="relations")
    one = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=300)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = RelationQuerySet.as_manager()

    class Meta:
        verbose_name = _("relation")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["one", "other"], name="relation_once"),
            models.CheckConstraint(condition=models.Q(one__lt=models.F("other")), name="relation_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.one} – {self.other}"

"""A short address that leads to the shop and remembers who sent the visitor."""

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Enrollment
from affiliates.states import EnrollmentState
from core.scoping import Scoped, ScopedQuerySet


class LinkQuerySet(ScopedQuerySet):
    """Links."""

    def live(self) -> Self:
        """Those that lead somewhere: switched on, of an active enrollment."""
        return self.filter(is_active=True, enrollment__state=EnrollmentState.ACTIVE)


class Link(Scoped):
    """Code -> destination inside the program's allowed hosts."""

    TENANT = "enrollment__program__merchant"
    OWNER = "enrollment__affiliate__user"

    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="links")
    code = models.CharField(_("code"), max_length=40, unique=True)
    destination = models.URLField(_("destination"), max_length=2000)
    name = models.CharField(_("name"), max_length=80, blank=True)
    sub_ids = models.JSONField(_("sub ids"), default=list, blank=True)
    is_default = models.BooleanField(default=False, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrollment"], condition=models.Q(is_default=True), name="link_one_default"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.code

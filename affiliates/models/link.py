"""A short address that leads to the shop and remembers who sent the visitor."""

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Enrollment
from affiliates.models.program import Program
from affiliates.states import EnrollmentState
from core.scoping import Scoped, ScopedQuerySet


class LinkQuerySet(ScopedQuerySet):
    """Links."""

    def live(self) -> Self:
        """Those that lead somewhere: switched on, of an active enrollment."""
        return self.filter(is_active=True, enrollment__state=EnrollmentState.ACTIVE)


class Link(Scoped):
    """Code -> destination inside the program's allowed hosts.

    `rules` lead some visitors elsewhere: [{"countries": ["DE"], "devices": ["mobile"], "destination": url}], the first
    that fits wins, an empty list fits everybody. `rotation` shares the rest out by weight:
    [{"destination": url, "weight": 1}], the link's own destination is one of them only where it is named.
    """

    TENANT = "enrollment__program__merchant"
    OWNER = "enrollment__affiliate__user"

    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="links")
    code = models.CharField(_("code"), max_length=40, unique=True)
    destination = models.URLField(_("destination"), max_length=2000)
    name = models.CharField(_("name"), max_length=80, blank=True)
    sub_ids = models.JSONField(_("sub ids"), default=list, blank=True)
    rules = models.JSONField(_("destination rules"), default=list, blank=True)
    rotation = models.JSONField(_("rotation"), default=list, blank=True)
    expires_at = models.DateTimeField(_("ends at"), null=True, blank=True)
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


class DirectLinkState(models.TextChoices):
    ASKED = "asked", _("asked for")
    ACTIVE = "active", _("active")
    REFUSED = "refused", _("refused")
    ENDED = "ended", _("ended")


class DirectLink(Scoped):
    """An affiliate's own page that may link to the shop without any parameter; the tag knows it by the referrer."""

    TENANT = "enrollment__program__merchant"
    OWNER = "enrollment__affiliate__user"

    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="direct_links")
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="direct_links")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="direct_links")
    host = models.CharField(_("host"), max_length=253)
    path = models.CharField(_("path begins with"), max_length=500, default="/")
    state = models.CharField(
        _("state"), max_length=8, choices=DirectLinkState.choices, default=DirectLinkState.ASKED
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("direct link")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "host", "path"],
                condition=models.Q(state="active"),
                name="direct_link_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.host}{self.path}"

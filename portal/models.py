"""What one host looks and sounds like, and the keys of machines."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.models import Merchant, Program
from core.scoping import Scoped


class Font(models.TextChoices):
    FIGTREE = "figtree", "Figtree"
    SYSTEM = "system", _("the reader's own")


class Brand(Scoped):
    """What one host looks and sounds like; it lists the programs it shows."""

    TENANT = "merchant"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="brands")
    programs = models.ManyToManyField(Program, related_name="brands", verbose_name=_("programs"))
    name = models.CharField(_("name"), max_length=80)
    tagline = models.CharField(_("tagline"), max_length=160, blank=True)
    host = models.CharField(_("host"), max_length=253, unique=True, help_text=_("e.g. partners.example.com"))
    slug = models.SlugField(_("short name"), unique=True)
    colour = models.CharField(
        _("color"), max_length=7, default="#14634d", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    font = models.CharField(_("font"), max_length=10, choices=Font.choices, default=Font.FIGTREE)
    radius = models.PositiveSmallIntegerField(
        _("corner radius"), default=8, validators=[MaxValueValidator(16)]
    )
    logo = models.TextField(_("logo (SVG)"), blank=True)
    sender_name = models.CharField(_("sender's name"), max_length=80, blank=True)
    sender_email = models.EmailField(_("sender's address"), blank=True)
    support_email = models.EmailField(_("address for questions"), blank=True)

    class Meta:
        verbose_name = _("brand")

    def __str__(self) -> str:
        return self.name


class ApiKey(Scoped):
    """A machine's way in: bound to one program, with scopes; only the secret's hash is kept."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("API key")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Answer(Scoped):
    """The first answer to an Idempotency-Key, given again to whoever repeats the request."""

    TENANT = "api_key__program__merchant"

    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="answers")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("answer")
        constraints: ClassVar = [models.UniqueConstraint(fields=["api_key", "key"], name="answer_once")]

    def __str__(self) -> str:
        return self.key

"""A discount code that names an affiliate."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models.affiliate import Enrollment
from affiliates.models.program import Program
from core.scoping import Scoped


class CouponKind(models.TextChoices):
    PERSONAL = "personal", _("personal")
    SHARED = "shared", _("shared")


class CouponPolicy(models.TextChoices):
    ALWAYS = "always", _("always wins")
    WITH_CLICK = "with_click", _("only together with a click of the same affiliate")
    NEVER_OVER_CLICK = "never_over_click", _("never wins over a click")


class Coupon(Scoped):
    """A discount code of the store; its use credits the affiliate by the coupon's policy."""

    TENANT = "program__merchant"
    OWNER = "enrollment__affiliate__user"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="coupons")
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, related_name="coupons")
    code = models.CharField(_("code"), max_length=80, help_text=_("Capital and small letters are the same."))
    kind = models.CharField(_("kind"), max_length=10, choices=CouponKind.choices, default=CouponKind.PERSONAL)
    policy = models.CharField(
        _("policy"), max_length=20, choices=CouponPolicy.choices, default=CouponPolicy.ALWAYS
    )
    note = models.CharField(_("what customers get"), max_length=120, blank=True)
    is_offline = models.BooleanField(
        _("read out or printed"),
        default=False,
        help_text=_("On a poster, in a podcast or on a flyer: nobody clicks before using it."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, editable=False)

    class Meta:
        verbose_name = _("coupon")
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "code"], name="coupon_once")]

    def __str__(self) -> str:
        return self.code

    def counted_at(self, at: datetime) -> bool:
        """Say whether the code named its affiliate at an instant: orders from before it was retired still count."""
        return self.is_active or (self.retired_at is not None and at < self.retired_at)

    @staticmethod
    def normal(code: str) -> str:
        """Return the code as it is stored and compared: trimmed, folded to small letters."""
        return code.strip().casefold()

"""A program is one set of terms; how credit is given is dated."""

from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from affiliates.codes import random_code
from affiliates.models.merchant import Merchant
from core.money import Money
from core.scoping import Scoped


def random_key() -> str:
    """Return 24 random letters and digits."""
    return random_code(24)


class IpPolicy(models.TextChoices):
    TRUNCATED = "truncated", _("network only (last part removed)")
    HASHED = "hashed", _("as a fingerprint")
    NONE = "none", _("not kept")


class BrowserOrders(models.TextChoices):
    REFUSE = "refuse", _("refuse")
    HOLD = "hold", _("count, and hold the commission")
    ACCEPT = "accept", _("count like any other")


class Program(Scoped):
    """One set of terms under which affiliates promote; every row of the trade belongs to one."""

    TENANT = "merchant"

    class Approval(models.TextChoices):
        BY_HAND = "by_hand", _("by hand")
        AUTOMATIC = "automatic", _("automatic")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="programs")
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), help_text=_("Part of the program page's address."))
    currency = models.CharField(
        _("currency"), max_length=3, help_text=_("Commissions and payouts are in it.")
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    home_url = models.URLField(_("home page"), help_text=_("Where a link without a page of its own leads."))
    allowed_hosts = models.JSONField(
        _("allowed hosts"), default=list, help_text=_("Hosts that links may lead to, e.g. shop.example.com.")
    )
    is_open = models.BooleanField(_("open for applications"), default=True)
    approval = models.CharField(
        _("approval"), max_length=10, choices=Approval.choices, default=Approval.BY_HAND
    )
    terms = models.TextField(_("terms"), blank=True)
    asks_acceptance = models.BooleanField(
        _("affiliates accept new versions of their plan"),
        default=False,
        help_text=_("A new version is shown before anything else until the affiliate has agreed to it."),
    )
    includes_shipping = models.BooleanField(_("shipping earns commission"), default=False)
    includes_tax = models.BooleanField(_("tax earns commission"), default=False)
    minimum_payout = models.BigIntegerField(
        _("minimum payout"),
        default=5000,
        validators=[MinValueValidator(0)],
        help_text=_("In minor units, e.g. cents."),
    )
    second_approval_above = models.BigIntegerField(
        _("second approval above"),
        null=True,
        blank=True,
        help_text=_("A batch above it needs two people (cents)."),
    )
    debt_share = models.PositiveSmallIntegerField(
        _("debt taken from a payout"),
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Per cent of a payout that may settle an earlier debt."),
    )
    tag_key = models.CharField(
        max_length=24,
        unique=True,
        editable=False,
        default=random_key,
        help_text=_("Names the program in the store's tag and pixel; no secret."),
    )
    asks_consent = models.BooleanField(
        _("wait for consent"),
        default=True,
        help_text=_("Until the shop reports the visitor's consent, nothing is stored on their device."),
    )
    browser_orders = models.CharField(
        _("orders reported by browsers"),
        max_length=8,
        choices=BrowserOrders.choices,
        default=BrowserOrders.HOLD,
        help_text=_(
            "A visitor can forge what the tag or pixel reports; a store plugin or the API cannot be."
        ),
    )
    ip_policy = models.CharField(
        _("addresses of visitors"), max_length=10, choices=IpPolicy.choices, default=IpPolicy.TRUNCATED
    )
    duplicate_seconds = models.PositiveIntegerField(
        _("repeated click within"),
        default=10,
        validators=[MaxValueValidator(86_400)],
        help_text=_(
            "Seconds in which another click of the same visitor on the same link is marked as a repeat."
        ),
    )
    raw_days = models.PositiveIntegerField(
        _("days raw click data is kept"),
        default=180,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Then address, browser and referrer are removed; the click and its figures stay."),
    )
    is_screened = models.BooleanField(
        _("fraud review"),
        default=True,
        help_text=_(
            "Commissions are looked at before they can be approved; what is doubtful waits for a person."
        ),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("program")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["merchant", "slug"], name="program_slug_once"),
            models.CheckConstraint(
                condition=models.Q(minimum_payout__gte=0), name="program_minimum_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def money(self, amount: int) -> Money:
        """Return `amount` minor units in the program's currency."""
        return Money(amount, self.currency)

    def local(self, at: datetime) -> datetime:
        """Return the instant on the program's own clock."""
        return at.astimezone(ZoneInfo(self.time_zone))

    def span_of(self, day: date) -> tuple[datetime, datetime]:
        """Return when a day begins and when the next one does on the program's clock, in UTC: 23 to 25 hours apart."""
        zone = ZoneInfo(self.time_zone)
        days = (day, day + timedelta(days=1))
        begins, ends = (datetime.combine(one, time.min, zone).astimezone(UTC) for one in days)
        return begins, ends


class AttributionTerms(Scoped):
    """How credit is given from a date on: window, model, bound customers."""

    TENANT = "program__merchant"

    class Model(models.TextChoices):
        LAST_CLICK = "last_click", _("last click")
        FIRST_CLICK = "first_click", _("first click")
        LINEAR = "linear", _("linear")
        TIME_DECAY = "time_decay", _("time decay")
        POSITION = "position", _("position based")
        MARKOV = "markov", _("data driven (Markov)")
        SHAPLEY = "shapley", _("data driven (Shapley)")

    RULES: ClassVar = frozenset(set(Model.values) - {Model.MARKOV, Model.SHAPLEY})  # need no data

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="attribution_terms")
    effective_at = models.DateTimeField(_("effective from"), default=timezone.now)
    window_hours = models.PositiveIntegerField(
        _("window in hours"), default=720, validators=[MinValueValidator(1), MaxValueValidator(8760)]
    )
    model = models.CharField(_("model"), max_length=20, choices=Model.choices, default=Model.LAST_CLICK)
    bound_days = models.PositiveIntegerField(
        _("days a customer stays bound"), default=365, validators=[MaxValueValidator(3650)]
    )
    view_hours = models.PositiveIntegerField(
        _("view-through window in hours"),
        default=0,
        validators=[MaxValueValidator(720)],
        help_text=_(
            "How long after an advertisement was seen an order without a click may be credited. 0: never."
        ),
    )
    half_life_hours = models.PositiveIntegerField(
        _("half-life in hours"),
        default=168,
        validators=[MinValueValidator(1), MaxValueValidator(8760)],
        help_text=_("Time decay: a touch this much older counts half."),
    )
    fallback = models.CharField(
        _("rule while data is scarce"),
        max_length=20,
        choices=Model.choices,
        default=Model.LAST_CLICK,
        help_text=_("Credits orders while a data-driven model has too little to go by."),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("attribution terms")
        verbose_name_plural = _("attribution terms")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "effective_at"], name="terms_once"),
            models.CheckConstraint(
                condition=models.Q(window_hours__gte=1, window_hours__lte=8760), name="terms_window_in_range"
            ),
        ]

    def __str__(self) -> str:
        return _("%(model)s, %(hours)s hours") % {
            "model": self.get_model_display(),
            "hours": self.window_hours,
        }

    @property
    def window(self) -> timedelta:
        """How long after a click an order may be credited."""
        return timedelta(hours=self.window_hours)

    @property
    def view_window(self) -> timedelta:
        """How long after a view an order may be credited; nothing where views do not count."""
        return timedelta(hours=self.view_hours)

    @property
    def is_data_driven(self) -> bool:
        """Whether shares come from what journeys say instead of from a rule."""
        return self.model in {self.Model.MARKOV, self.Model.SHAPLEY}


class Group(Scoped):
    """Affiliates of a program that share a rate."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="groups")
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("group")
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "name"], name="group_once")]

    def __str__(self) -> str:
        return self.name

"""What visitors did before they bought: clicks, views, what the tag saw, and who is who."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from affiliates.models import AttributionTerms, Enrollment, Link, Program
from core.scoping import Scoped
from tracking.states import BeaconKind, BeaconState, Consent, Device, TrafficSource

# A click is written at wire speed: its references carry no constraint, and its id is its own (time first).
LOOSE: dict[str, Any] = {
    "db_constraint": False,
    "on_delete": models.DO_NOTHING,
    "db_index": False,
    "related_name": "+",
}


class Click(Scoped):
    """A visitor followed a link.

    The edge writes what it knows at once; `source`, `device`, `browser`, `os`, `is_duplicate` are read off its raw data
    later (`is_read`), and raw data goes when the program's time for it is over (`is_bare`). `landing` and `consent`
    are told by the tag. `network_kind` is what the installation's list says of the whole address before it is cut;
    `fetch_dest` and `fetch_user` are what the browser said of the request (Sec-Fetch-Dest, Sec-Fetch-User).
    """

    TENANT = "program__merchant"
    OWNER = "enrollment__affiliate__user"

    id = models.UUIDField(primary_key=True)
    link = models.ForeignKey(Link, **LOOSE)
    enrollment = models.ForeignKey(Enrollment, **LOOSE)
    program = models.ForeignKey(Program, **LOOSE)
    terms = models.ForeignKey(AttributionTerms, null=True, **LOOSE)
    at = models.DateTimeField()
    visitor = models.UUIDField(null=True)
    ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=400, blank=True)
    referrer = models.CharField(max_length=1000, blank=True)
    destination = models.CharField(max_length=2000, blank=True)
    sub_ids = models.JSONField(default=list)
    is_bot = models.BooleanField(default=False)
    network_kind = models.CharField(max_length=12, null=True)
    fetch_dest = models.CharField(max_length=12, null=True)
    fetch_user = models.BooleanField(null=True)
    via = models.CharField(max_length=10, blank=True, db_default="")
    utm = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))
    country = models.CharField(max_length=2, blank=True, db_default="")
    consent = models.CharField(
        max_length=8, choices=Consent.choices, default=Consent.UNKNOWN, db_default=Consent.UNKNOWN
    )
    landing = models.CharField(max_length=1000, blank=True, db_default="")
    source = models.CharField(max_length=12, choices=TrafficSource.choices, blank=True, db_default="")
    device = models.CharField(max_length=10, choices=Device.choices, blank=True, db_default="")
    browser = models.CharField(max_length=40, blank=True, db_default="")
    os = models.CharField(max_length=40, blank=True, db_default="")
    is_duplicate = models.BooleanField(default=False, db_default=False)
    is_read = models.BooleanField(default=False, db_default=False)
    is_bare = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("click")
        indexes: ClassVar = [
            # What is looked up among clicks that were read costs the edge nothing: it is indexed as they are read.
            models.Index(
                fields=["enrollment", "at"], condition=models.Q(is_read=True), name="click_of_enrollment"
            ),
            models.Index(
                fields=["visitor", "at"], condition=models.Q(visitor__isnull=False), name="click_of_visitor"
            ),
            models.Index(fields=["id"], condition=models.Q(is_read=False), name="click_unread"),
            models.Index(fields=["program", "at"], name="click_by_program"),
            models.Index(
                fields=["program", "at"],
                condition=models.Q(is_read=True, is_bare=False),
                name="click_with_raw_data",
            ),
            models.Index(
                fields=["program", "at"],
                condition=models.Q(is_bare=True, visitor__isnull=False),
                name="click_of_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class Impression(Scoped):
    """A visitor saw an advertisement of an affiliate; written at wire speed like a click."""

    TENANT = "program__merchant"
    OWNER = "enrollment__affiliate__user"

    id = models.UUIDField(primary_key=True)
    link = models.ForeignKey(Link, **LOOSE)
    enrollment = models.ForeignKey(Enrollment, **LOOSE)
    program = models.ForeignKey(Program, **LOOSE)
    terms = models.ForeignKey(AttributionTerms, null=True, **LOOSE)
    at = models.DateTimeField()
    visitor = models.UUIDField(null=True)
    is_bot = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("impression")
        indexes: ClassVar = [
            models.Index(fields=["visitor", "at"], name="impression_by_visitor"),
            models.Index(fields=["enrollment", "at"], name="impression_by_enrollment"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class Beacon(Scoped):
    """What a shop's page told about a visitor, stored before it is understood.

    `tid` is the click's id as given, `data` what was said. A beacon that cannot be taken keeps its `reason`.
    """

    TENANT = "program__merchant"

    id = models.UUIDField(primary_key=True)
    program = models.ForeignKey(Program, **LOOSE)
    kind = models.CharField(max_length=10, choices=BeaconKind.choices)
    at = models.DateTimeField()
    visitor = models.UUIDField(null=True)
    tid = models.CharField(max_length=40, blank=True)
    consent = models.CharField(max_length=8, choices=Consent.choices, default=Consent.UNKNOWN)
    page = models.CharField(max_length=1000, blank=True)
    referrer = models.CharField(max_length=1000, blank=True)
    data = models.JSONField(default=dict)
    state = models.CharField(
        max_length=8, choices=BeaconState.choices, default=BeaconState.WAITING, db_default=BeaconState.WAITING
    )
    reason = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        verbose_name = _("beacon")
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(state="waiting"), name="beacon_waiting"),
            models.Index(fields=["program", "at"], name="beacon_by_program"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Identity(Scoped):
    """A browser belongs to a customer, known by a keyed fingerprint of the store's id or of the e-mail address."""

    TENANT = "program__merchant"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="identities")
    visitor = models.UUIDField()
    key = models.CharField(max_length=64)
    at = models.DateTimeField()
    is_proven = models.BooleanField(default=False, db_default=False)  # by an order that a store has told

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key", "visitor"], name="identity_once")
        ]
        indexes: ClassVar = [models.Index(fields=["visitor"], name="identity_by_visitor")]

    def __str__(self) -> str:
        return str(self.visitor)

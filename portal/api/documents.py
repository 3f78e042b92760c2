"""What answers look like, for the schema; a test holds real answers against it (see portal.api.shapes)."""

from typing import Any

from rest_framework import serializers

from affiliates.link_choices import DEVICES
from affiliates.models import DirectLinkState
from affiliates.states import EnrollmentState
from commissions.states import CommissionKind, CommissionState
from payouts.states import PayoutState
from portal.api.fields import Metadata
from tracking.states import ConversionState, EvidenceKind, OrderState, RefundKind

Document = serializers.Serializer[Any]


def decimal_text(**extra: Any) -> serializers.RegexField:
    """An amount, as answers write it."""
    return serializers.RegexField(r"^-?[0-9]+(\.[0-9]+)?$", **extra)


class ProblemError(Document):
    """One wrong field."""

    pointer = serializers.CharField(help_text="JSON pointer (RFC 6901) into the request.")
    detail = serializers.CharField()


class ProblemDocument(Document):
    """An error (RFC 9457, application/problem+json)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = ProblemError(many=True, required=False)  # type: ignore[assignment]  # the wire calls it so
    differences = Metadata(required=False, help_text="With 409: field -> [what is known, what was sent].")
    conversion = serializers.IntegerField(required=False, help_text="With 409: the id of what is known.")


class Parked(Document):
    """Why it cannot be valued yet."""

    reason = serializers.CharField()


class CreditDocument(Document):
    """The share of one affiliate."""

    enrollment = serializers.IntegerField(help_text="The affiliate's id.")
    share = serializers.CharField(
        help_text='A fraction, such as "1" or "2/5"; all shares add up to exactly 1.'
    )
    group = serializers.CharField(required=False, help_text="The name of its group, or an empty text.")
    chain = serializers.ListField(child=Metadata(), help_text="Its sponsors, from level 2 upward.")
    own = serializers.ChoiceField(
        choices=["email", "phone", "customer", "payee"],
        required=False,
        help_text="By what the buyer is this affiliate itself; then what derives from its share is on hold.",
    )


class DecisionDocument(Document):
    """Who is credited, and why."""

    affiliate = serializers.CharField(
        allow_null=True, help_text="The affiliate's code; of several, whoever has the largest share."
    )
    evidence = serializers.ChoiceField(choices=EvidenceKind.choices)
    why = serializers.CharField()
    click_id = serializers.CharField(allow_null=True)
    coupon = serializers.CharField(allow_null=True)
    credits = CreditDocument(many=True, help_text="Everybody's share, the largest first.")
    made_at = serializers.DateTimeField()
    trace = Metadata(help_text="Everything that was considered.")


class CommissionDocument(Document):
    """What one affiliate earned."""

    id = serializers.IntegerField()
    conversion = serializers.IntegerField(
        allow_null=True, help_text="null: it is for a whole period, or was given by hand."
    )
    affiliate = serializers.CharField()
    kind = serializers.ChoiceField(
        choices=CommissionKind.choices,
        help_text="earned: by one conversion; true_up: for the bracket that a period reached in the end; "
        "bonus: for a target of the plan, or by hand; correction: by hand.",
    )
    level = serializers.IntegerField()
    amount = decimal_text(help_text="What it was first worth.")
    net = decimal_text(help_text="What is left of it after refunds.")
    currency = serializers.CharField()
    state = serializers.ChoiceField(choices=CommissionState.choices)
    is_held = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    occurred_at = serializers.DateTimeField()
    matures_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    explanation = serializers.ListField(child=serializers.CharField(), help_text="Why this number.")


class TracedCommission(CommissionDocument):
    """A commission with its whole calculation."""

    trace = Metadata()


class ConversionDocument(Document):
    """A conversion with its decision and its commissions."""

    id = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # the wire calls it so
    external_id = serializers.CharField()
    goal = serializers.CharField()
    state = serializers.ChoiceField(choices=ConversionState.choices)
    parked = Parked(allow_null=True)
    occurred_at = serializers.DateTimeField()
    captured_at = serializers.DateTimeField()
    currency = serializers.CharField()
    total = decimal_text()
    order_state = serializers.ChoiceField(choices=OrderState.choices)
    revision = serializers.IntegerField()
    is_new_customer = serializers.BooleanField(allow_null=True)
    decision = DecisionDocument(allow_null=True)
    commissions = TracedCommission(many=True)


class UpdateDocument(Document):
    """What became of an update."""

    status = serializers.ChoiceField(choices=["created", "revised", "same", "older"])
    detail = serializers.CharField()


class UpdatedConversion(ConversionDocument):
    """A conversion after a PUT."""

    update = UpdateDocument()  # type: ignore[assignment]  # the wire calls it so


class BulkItem(Document):
    """What became of one item: its own status, and the conversion or the problem."""

    status = serializers.IntegerField(help_text="201, 200, 409 or 422, as a single POST would answer.")
    conversion = ConversionDocument(required=False)
    problem = ProblemDocument(required=False)


class BulkDocument(Document):
    """One answer per item, in order."""

    items = BulkItem(many=True)


class RefundLineDocument(Document):
    """What of one line went back."""

    external_id = serializers.CharField()
    quantity = serializers.IntegerField()
    net = decimal_text(allow_null=True)


class RefundDocument(Document):
    """A refund."""

    id = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # the wire calls it so
    external_id = serializers.CharField()
    conversion_external_id = serializers.CharField()
    kind = serializers.ChoiceField(choices=RefundKind.choices)
    occurred_at = serializers.DateTimeField(allow_null=True)
    currency = serializers.CharField()
    gross = decimal_text(allow_null=True)
    lines = RefundLineDocument(many=True, allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    waiting = serializers.BooleanField(help_text="Its order has not come yet.")


class AffiliateDocument(Document):
    """An affiliate's membership in the program."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    state = serializers.ChoiceField(choices=EnrollmentState.choices)
    name = serializers.CharField()
    email = serializers.CharField()
    company = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_blank=True)
    sponsor = serializers.CharField(allow_null=True, help_text="The sponsor's code.")
    group = serializers.CharField(allow_null=True)
    applied_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class RuleDocument(Document):
    """Where some visitors are led instead; an empty list means all."""

    countries = serializers.ListField(child=serializers.CharField())
    devices = serializers.ListField(child=serializers.ChoiceField(choices=list(DEVICES)))
    destination = serializers.CharField()


class PartDocument(Document):
    """One of the pages that all other visitors are shared out to."""

    destination = serializers.CharField()
    weight = serializers.IntegerField()


class LinkDocument(Document):
    """A link."""

    id = serializers.IntegerField()
    affiliate = serializers.CharField()
    code = serializers.CharField()
    url = serializers.CharField()
    qr_url = serializers.CharField(help_text="What a QR code should hold, to know its visitors.")
    destination = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    sub_ids = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)
    rules = RuleDocument(many=True)
    rotation = PartDocument(many=True)
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class DirectLinkDocument(Document):
    """An affiliate's own page whose visitors count without a parameter."""

    id = serializers.IntegerField()
    affiliate = serializers.CharField()
    link = serializers.IntegerField(help_text="The id of the link that it counts to.")
    host = serializers.CharField(help_text="Without www., in IDNA.")
    path = serializers.CharField(help_text="How paths begin.")
    state = serializers.ChoiceField(choices=DirectLinkState.choices)
    reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class PayoutDocument(Document):
    """A payout."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    affiliate = serializers.CharField()
    amount = decimal_text()
    currency = serializers.CharField()
    state = serializers.ChoiceField(choices=PayoutState.choices)
    method = serializers.CharField()
    reference = serializers.CharField(allow_blank=True)
    failure = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)


class KeyPart(Document):
    """The key."""

    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)


class ProgramPart(Document):
    """The program that the key is bound to."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    currency = serializers.CharField()
    time_zone = serializers.CharField()


class KeyDocument(Document):
    """What a key is and may."""

    key = KeyPart()
    program = ProgramPart()
    merchant = serializers.CharField()
    requests_per_minute = serializers.IntegerField()


def page_of(kind: type[Document]) -> type[Document]:
    """Return the document of a list's page."""
    fields = {
        "__doc__": "One page of a list, newest first.",
        "items": kind(many=True),
        "next": serializers.CharField(
            allow_null=True, help_text="Pass it as `cursor`; null on the last page."
        ),
    }
    return type(kind.__name__.replace("Document", "") + "Page", (serializers.Serializer,), fields)

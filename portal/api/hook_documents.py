"""What answers about subscriptions and kinds of news look like, for the schema."""

from rest_framework import serializers

from integrations.states import ConnectionState
from portal.api.documents import Document
from portal.api.fields import Metadata


class HookDocument(Document):
    """A subscription."""

    id = serializers.IntegerField()
    target_url = serializers.CharField()
    event = serializers.CharField()
    filters = Metadata()
    expires = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(
        choices=ConnectionState.choices,
        help_text="paused: by a person, or because the address failed; disconnected: for good.",
    )
    trouble = serializers.CharField(allow_blank=True, help_text="What went wrong last, in a sentence.")
    created_at = serializers.DateTimeField()


class NewHook(HookDocument):
    """A subscription just made, with what its messages are signed by."""

    secret = serializers.CharField(
        allow_blank=True,
        help_text="Signs the messages; shown here alone. Empty, if the subscription has ended meanwhile.",
    )


class EventDocument(Document):
    """A kind of news."""

    kind = serializers.CharField()
    text = serializers.CharField()
    subject = serializers.CharField(help_text="Under which name a body tells what it is about.")
    scope = serializers.CharField(allow_null=True, help_text="What a key needs besides `hooks`.")
    allowed = serializers.BooleanField(help_text="This key may subscribe to it.")


class EventsDocument(Document):
    """All kinds."""

    items = EventDocument(many=True)

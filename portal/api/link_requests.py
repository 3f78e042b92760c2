"""What a request may say of a link, to make it or to change it."""

from datetime import UTC, datetime

from rest_framework import serializers

from affiliates.link_choices import DEVICES, MOST_RULES, MOST_WEIGHT, NAME_LETTERS, SUB_ID_LETTERS, SUB_IDS
from portal.api.fields import Country, Moment, Strict, Text, Whole


class Ahead(Moment):
    """An instant with its offset that may lie far ahead."""

    def bounded(self, found: datetime) -> datetime:
        """The verbs say what is too early or too late."""
        return found.astimezone(UTC)


class RuleRequest(Strict):
    """Where some visitors are led instead; of several rules the first that fits wins."""

    countries = serializers.ListField(
        child=Country(max_length=2), max_length=300, required=False, default=list, help_text="Empty: all."
    )
    devices = serializers.ListField(
        child=serializers.ChoiceField(choices=list(DEVICES)),
        max_length=len(DEVICES),
        required=False,
        default=list,
        help_text="Empty: all.",
    )
    destination = Text(max_length=2000)


class PartRequest(Strict):
    """One of the pages that all other visitors are shared out to."""

    destination = Text(max_length=2000)
    weight = Whole(min_value=1, max_value=MOST_WEIGHT, required=False, default=1)


class LinkChange(Strict):
    """What of a link may change; what is left out stays."""

    destination = Text(
        max_length=2000, required=False, help_text="A page on one of the program's allowed hosts."
    )
    name = Text(max_length=NAME_LETTERS, required=False, allow_blank=True)
    sub_ids = serializers.ListField(child=Text(max_length=SUB_ID_LETTERS), max_length=SUB_IDS, required=False)
    expires_at = Ahead(
        required=False, allow_null=True, help_text="From then on it leads to the home page. null: never."
    )
    rules = serializers.ListField(child=RuleRequest(), max_length=MOST_RULES, required=False)
    rotation = serializers.ListField(child=PartRequest(), max_length=MOST_RULES, required=False)


class LinkRequest(LinkChange):
    """A link to make."""

    affiliate = Text(max_length=40, help_text="The affiliate's code.")
    destination = Text(max_length=2000, help_text="A page on one of the program's allowed hosts.")
    code = Text(
        max_length=40,
        required=False,
        help_text="How the address ends: 3 to 40 of a-z, 0-9 and hyphen; it never changes. Without it: random.",
    )

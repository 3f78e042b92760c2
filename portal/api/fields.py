"""What a field of a request may be: exact amounts, times with an offset, plain texts, and no unknown names."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.money import EXPONENTS, Money, MoneyError

LARGEST = 10**13  # minor units: sums, rates and conversions of it still fit a 64-bit column
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MOST_DECIMALS = "UYW"
AHEAD = timedelta(days=1)  # a clock may be wrong, but not by more
METADATA_BYTES = 8192
_OFFSET = re.compile(r"(Z|[+-]\d\d:?\d\d)$", re.ASCII | re.IGNORECASE)


class Strict(serializers.Serializer[Any]):
    """An object that names every wrong field at once, those it does not know among them."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values; ValidationError with all that is wrong."""
        errors: dict[str, Any] = {}
        if isinstance(data, dict):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            errors = {name: [_("There is no such field.")] for name in data if name not in writable}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as wrong:
            raise serializers.ValidationError({**errors, **self._as_dict(wrong.detail)}) from None
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _as_dict(self, detail: Any) -> dict[str, Any]:
        return detail if isinstance(detail, dict) else {"non_field_errors": detail}


class Text(serializers.CharField):
    """A text; whole numbers are taken as one, because stores often send ids so."""

    def to_internal_value(self, data: Any) -> str:
        """Return the trimmed text; floats and booleans are refused."""
        if isinstance(data, bool) or not isinstance(data, str | int):
            self.fail("invalid")
        if isinstance(data, int) and abs(data) >= 10**40:
            self.fail("max_length", max_length=self.max_length)
        text: str = super().to_internal_value(str(data))
        return text


class Whole(serializers.IntegerField):
    """A whole number, written as one."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number; texts, floats and booleans are refused."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(data)


class YesNo(serializers.BooleanField):
    """true or false, nothing that looks like it."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field[Any, Any, Any, Any]):
    """An instant with its offset, from the year 2000 to a day ahead."""

    def to_internal_value(self, data: Any) -> datetime:
        """Return it in UTC."""
        if not isinstance(data, str) or len(data) > 40 or not _OFFSET.search(data):
            raise serializers.ValidationError(_("Write a time with its offset, like 2026-11-20T14:02:11Z."))
        return self.bounded(self.parsed(data))

    def parsed(self, text: str) -> datetime:
        """Read ISO 8601."""
        try:
            found = parse_datetime(text.upper())
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise serializers.ValidationError(_("Write a time with its offset, like 2026-11-20T14:02:11Z."))
        return found

    def bounded(self, found: datetime) -> datetime:
        """Refuse times that no order has."""
        if not EARLIEST <= found <= timezone.now() + AHEAD:
            raise serializers.ValidationError(_("The time must lie between 2000 and now."))
        return found.astimezone(UTC)

    def to_representation(self, value: datetime) -> str:
        """Write it in UTC."""
        return moment(value) or ""


def moment(value: datetime | None) -> str | None:
    """Write an instant as every answer does: UTC, with Z."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]+)?$", "example": "129.90"})
class Amount(serializers.Field[Any, Any, Any, Any]):
    """An amount of 0 or more as a decimal text; becomes minor units of the currency that the whole request names."""

    def to_internal_value(self, data: Any) -> int:
        """Return minor units; while the currency is unknown itself, only the form is checked."""
        currency = self.context.get("currency") or MOST_DECIMALS
        try:
            amount = Money.parse(data, currency).amount
        except MoneyError as wrong:
            raise serializers.ValidationError(str(wrong)) from None
        if amount >= LARGEST:
            raise serializers.ValidationError(_("The amount is too large."))
        return amount

    def to_representation(self, value: Any) -> str:
        """Amounts are written by `decimal`, which knows the currency."""
        return str(value)


def decimal(minor: int, currency: str) -> str:
    """Write minor units as every answer does: a decimal text in major units."""
    return f"{Money(minor, currency).decimal:f}"


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3}$", "example": "EUR"})
class Currency(Text):
    """A currency of ISO 4217."""

    def to_internal_value(self, data: Any) -> str:
        """Return the code."""
        code = super().to_internal_value(data)
        if code not in EXPONENTS:
            raise serializers.ValidationError(_("Write a currency of ISO 4217, like EUR."))
        return code


@extend_schema_field({"type": "string", "pattern": "^[A-Za-z]{2}$", "example": "DE"})
class Country(Text):
    """Two letters of ISO 3166."""

    def to_internal_value(self, data: Any) -> str:
        """Return them in capitals."""
        code = super().to_internal_value(data)
        if code and not re.fullmatch("[A-Za-z]{2}", code):
            raise serializers.ValidationError(_("Write a country as two letters, like DE."))
        return code.upper()


@extend_schema_field({"type": "object", "additionalProperties": True})
class Metadata(serializers.Field[Any, Any, Any, Any]):
    """Any names and values, up to 8 kB."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return them as they are."""
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("Write an object of names and values."))
        if len(json.dumps(data, ensure_ascii=False).encode()) > METADATA_BYTES:
            raise serializers.ValidationError(_("At most 8 kB are kept."))
        return data

    def to_representation(self, value: Any) -> Any:
        """Return them as they are."""
        return value

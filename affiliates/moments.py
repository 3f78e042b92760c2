"""A field for a day and a time on a program's own clock."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

FORMAT = "%Y-%m-%dT%H:%M"


class ProgramMoment(forms.DateTimeField):
    """A day and a time on the clock of `zone`, which the form sets to the program's."""

    zone = "UTC"

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=FORMAT)
        super().__init__(**({"widget": widget} | options))

    def to_python(self, value: Any) -> datetime | None:
        """Read it; ValidationError for what is no moment, or one that the clock jumps over."""
        with timezone.override(self.zone):
            return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        """Write it as the program's clock shows it."""
        with timezone.override(self.zone):
            return super().prepare_value(value)

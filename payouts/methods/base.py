"""What every way of paying can do."""

from typing import Protocol

from django.utils.functional import Promise

from affiliates.models import Payee


class Method(Protocol):
    """A way of paying; it talks to the outside and writes no rows.

    `label` is for people. `is_by_hand` says whether a person sends the money and notes so; else a machine does both.
    """

    name: str
    label: str | Promise
    is_by_hand: bool

    def takes(self, payee: Payee) -> bool:
        """Say whether it can pay to these details."""

"""What every way of paying can do."""

from typing import Protocol

from affiliates.models import Payee


class Method(Protocol):
    """A way of paying; it talks to the outside and writes no rows."""

    name: str

    def takes(self, payee: Payee) -> bool:
        """Say whether it can pay to these details."""

"""What the editor remembers for a person between two pages: the example order, and the rule taken out last."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from commissions.models import Draft, Plan


class Memory:
    """A corner of the person's session, for one plan."""

    def __init__(self, request: HttpRequest, plan: Plan) -> None:
        self.session, self.key = request.session, f"plan-{plan.pk}"

    @property
    def example(self) -> dict[str, Any] | None:
        """The example order as it was told last."""
        found: dict[str, Any] | None = self.session.get(self.key, {}).get("example")
        return found

    def keep_example(self, told: dict[str, Any]) -> None:
        """Remember the example order."""
        self.session[self.key] = self.session.get(self.key, {}) | {"example": told}

    def undo(self, draft: Draft) -> dict[str, Any] | None:
        """The rule that was taken out last, and its place; None after any further change, whoever made it."""
        found: dict[str, Any] | None = self.session.get(self.key, {}).get("undo")
        return found if found and found["at"] == [draft.pk, draft.edits] else None

    def keep_undo(self, draft: Draft, taken: dict[str, Any] | None) -> None:
        """Remember what was taken out of the draft, as it stands without it; or forget it."""
        kept = self.session.get(self.key, {})
        undo = taken | {"at": [draft.pk, draft.edits]} if taken else None
        if kept.get("undo") != undo:
            self.session[self.key] = kept | {"undo": undo}

"""The versions of a plan as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from commissions.admin.plan_editor.cards import RuleCard, rule_cards
from commissions.admin.plan_editor.clock import moment
from commissions.models import Plan, PlanVersion
from commissions.words import changes_in_words, plan_in_words


@dataclass(frozen=True, slots=True)
class Shown:
    """A version as the plan's page shows it: `state` is planned, current or past."""

    version: PlanVersion
    state: str
    begins: str
    rules: list[RuleCard]
    words: list[str]
    changes: list[str]

    @property
    def beside(self) -> list[str]:
        """What the version says beside its rules, which come first in its words."""
        return self.words[len(self.rules) :]


def versions_of(plan: Plan, now: datetime) -> list[Shown]:
    """Every version, the newest first."""
    currency = plan.program.currency
    current = plan.versions.filter(effective_at__lte=now).order_by("effective_at", "number").last()
    found = []
    for version in plan.versions.select_related("published_by").order_by("-number"):
        is_ahead = version.effective_at > now
        state = "planned" if is_ahead else "current" if version == current else "past"
        rules, words = rule_cards(version.body, [], currency), plan_in_words(version.body, currency)
        changes = changes_in_words(current.body, version.body, currency) if is_ahead and current else []
        found.append(Shown(version, state, moment(plan, version.effective_at), rules, words, changes))
    return found

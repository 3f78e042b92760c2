"""Plans and traces in plain words: what a rule pays, why somebody earned this amount, what a new version changes."""

from commissions.words.changes import changes_in_words
from commissions.words.conditions import conditions_in_words
from commissions.words.figures import amount_in_words
from commissions.words.plans import plan_in_words
from commissions.words.reasons import reason_in_words, reason_of
from commissions.words.rewards import reward_in_words
from commissions.words.rules import card_title, rule_in_words
from commissions.words.trace import Sentence, explain

__all__ = [
    "Sentence",
    "amount_in_words",
    "card_title",
    "changes_in_words",
    "conditions_in_words",
    "explain",
    "plan_in_words",
    "reason_in_words",
    "reason_of",
    "reward_in_words",
    "rule_in_words",
]

"""What an affiliate is told of a verdict, to begin with: whoever decides may change every word of it."""

from django.utils.text import Truncator
from django.utils.translation import gettext_lazy

from fraud.models import Case
from fraud.states import Action, Verdict

LONGEST = 2000  # letters of a message, as Case keeps it

WORDS = {
    Verdict.CLEAR: gettext_lazy("What was on hold is released, and what has matured is paid as usual."),
    Verdict.DECLINE: gettext_lazy(
        "We cannot pay commission for these orders.\n\n%(why)sEverything else that you earned stays as it is."
    ),
    Verdict.REVERSE: gettext_lazy(
        "We have to take this commission back, also where it was approved or paid already.\n\n%(why)s"
        "Your statement shows each amount."
    ),
    Verdict.SUSPEND: gettext_lazy(
        "New orders are not credited to you for the time being, and what was on hold is not paid.\n\n%(why)s"
        "Please write to us if you want to talk about it."
    ),
    Verdict.BAN: gettext_lazy(
        "New orders are not credited to you any more, and the commission in question is taken back.\n\n%(why)s"
        "Please write to us if you want to talk about it."
    ),
}


def message_for(case: Case, verdict: Verdict) -> str:
    """Return the message for a verdict as plain text: what the affiliate may know, without figures and limits.

    It stands in a letter that greets and says of which program it is. Empty for a verdict that decides nothing yet.
    """
    if verdict not in WORDS:
        return ""
    return Truncator(WORDS[verdict] % {"why": _why(case)}).chars(LONGEST)


def _why(case: Case) -> str:
    """What is held for and still so, told as something that is over, each once; nothing for a case without any."""
    rows = case.signals.standing().exclude(action=Action.NOTE).order_by("-weight", "pk")
    sentences = dict.fromkeys(row.check_itself.told(is_decided=True) for row in rows if row.check_itself)
    return "".join(f"- {sentence}\n" for sentence in sentences) + "\n" if sentences else ""

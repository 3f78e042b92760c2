"""What an affiliate is told of a verdict, to begin with: whoever decides may change every word of it."""

from django.utils.text import Truncator
from django.utils.translation import gettext_lazy

from fraud.models import Case
from fraud.states import Action, Verdict

LONGEST = 2000  # letters of a message, as Case keeps it

HELLO = gettext_lazy("Hello %(name)s,")
WORDS = {
    Verdict.CLEAR: gettext_lazy(
        "we have looked at what was on hold in %(program)s. Everything is in order: the amounts are released, and "
        "what has matured is paid as usual.\n\nThank you for your patience."
    ),
    Verdict.DECLINE: gettext_lazy(
        "we have looked at what was on hold in %(program)s, and we cannot pay commission for these orders.\n\n%(why)s"
        "Everything else that you earned stays as it is."
    ),
    Verdict.REVERSE: gettext_lazy(
        "we have looked at orders in %(program)s for which you were credited, and we have to take this commission "
        "back, also where it was approved or paid already.\n\n%(why)sYour statement shows each amount."
    ),
    Verdict.SUSPEND: gettext_lazy(
        "your membership in %(program)s is suspended: new orders are not credited to you for the time being, and what "
        "was on hold is not paid.\n\n%(why)sPlease write to us if you want to talk about it."
    ),
    Verdict.BAN: gettext_lazy(
        "your membership in %(program)s has ended: new orders are not credited to you any more, and the commission in "
        "question is taken back.\n\n%(why)s"
        "Please write to us if you want to talk about it."
    ),
}


def message_for(case: Case, verdict: Verdict) -> str:
    """Return the message for a verdict as plain text: what the affiliate may know, without figures and limits.

    Empty for a verdict that decides nothing yet.
    """
    if verdict not in WORDS:
        return ""
    told = {"name": case.enrollment.affiliate.name, "program": case.program.name, "why": _why(case)}
    text = f"{HELLO % told}\n\n{WORDS[verdict] % told}"
    return Truncator(text).chars(LONGEST)


def _why(case: Case) -> str:
    """The plain sentences of what is held for and still so, each once; nothing for a case without any."""
    rows = case.signals.standing().exclude(action=Action.NOTE).order_by("-weight", "pk")
    sentences = dict.fromkeys(str(row.check_itself.plain) for row in rows if row.check_itself)
    return "".join(f"- {sentence}\n" for sentence in sentences) + "\n" if sentences else ""

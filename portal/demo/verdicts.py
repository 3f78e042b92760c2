"""What people did with the cases that the review opened: decided, proposed, answered; the others wait."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from fraud.actions import answers, cases
from fraud.actions.verdicts import decide
from fraud.models import Case
from fraud.states import Cause, Verdict
from portal.demo import cast

if TYPE_CHECKING:
    from portal.demo.simulator import Simulator

OWN_ORDER = "You bought this yourself: own orders earn nothing. Your other orders are not concerned."


def write(play: Simulator) -> None:
    """Put down who does what with which case."""
    put, ago = play.agenda.put, play.stage.ago
    put(ago(60), partial(_decline, play, "Bergfieber", "Same address as the account's."))
    put(ago(9), partial(_decline, play, "Tom Okafor", "Own order, as he says himself on the telephone."))
    put(ago(4), partial(_assign, play))
    put(ago(2, 9), partial(_answer, play))
    put(ago(1, 10), partial(_propose, play))


def _decline(play: Simulator, name: str, reason: str, at: datetime) -> None:
    """An own order is declined, and the affiliate is told why."""
    reviewer = play.stage.people["reviewer"]
    case = _case(play, name, Cause.IDENTITY)
    decide(case, Verdict.DECLINE, reason=reason, message=OWN_ORDER, actor=reviewer, at=at)


def _assign(play: Simulator, at: datetime) -> None:
    """A manager gives a case to the reviewer."""
    people, case = play.stage.people, _case(play, cast.RETURNING, Cause.ORDERS)
    cases.assign(case, people["reviewer"], actor=people["manager"], at=at)


def _answer(play: Simulator, at: datetime) -> None:
    """An affiliate explains an order."""
    text = (
        "That order was for a review: I bought the jacket to test it and forgot to log out of my own page. "
        "Please leave it out, I do not want anything for it. The receipt is attached."
    )
    receipt = answers.FileIn("receipt.txt", "text/plain", b"Alpine shell jacket 1\nPaid by card\n")
    affiliate = play.stage.shops["northwind"].promoters["The Gear Shelf"]
    answers.answer(
        _case(play, "The Gear Shelf", Cause.IDENTITY), text, [receipt], actor=affiliate.user, at=at
    )


def _propose(play: Simulator, at: datetime) -> None:
    """So much money asks for a second person."""
    reason = (
        "Hundreds of clicks, all loaded as pictures on one forum; none of the visitors was seen in the shop."
    )
    message = (
        "Your link was loaded as a picture. Only people who follow a link on purpose count as sent by you."
    )
    case = _case(play, cast.HIDING, Cause.TRAFFIC)
    decide(case, Verdict.DECLINE, reason=reason, message=message, actor=play.stage.people["reviewer"], at=at)


def _case(play: Simulator, name: str, cause: Cause) -> Case:
    """The case that the review has opened; it is an error if it has not."""
    enrollment = play.stage.shops["northwind"].promoters[name].enrollment
    found: Case = Case.objects.undecided().get(enrollment=enrollment, cause=cause)
    return found

"""The states of the ground floor and the moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class IllegalMove(ValueError):
    """A verb was asked for that the row's state does not allow."""


class EnrollmentState(models.TextChoices):
    APPLIED = "applied", _("applied")
    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    BANNED = "banned", _("banned")
    LEFT = "left", _("left")
    REFUSED = "refused", _("not accepted")


MOVES: dict[str, frozenset[str]] = {
    "applied": frozenset({"active", "refused"}),
    "active": frozenset({"suspended", "banned", "left"}),
    "suspended": frozenset({"active", "banned", "left"}),
    "refused": frozenset({"active"}),
    "left": frozenset({"active"}),
    "banned": frozenset(),
}
# for who finds that it was wrong to stop somebody: not a change of mind, which a ban does not allow
UNDONE: dict[str, frozenset[str]] = {
    "suspended": frozenset({"active"}),
    "banned": frozenset({"active", "suspended"}),
}


def guard(old: str, new: str) -> None:
    """Raise IllegalMove with a sentence unless `old` may become `new`."""
    if new not in MOVES[old]:
        names = {state.value: state.label for state in EnrollmentState}
        allowed = ", ".join(str(names[state]) for state in sorted(MOVES[old])) or _("nothing else")
        message = _("An enrollment that is %(old)s cannot become %(new)s; possible: %(allowed)s.")
        raise IllegalMove(message % {"old": names[old], "new": names[new], "allowed": allowed})


DIRECT_LINK_MOVES: dict[str, frozenset[str]] = {
    "asked": frozenset({"active", "refused", "ended"}),
    "active": frozenset({"ended"}),
    "refused": frozenset({"active", "ended"}),
    "ended": frozenset(),
}

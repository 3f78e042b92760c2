"""What a person can do about a finding, and which of it is proposed."""

from integrations.mapping.conflicts import OURS
from integrations.states import FindingKind

TELL, THEIRS, MERGE, LEAVE = "tell", "theirs", "merge", "leave"


DEALS = frozenset({FindingKind.WON_THERE, FindingKind.LOST_THERE})


def ways_of(kind: str) -> tuple[str, ...]:
    """Return what can be done about a kind of finding, the usual first."""
    if kind == FindingKind.DIFFERS:
        return TELL, THEIRS, LEAVE
    if kind in (FindingKind.MISSING, FindingKind.GONE):
        return TELL, LEAVE
    if kind in DEALS:
        return THEIRS, LEAVE
    return MERGE, LEAVE


def proposed(kind: str, rule: str) -> str:
    """Return what is proposed, by the rule that the mapping has for the field.

    A value that is not the agreed one was changed there: only where ours wins it is to be told again.
    """
    if kind == FindingKind.DIFFERS:
        return TELL if rule == OURS else THEIRS
    return ways_of(kind)[0]

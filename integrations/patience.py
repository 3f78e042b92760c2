"""How long to wait after a try that failed, and when to give up: values in, values out."""

from dataclasses import dataclass
from datetime import timedelta

from core.jobs import STEPS, STRIKES, Misconfigured, Permanent, Temporary, backoff
from integrations.connectors.base import Gone, NotLet
from integrations.states import DeliveryState

LONGEST_WAIT = timedelta(days=1)
HOURLY = timedelta(hours=1)
LIFE = timedelta(days=14)  # of what is due: no queue grows for ever
FAILURES = 5  # in a row open the breaker
SHORTEST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a failed try means: for the message (`state`, `wait`), and for the whole connection.

    `is_down` counts towards the breaker, `holds` is how long the far side asked everybody to wait; `is_gone` switches
    the connection off, `trouble` says that a person must change a setting.
    """

    state: str
    wait: timedelta = timedelta(0)
    is_down: bool = False
    holds: timedelta = timedelta(0)
    is_gone: bool = False
    trouble: str = ""


def judge(failure: Exception, *, attempts: int, age: timedelta, failures: int) -> Verdict:
    """Say what to do after try number `attempts` of a message as old as `age`, the `failures`th in a row there."""
    if isinstance(failure, Gone):
        return Verdict(DeliveryState.DUE, is_gone=True)
    if isinstance(failure, NotLet):
        return Verdict(_lived(age), HOURLY, trouble=str(failure))
    if isinstance(failure, Misconfigured):
        return Verdict(_lived(age), HOURLY, is_down=True, trouble=str(failure))
    if isinstance(failure, Temporary):
        return _temporary(failure, attempts, age, failures)
    if isinstance(failure, Permanent):
        return Verdict(DeliveryState.DEAD)
    broken = DeliveryState.DEAD if attempts >= STRIKES else DeliveryState.DUE  # our own mistake, not theirs
    return Verdict(broken, timedelta(seconds=backoff(attempts)))


def _lived(age: timedelta) -> DeliveryState:
    """A message that waits for a person is given up at the end of its life."""
    return DeliveryState.DEAD if age >= LIFE else DeliveryState.DUE


def _temporary(failure: Temporary, attempts: int, age: timedelta, failures: int) -> Verdict:
    asked = min(timedelta(seconds=max(0.0, failure.retry_after or 0.0)), LONGEST_WAIT)
    wait = asked or timedelta(seconds=backoff(attempts))
    # while the far side as a whole is down no message is at fault: none is given up before its time is over
    is_over = attempts >= len(STEPS) and (failures < FAILURES or age >= LIFE)
    state = DeliveryState.DEAD if is_over else DeliveryState.DUE
    return Verdict(state, wait, is_down=True, holds=asked)


def rest(failures: int) -> timedelta:
    """Return how long nothing is sent after so many failures in a row: 30 seconds at 5, doubled up to 30 minutes."""
    if failures < FAILURES:
        return timedelta(0)
    return min(SHORTEST_REST * (1 << min(failures - FAILURES, 10)), LONGEST_REST)

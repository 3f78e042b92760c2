"""Whether anybody outside hears of a company's news: asked before a job is made to tell them."""

from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from time import monotonic

from django.db import transaction
from django.db.models import Q

from integrations.connectors import CONNECTORS
from integrations.connectors.base import Delivers
from integrations.connectors.records import KeepsRecords
from integrations.models import Connection
from integrations.states import ConnectionState

BELIEVED = 1.0  # seconds
LISTENING = (ConnectionState.ACTIVE, ConnectionState.PAUSED)  # a paused one hears on, later


@dataclass
class Belief:
    """Which merchants have a connection that listens, and until when this process believes so."""

    merchants: frozenset[int] = field(default_factory=frozenset)
    until: float = 0.0


_belief = Belief()


def is_heard(tenant_id: int | None, kind: str) -> bool:
    """Say whether a company has a connection that hears news; believed for a second, whatever the kind."""
    if tenant_id is None:
        return False
    if monotonic() >= _belief.until:
        believe(_ask(), BELIEVED)
    return tenant_id in _belief.merchants


def delivering() -> list[str]:
    """Return the names of the connectors that tell their systems our news."""
    return [name for name, connector in CONNECTORS.items() if isinstance(connector, Delivers)]


def keeping() -> list[str]:
    """Return the names of the connectors whose systems keep records of our customers."""
    return [name for name, connector in CONNECTORS.items() if isinstance(connector, KeepsRecords)]


def is_told(connection: Connection) -> bool:
    """Say whether a system is told anything: it knows how to hear, and its settings ask for it."""
    connector = CONNECTORS[connection.connector]
    needed = getattr(connector, "TELLS_IF", ())
    wants = not needed or any(connection.options.get(name) for name in needed)
    return wants and isinstance(connector, Delivers | KeepsRecords)


def believe(merchants: frozenset[int], seconds: float) -> None:
    """Take for true for so long that these merchants, and no others, are heard."""
    _belief.merchants, _belief.until = merchants, monotonic() + seconds


def forget() -> None:
    """Ask again at the next event, and once more when the change at hand is committed."""
    _belief.until = 0.0
    transaction.on_commit(_expire)


def _expire() -> None:
    _belief.until = 0.0


def _ask() -> frozenset[int]:
    rows = Connection.objects.filter(_hears(), state__in=LISTENING)
    return frozenset(rows.values_list("program__merchant_id", flat=True).distinct())


def _hears() -> Q:
    """Which connections are told anything: of a connector with TELLS_IF those where one of these settings is on."""
    heard = Q(pk__in=[])
    for name in {*delivering(), *keeping()}:
        settings = [Q(**{f"options__{each}": True}) for each in getattr(CONNECTORS[name], "TELLS_IF", ())]
        is_on = reduce(or_, settings) if settings else Q()
        heard |= Q(connector=name) & is_on
    return heard

"""Which shops pay a company's affiliates in store credit."""

from dataclasses import dataclass

from affiliates.models import Program
from integrations.connectors import CONNECTORS
from integrations.connectors.credits import GivesCredit
from integrations.gate import LISTENING
from integrations.models import Connection
from integrations.states import ConnectionState
from payouts.models import Payout


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as affiliates know it; `connection` is its number here."""

    connection: int
    name: str


def shops_that_give_credit(program: Program) -> list[Shop]:
    """Return the shops of the program's company where its affiliates may be paid in credit now; the program's first."""
    rows = Connection.objects.filter(
        program__merchant=program.merchant_id, state=ConnectionState.ACTIVE, connector__in=_able()
    )
    found = [row for row in rows.select_related("program__merchant").order_by("pk") if _offers(row)]
    found.sort(key=lambda row: row.program_id != program.pk)
    return [Shop(row.pk, _name(row)) for row in found]


def shop_of(payout: Payout) -> Connection | None:
    """Return the connection that gives a payout's credit, also a paused one; None if the company has it no more."""
    rows = Connection.objects.filter(
        pk=payout.payee.shop or 0,
        program__merchant=payout.program.merchant_id,
        connector__in=_able(),
        state__in=LISTENING,
    )
    found: Connection | None = rows.select_related("program").first()
    return found if found is not None and _offers(found) else None


def _able() -> list[str]:
    return [name for name, connector in CONNECTORS.items() if isinstance(connector, GivesCredit)]


def _offers(row: Connection) -> bool:
    connector = CONNECTORS[row.connector]
    return isinstance(connector, GivesCredit) and connector.gives_credit(row.options)


def _name(row: Connection) -> str:
    connector = CONNECTORS[row.connector]
    told = connector.shop_name(row.options) if isinstance(connector, GivesCredit) else ""
    return told or str(row.program.merchant.name)

"""Systems we are connected with, what they sent, what they are told, and how the two sides compare."""

from integrations.models.arrivals import Arrival
from integrations.models.audits import Audit, Finding
from integrations.models.connections import Connection
from integrations.models.deliveries import Attempt, Delivery, Lane, RemoteRecord
from integrations.models.facts import CustomerFact
from integrations.models.hours import ConnectionHour, Trouble
from integrations.models.inbounds import Inbound
from integrations.models.mappings import FieldDecision, Mapping
from integrations.models.order_files import OrderFile
from integrations.models.reconciliations import Reconciliation

__all__ = [
    "Arrival",
    "Attempt",
    "Audit",
    "Connection",
    "ConnectionHour",
    "CustomerFact",
    "Delivery",
    "FieldDecision",
    "Finding",
    "Inbound",
    "Lane",
    "Mapping",
    "OrderFile",
    "Reconciliation",
    "RemoteRecord",
    "Trouble",
]

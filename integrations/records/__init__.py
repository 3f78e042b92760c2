"""What we know of a customer, as CRMs and shops are told: one flat record for mappings to pick from."""

from integrations.records.concerned import Concerned, concerned_by
from integrations.records.customers import customer_record, merge_key
from integrations.records.deals import deal_record
from integrations.records.orders import order_record
from integrations.records.profiles import Segment

__all__ = [
    "Concerned",
    "Segment",
    "concerned_by",
    "customer_record",
    "deal_record",
    "merge_key",
    "order_record",
]

"""Amounts as Shopify writes them: each in the shop's currency, beside the one that the buyer paid in."""

from integrations.connectors.base import Unreadable
from integrations.connectors.body import Fields


def shop_amount(row: Fields, name: str, currency: str, *, negative: bool = False) -> int:
    """Return the amount in minor units of the shop's currency, from `{name}_set` or a plain `name`.

    Raises Unreadable where the set is in another currency than the order.
    """
    both = row.part(f"{name}_set")
    if not both.values:
        return row.amount(name, currency, negative=negative)
    shop = both.part("shop_money")
    told = shop.text("currency_code", 3)
    if told != currency:
        raise Unreadable(f"{name}: {told or '-'} ≠ {currency}")
    return shop.amount("amount", currency, negative=negative)


def sum_of(rows: list[Fields], name: str, currency: str) -> int:
    """Return the sum of one amount over rows."""
    return sum(shop_amount(row, name, currency) for row in rows)

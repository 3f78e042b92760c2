"""What somebody buys: an order as the shop would tell it."""

from datetime import datetime

from portal.demo.catalog import Product
from portal.demo.chance import Chance
from portal.demo.stage import Shop
from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn

# fmt: off
FIRST = (
    "alva", "ben", "carla", "david", "emma", "finn", "gus", "hanna",
    "ines", "jan", "kira", "leo", "mona", "nils", "ola", "paul",
)
LAST = (
    "adler", "baker", "costa", "dunn", "evans", "fischer", "green", "horn",
    "ibsen", "jung", "klein", "lopez", "meyer", "noor", "olsen", "park",
)
# fmt: on
COUNTRIES = ("DE", "DE", "GB", "AT", "NL", "FR", "SE", "IE")
RETURNS = 0.24  # of the orders come from somebody who bought before


def lines_of(chance: Chance, products: tuple[Product, ...], discount: int) -> tuple[LineIn, ...]:
    """Fill a basket; `discount` is in per cent."""
    number = chance.weighted((1, 2, 3), (0.62, 0.28, 0.1), 1)[0]
    picked = dict.fromkeys(chance.weighted(products, [one.appeal for one in products], number))
    return tuple(_line(chance, place, product, discount) for place, product in enumerate(picked, start=1))


def _line(chance: Chance, place: int, product: Product, discount: int) -> LineIn:
    quantity = 1 if product.price > 5000 or chance.happens(0.6) else chance.one((2, 2, 3))
    return line_of(place, product, quantity, discount)


def line_of(place: int, product: Product, quantity: int = 1, discount: int = 0) -> LineIn:
    """Return one line of an order."""
    net = product.price * quantity
    return LineIn(
        external_id=str(place),
        net=net - net * discount // 100,
        quantity=quantity,
        sku=product.sku,
        name=product.name,
        product=product.sku.lower(),
        categories=(product.category,),
        excluded=product.category == "gift-cards",
    )


def buyer(chance: Chance, shop: Shop) -> CustomerIn:
    """Draw who buys: mostly somebody new, now and then a customer."""
    if shop.buyers and chance.happens(RETURNS):
        number, email = chance.one(shop.buyers)
    else:
        email = f"{chance.one(FIRST)}.{chance.one(LAST)}{len(shop.buyers) + 1}@mail.example"
        number = str(5000 + len(shop.buyers)) if chance.happens(0.7) else ""
        shop.buyers.append((number, email))
    return CustomerIn(external_id=number, email=email, country=COUNTRIES[hash_of(email) % len(COUNTRIES)])


def hash_of(text: str) -> int:
    """Return a number that is the same in every run."""
    return sum(text.encode())


def picked(shop: Shop, items: dict[str, int]) -> tuple[LineIn, ...]:
    """Return the lines of a basket with these things in it: SKU -> quantity."""
    shelf = {product.sku: product for product in shop.plan.products}
    return tuple(
        line_of(place, shelf[sku], quantity) for place, (sku, quantity) in enumerate(items.items(), start=1)
    )


def order_of(
    shop: Shop,
    lines: tuple[LineIn, ...],
    customer: CustomerIn,
    evidence: Evidence,
    at: datetime,
    *,
    discount: int = 0,
) -> OrderIn:
    """Return a paid order: lines, tax, and shipping below a limit."""
    net = sum(line.net for line in lines)
    shipping = 0 if net >= shop.plan.free_shipping else 490
    tax = (net + shipping) * shop.plan.tax // 100
    return OrderIn(
        source=shop.plan.source,
        external_id=shop.next_number(),
        occurred_at=at,
        revision_at=at,
        captured_at=at,
        currency=shop.program.currency,
        total=net + shipping + tax,
        tax=tax,
        shipping=shipping,
        discount=net * discount // 100,
        lines=lines,
        customer=customer,
        evidence=evidence,
    )


def newcomer(chance: Chance, shop: Shop) -> CustomerIn:
    """Draw somebody who buys for the first time, and does not come back by chance."""
    email = f"{chance.one(FIRST)}.{chance.one(LAST)}.{shop.number}@post.example"
    return CustomerIn(email=email, country=COUNTRIES[hash_of(email) % len(COUNTRIES)])

"""What the two shops of the demo sell, look like and pay; prices are net, in minor units."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Product:
    """Something on a shop's shelf; `appeal` is how often it is bought beside the others."""

    sku: str
    name: str
    category: str
    price: int
    appeal: int = 3


@dataclass(frozen=True, slots=True)
class ShopPlan:
    """A shop: its program's and brand's fields, its shelf, and visits and strays (orders without a click) a day."""

    slug: str
    source: str
    first_number: int
    program: dict[str, Any]
    brand: dict[str, Any]
    plan: tuple[str, dict[str, Any]]
    products: tuple[Product, ...]
    paths: tuple[str, ...]
    tax: int
    free_shipping: int
    visits: float
    strays: float


NORTHWIND_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#14634d"/>'
    '<path d="M7 23 14 9l4.6 9 2.4-4.4L25.5 23Z" fill="#fff"/></svg>'
)
EMBER_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="4" fill="#d9480f"/>'
    '<path d="M9 11h11v5.5a5.5 5.5 0 0 1-11 0ZM20 12.5h1.5a2.75 2.75 0 0 1 0 5.5H20" fill="none" stroke="#fff" '
    'stroke-width="2.2"/><path d="M8 25h14" stroke="#fff" stroke-width="2.2"/></svg>'
)

STANDARD: dict[str, Any] = {
    "schema": 1,
    "maturity_days": 30,
    "max_total_rate": "30",
    "exclude": {"products": [], "skus": [], "categories": ["gift-cards"]},
    "levels": [{"level": 2, "rate": "2.5", "basis": "base"}],
    "rules": [{"id": "all", "name": "Every sale", "reward": {"type": "percent", "rate": "8"}}],
}
STANDARD_RAISED: dict[str, Any] = {
    **STANDARD,
    "rules": [{"id": "all", "name": "Every sale", "reward": {"type": "percent", "rate": "10"}}],
}


def climbing(*steps: tuple[str, str]) -> dict[str, Any]:
    """Northwind's plan with brackets by the month, a bonus for a good one, and one for joining."""
    reward = {
        "type": "brackets",
        "metric": "base",
        "period": "month",
        "mode": "marginal",
        "steps": [{"from": start, "rate": rate} for start, rate in steps],
    }
    return {
        **STANDARD,
        "schema": 2,
        "rules": [
            {"id": "all", "name": "Every sale", "reward": reward},
            {
                "id": "winter",
                "name": "Winter boots",
                "when": {"skus": ["BOOT-W"], "dates": {"from": "2026-11-01", "to": "2027-02-28"}},
                "reward": {"type": "percent", "rate": "15"},
            },
        ],
        "bonuses": [
            {
                "id": "summit",
                "name": "Summit bonus",
                "amount": "60.00",
                "metric": "base",
                "period": "month",
                "target": "3000.00",
            },
            {"id": "welcome", "name": "Welcome", "amount": "10.00", "metric": "joining"},
        ],
        "caps": [{"of": "conversion", "amount": "400.00"}],
    }


CLIMBING = climbing(("0", "10"), ("1000.00", "12"), ("2500.00", "14"))
CLIMBING_HIGHER = climbing(("0", "10"), ("800.00", "12"), ("2000.00", "15"))
CREATORS: dict[str, Any] = {
    **STANDARD,
    "rules": [
        {"id": "all", "name": "Every sale", "reward": {"type": "percent", "rate": "11"}},
        {
            "id": "tents",
            "name": "Tents and packs",
            "when": {"categories": ["tents", "packs"]},
            "reward": {"type": "percent", "rate": "14"},
        },
        {
            "id": "boot",
            "name": "The winter boot",
            "when": {"skus": ["BOOT-W"]},
            "reward": {"type": "fixed_per_item", "amount": "18.00"},
        },
    ],
}
BEANS: dict[str, Any] = {
    "schema": 1,
    "maturity_days": 21,
    "max_total_rate": "40",
    "levels": [{"level": 2, "rate": "15", "basis": "level_1"}],
    "rules": [
        {"id": "all", "name": "Every sale", "reward": {"type": "percent", "rate": "7"}},
        {
            "id": "beans",
            "name": "Beans, first order",
            "when": {"categories": ["beans"], "customer": "new"},
            "reward": {"type": "percent", "rate": "20"},
        },
        {
            "id": "beans-again",
            "name": "Beans, returning customers",
            "when": {"categories": ["beans"], "customer": "returning"},
            "reward": {"type": "percent", "rate": "9"},
        },
        {
            "id": "machines",
            "name": "Machines",
            "when": {"categories": ["machines"]},
            "reward": {"type": "percent", "rate": "5"},
        },
        {
            "id": "tasting",
            "name": "A booked tasting",
            "when": {"goal": "lead"},
            "reward": {"type": "fixed_per_order", "amount": "4.00"},
        },
    ],
}

NORTHWIND = ShopPlan(
    slug="northwind",
    source="northwind-shop",
    first_number=10240,
    program={
        "name": "Northwind Partners",
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        "home_url": "https://shop.northwind.example/",
        "allowed_hosts": ["shop.northwind.example", "journal.northwind.example"],
        "terms": (
            "You earn a share of every order that your links and coupons bring, and a smaller one of what the people "
            "you recruited earn. Commissions become payable 30 days after the purchase and are paid each month. "
            "No bids on our name in search engines, no coupon codes that were not given to you."
        ),
    },
    brand={
        "name": "Northwind Outfitters",
        "tagline": "Gear for the long way round. Recommend it, and earn with every order.",
        "colour": "#14634d",
        "radius": 8,
        "logo": NORTHWIND_LOGO,
        "sender_name": "Northwind Partners",
        "sender_email": "partners@northwind.example",
        "support_email": "help@northwind.example",
    },
    plan=("Standard", STANDARD),
    products=(
        Product("JKT-ALP", "Alpine shell jacket", "jackets", 18900, 6),
        Product("JKT-DWN", "Light down jacket", "jackets", 15900, 5),
        Product("BOOT-W", "Winter boot", "boots", 14900, 5),
        Product("BOOT-T", "Trail boot", "boots", 12900, 6),
        Product("TENT-2", "Two-person tent", "tents", 32900, 3),
        Product("TENT-4", "Family tent", "tents", 54900, 1),
        Product("PACK-45", "Trekking pack 45 l", "packs", 13900, 4),
        Product("BAG-0", "Sleeping bag 0 °C", "sleeping", 17900, 3),
        Product("STOVE", "Gas stove", "kitchen", 4990, 4),
        Product("MUG-E", "Enamel mug", "kitchen", 1490, 7),
        Product("SOCK-M", "Merino socks", "clothing", 1990, 9),
        Product("BASE-M", "Merino base layer", "clothing", 6990, 6),
        Product("GIFT-50", "Gift card 50", "gift-cards", 5000, 1),
    ),
    paths=(
        "jackets/alpine-shell",
        "boots/trail",
        "tents/two-person",
        "packs/trekking-45",
        "sale",
        "stories/first-hut",
    ),
    tax=19,
    free_shipping=10000,
    visits=34.0,
    strays=0.45,
)

EMBER = ShopPlan(
    slug="ember",
    source="ember-shop",
    first_number=2001,
    program={
        "name": "Ember Friends",
        "currency": "GBP",
        "time_zone": "Europe/London",
        "home_url": "https://shop.ember.example/",
        "allowed_hosts": ["shop.ember.example"],
        "second_approval_above": 30000,
        "terms": (
            "You earn most for the first bag that somebody buys through you, and a share of every bag after it. "
            "Commissions become payable 21 days after the purchase and are paid each month."
        ),
    },
    brand={
        "name": "Ember Coffee",
        "tagline": "Small roasts, good company. Share a bag and earn from each one.",
        "colour": "#d9480f",
        "radius": 4,
        "logo": EMBER_LOGO,
        "sender_name": "Ember Friends",
        "sender_email": "friends@ember.example",
        "support_email": "hello@ember.example",
    },
    plan=("Beans and machines", BEANS),
    products=(
        Product("ESP-1K", "Espresso, 1 kg", "beans", 2890, 8),
        Product("FLT-1K", "Filter roast, 1 kg", "beans", 2690, 6),
        Product("DEC-500", "Decaf, 500 g", "beans", 1690, 3),
        Product("SUB-3", "Three months of coffee", "beans", 7900, 3),
        Product("GRN-H", "Hand grinder", "gear", 8900, 2),
        Product("DRIP", "Porcelain dripper", "gear", 2400, 3),
        Product("KET-G", "Gooseneck kettle", "gear", 6900, 2),
        Product("MACH-1", "Lever espresso machine", "machines", 64900, 1),
    ),
    paths=("beans/espresso", "beans/filter", "subscriptions", "gear/hand-grinder"),
    tax=20,
    free_shipping=3000,
    visits=15.0,
    strays=0.3,
)

SHOPS = (NORTHWIND, EMBER)

"""A new SQLite database with a year of conversions, and the whole run of a worker over it."""

from __future__ import annotations

import os
import random
import resource
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import perf_counter, process_time
from typing import Any

BATCH = 5000
STARTS, ENDS = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
AFFILIATES = 500


def whole_runs(folder: str, number: int, plans: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Fill a database in the folder, then answer one question for each plan; seconds of a worker for each."""
    os.environ.update(TRIBUTARY_ENV="test", VAR_DIR=folder, DJANGO_SETTINGS_MODULE="portal.settings")
    os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    begun = perf_counter()
    program = _fill(number)
    print(f"{number} conversions written in {perf_counter() - begun:.0f} s", flush=True)
    return {name: _run(program, name, body) for name, body in plans.items()}


def _run(program: Any, name: str, body: dict[str, Any]) -> float:
    from commissions import actions
    from commissions.models import Plan

    plan = Plan.objects.create(program=program, name=name)
    simulation = actions.start_simulation(plan, body, STARTS, ENDS)
    begun, on_the_wall = process_time(), perf_counter()
    actions.run_simulation(simulation)
    seconds, wall = process_time() - begun, perf_counter() - on_the_wall
    simulation.refresh_from_db()
    if simulation.state != "done":
        raise RuntimeError(f"{name}: {simulation.state} {simulation.error}")
    size = len(str(simulation.result)) // 1000
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    counted = simulation.result["conversions"]
    said = f"{name:<12} whole run {seconds:6.1f} s ({wall:.1f} s on the wall), {counted} conversions"
    print(f"{said}, answer {size} kB, memory {memory} MB", flush=True)
    return round(seconds, 1)


def _fill(number: int) -> Any:
    """A program with affiliates, and as many conversions as asked for, each with a commission of 10 per cent."""
    from affiliates import actions as affiliates
    from affiliates.models import Affiliate, Enrollment, Merchant, Program
    from core.models import User

    merchant = Merchant.objects.create(name="Bench", slug="bench")
    program: Program = affiliates.create_program(
        merchant,
        name="Bench",
        slug="bench",
        currency="EUR",
        home_url="https://shop.example.com/",
        allowed_hosts=["shop.example.com"],
    )
    people = User.objects.bulk_create(
        [User(email=f"a{index}@example.com") for index in range(AFFILIATES)], batch_size=BATCH
    )
    who = Affiliate.objects.bulk_create(
        [Affiliate(merchant=merchant, user=user, name=user.email, email=user.email) for user in people]
    )
    members = Enrollment.objects.bulk_create(
        [
            Enrollment(program=program, affiliate=one, code=f"a{one.pk}", state="active", applied_at=STARTS)
            for one in who
        ]
    )
    rows = iter(_orders(program, number))
    while batch := list(islice(rows, BATCH)):
        _store(program, members, batch)
    return program


def _orders(program: Any, number: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Orders as a store tells them: one to three lines, and what they say besides."""
    from tracking.models import Order
    from tracking.orders import CustomerIn, Evidence, LineIn, OrderIn

    dice = random.Random(7)
    for index in range(number):
        at = STARTS + (ENDS - STARTS) * index / number
        lines = tuple(
            LineIn(
                str(place),
                dice.randrange(500, 20000),
                dice.randrange(1, 4),
                sku=f"S{dice.randrange(50)}",
                name="Enamel mug",
                categories=("shoes",) if dice.random() < 0.3 else ("other",),
            )
            for place in range(dice.randrange(1, 4))
        )
        total = sum(line.net for line in lines)
        value = OrderIn(
            source="shop",
            external_id=str(index),
            occurred_at=at,
            revision_at=at,
            captured_at=at,
            currency="EUR",
            total=total,
            lines=lines,
            customer=CustomerIn(email=f"buyer{index}@example.net", country="DE"),
            evidence=Evidence(ref="a1"),
        )
        order = Order(
            program=program,
            source="shop",
            external_id=str(index),
            state="sale",
            currency="EUR",
            total=total,
            occurred_at=at,
            captured_at=at,
            revision_key=str(index),
            content_hash="0" * 64,
            snapshot=value.as_json(),
        )
        yield (
            order,
            {"at": at, "total": total, "is_new": dice.random() < 0.5, "who": dice.randrange(AFFILIATES)},
        )


def _store(program: Any, members: list[Any], batch: list[tuple[Any, dict[str, Any]]]) -> None:
    """Write a batch of orders and all that follows from them; every twentieth is partly refunded."""
    from commissions.models import Commission, Volume
    from tracking.models import Conversion, Decision, Order, Refund

    orders = Order.objects.bulk_create([order for order, _more in batch])
    conversions = Conversion.objects.bulk_create(
        [
            Conversion(
                program=program, order=order, source="shop", external_id=order.external_id,
                is_new_customer=more["is_new"], occurred_at=more["at"], captured_at=more["at"],
            )
            for order, (_order, more) in zip(orders, batch, strict=True)
        ]
    )  # fmt: skip
    pairs = [
        (row, members[more["who"]], more) for row, (_order, more) in zip(conversions, batch, strict=True)
    ]
    Decision.objects.bulk_create([_decision(program, *pair) for pair in pairs])
    Commission.objects.bulk_create(
        [
            Commission(
                program=program, enrollment=member, conversion=row, amount=more["total"] // 10, currency="EUR",
                occurred_at=more["at"], matures_at=more["at"] + timedelta(days=30),
            )
            for row, member, more in pairs
        ]
    )  # fmt: skip
    Volume.objects.bulk_create(
        [
            Volume(
                program=program, enrollment=member, conversion=row, occurred_at=more["at"], base=more["total"],
                conversions=1, commission=more["total"] // 10, spent=more["total"] // 10,
            )
            for row, member, more in pairs
        ]
    )  # fmt: skip
    Refund.objects.bulk_create(
        [
            Refund(
                program=program, source="shop", external_id=f"r{order.pk}", order_external_id=order.external_id,
                order=order, gross=order.total // 3, is_final=True,
            )
            for order in orders[::20]
        ]
    )  # fmt: skip


def _decision(program: Any, conversion: Any, member: Any, more: dict[str, Any]) -> Any:
    from tracking.models import Decision

    credited = [{"enrollment": member.pk, "share": "1", "group": "", "chain": []}]
    touch = {
        "enrollment": member.pk,
        "at": more["at"].isoformat(),
        "via": "tid",
        "click": "",
        "won": True,
        "why": "",
    }
    trace = {
        "v": 1,
        "touches": [touch] * 3,
        "credits": credited,
        "includes": {"shipping": False, "tax": False},
    }
    return Decision(
        program=program,
        conversion=conversion,
        enrollment=member,
        evidence="click",
        credits=credited,
        trace=trace,
    )

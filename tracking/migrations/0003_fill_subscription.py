"""Writes into each order's new column which subscription its snapshot names; a thousand orders at a time."""

from typing import Any

from django.db import migrations
from django.db.models import TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

CHUNK = 1000


def fill(apps: Any, schema_editor: Any) -> None:
    """Fill the column where it is empty; again does no harm."""
    orders = apps.get_model("tracking", "Order").objects.using(schema_editor.connection.alias)
    last = 0
    while found := list(_named(orders, last)):
        for row in found:
            row.subscription = row.told[:120]
        orders.bulk_update(found, ["subscription"])
        last = found[-1].pk


def _named(orders: Any, last: int) -> Any:
    """Return the next orders that name a subscription, without the rest of their snapshots."""
    told = Cast(KeyTextTransform("subscription", "snapshot"), TextField())
    rows = orders.annotate(told=told).filter(pk__gt=last, subscription="", told__gt="")
    return rows.only("pk", "subscription").order_by("pk")[:CHUNK]


class Migration(migrations.Migration):
    atomic = False  # each chunk is committed, so that a large table is never locked whole

    dependencies = [("tracking", "0002_plans_in_full")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]

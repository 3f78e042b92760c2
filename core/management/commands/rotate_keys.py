"""Re-seal every sealed value that is not under the first key, so that older keys can be retired."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models, transaction
from django.db.models import ExpressionWrapper, F, QuerySet, TextField

from core.crypto import VERSION, Ciphertext, SealedField, SealError, first_key_id, seal, unseal

BATCH = 200


class Command(BaseCommand):
    """Runs in batches; may be stopped, repeated and run beside writers at any time."""

    help = "Re-seals every sealed value under the first of FIELD_KEYS. Retire a key once this reports 0 left."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the size of a batch."""
        parser.add_argument("--batch", type=int, default=BATCH, help="rows per transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate all models and print one line per field; raises CommandError if values are left."""
        if options["batch"] < 1:
            raise CommandError("--batch must be at least 1.")
        left = 0
        for field in sealed_fields(apps.get_models()):
            counts = rotate(field, batch=options["batch"])
            left += counts["left"]
            self.stdout.write(
                f"{field.model._meta.label}.{field.name}: {counts['sealed']} re-sealed, "
                f"{counts['changed']} changed meanwhile, {counts['unreadable']} unreadable, {counts['left']} left"
            )
        if left:
            raise CommandError(f"{left} values are not under key {first_key_id()} yet: keep the older keys.")
        self.stdout.write(f"All sealed values are under key {first_key_id()}.")


def sealed_fields(models_: Iterable[type[models.Model]]) -> list[SealedField]:
    """Return the sealed fields that have a column in one of these models' own tables."""
    owned = (model for model in models_ if not model._meta.proxy)
    return [f for model in owned for f in model._meta.local_concrete_fields if isinstance(f, SealedField)]


def rotate(field: SealedField, *, batch: int = BATCH) -> Counter[str]:
    """Re-seal a field's old values until a pass moves none; counts sealed, changed, unreadable and left."""
    counts: Counter[str] = Counter()
    while True:
        moved = _one_pass(field, batch)
        counts["sealed"] += moved["sealed"]
        counts["changed"] += moved["changed"]
        counts["unreadable"] = moved["unreadable"]
        if not moved["sealed"]:
            break
    counts["left"] = _old(field).count()
    return counts


def _one_pass(field: SealedField, batch: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    rows = _old(field).order_by("pk")
    last: Any = None
    while found := list(
        (rows if last is None else rows.filter(pk__gt=last)).values_list(*_columns(field))[:batch]
    ):
        with transaction.atomic(using=rows.db):
            counts.update(_reseal(field, pk, token, bind) for pk, token, *bind in found)
        last = found[-1][0]
    return counts


def _old(field: SealedField) -> QuerySet[Any]:
    token = ExpressionWrapper(F(field.attname), output_field=TextField())
    rows = field.model._base_manager.annotate(_token=token).filter(_token__isnull=False)
    return rows.exclude(_token__startswith=f"{VERSION}:{first_key_id()}:")


def _columns(field: SealedField) -> list[str]:
    return ["pk", "_token", *(bind.attname for bind in field.bind_fields())]


def _reseal(field: SealedField, pk: Any, token: str, bind: list[Any]) -> str:
    place = field.place(bind)
    try:
        fresh = seal(unseal(token, bound_to=place), bound_to=place)
    except SealError:
        return "unreadable"
    unchanged = _old(field).filter(pk=pk, _token=token)
    return "sealed" if unchanged.update(**{field.attname: Ciphertext(fresh)}) else "changed"

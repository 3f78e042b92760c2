"""Every row knows its tenant, or stands here with the reason why it has none."""

from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from affiliates.models import Merchant
from core.scoping import Scoped
from tests.house.source import APPS

WITHOUT = {
    "core.User": "a person is installation-wide; its memberships say where it belongs",
    "core.Job": "follows its event, and is read by workers only",
    "core.Round": "a turn of the schedule, the same for all tenants",
    "tracking.Bookmark": "how far a count has read; says nothing of anybody",
    "commissions.ExchangeRate": "what the world publishes; one entered by hand names its company in its source",
}
BY_NUMBER = {"core.Event": "core has no merchants; the tenant's number stands in a plain column"}


def own_models() -> list[type[models.Model]]:
    """The house's models, the invisible ones of many-to-many fields left out."""
    return [model for model in apps.get_models() if model._meta.app_label in APPS]


def unscoped(candidates: list[type[models.Model]]) -> list[str]:
    """Models that are neither Scoped to a merchant nor excused, and paths that lead elsewhere."""
    return [
        f"{model._meta.label} needs TENANT or a reason in tests/house/test_scoped.py"
        for model in candidates
        if model._meta.label not in WITHOUT | BY_NUMBER
        and not (issubclass(model, Scoped) and leads_to(model, getattr(model, "TENANT", ""), Merchant))
    ]


def leads_to(model: type[models.Model], path: str, target: type[models.Model]) -> bool:
    """Say whether a lookup path, foreign key by foreign key, ends at the target."""
    current: Any = model
    for step in path.split("__"):
        if step == "pk":
            continue
        try:
            current = current._meta.get_field(step).related_model
        except FieldDoesNotExist:
            return False
    return current is target


def test_every_model_knows_its_tenant() -> None:
    assert unscoped(own_models()) == []


def test_every_owner_is_a_person() -> None:
    owned = [model for model in own_models() if getattr(model, "OWNER", "")]

    assert [
        model._meta.label for model in owned if not leads_to(model, model.OWNER, apps.get_model("core.User"))
    ] == []


def test_no_excuse_outlives_its_model() -> None:
    assert (WITHOUT | BY_NUMBER).keys() - {model._meta.label for model in own_models()} == set()


def test_a_tenant_by_number_is_a_column() -> None:
    columns = [apps.get_model(label)._meta.get_field(apps.get_model(label).TENANT) for label in BY_NUMBER]

    assert [column.get_internal_type() for column in columns] == ["BigIntegerField"]


def test_a_planted_model_without_a_tenant_is_found() -> None:
    class Planted(models.Model):  # noqa: DJ008 - never made
        class Meta:
            app_label = "planted"
            managed = False

    class Astray(Scoped):
        TENANT = "user"
        user = models.ForeignKey("core.User", on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "planted"
            managed = False

    for name in ("planted", "astray"):
        apps.all_models["planted"].pop(name)

    assert unscoped([Planted, Astray]) == [
        "planted.Planted needs TENANT or a reason in tests/house/test_scoped.py",
        "planted.Astray needs TENANT or a reason in tests/house/test_scoped.py",
    ]

"""Whose row is this? Every model names its way to its tenant, and rows are reached only through it."""

from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.http import Http404
from django.utils.module_loading import import_string


def tenants_of(user: Any) -> list[int]:
    """Return the ids of the tenants whose staff `user` is, by the function that the setting TENANTS_OF names."""
    found: list[int] = import_string(settings.TENANTS_OF)(user)
    return found


class ScopedQuerySet(models.QuerySet["Any"]):
    """Rows that know their tenant (`TENANT`, a lookup path) and, where a person owns them, their `OWNER`."""

    def visible_to(self, user: Any) -> Self:
        """Rows of the tenants whose active staff `user` is."""
        return self.filter(**{f"{self.model.TENANT}__in": tenants_of(user)})

    def owned_by(self, user: Any) -> Self:
        """Rows that belong to this very person; none for an anonymous one."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(**{self.model.OWNER: user})

    def of_tenant(self, tenant: int) -> Self:
        """Rows of one tenant."""
        return self.filter(**{self.model.TENANT: tenant})


class Scoped(models.Model):
    """A row that belongs to a tenant."""

    TENANT: ClassVar[str]
    OWNER: ClassVar[str] = ""

    objects: ClassVar[Any] = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=models.Model)


def owned_or_404(queryset: "models.QuerySet[Row]", user: Any, **lookup: Any) -> Row:
    """Return the person's own row; a row of somebody else answers exactly as one that does not exist."""
    try:
        return queryset.owned_by(user).get(**lookup)  # type: ignore[attr-defined, no-any-return]
    except (ObjectDoesNotExist, ValueError, TypeError) as missing:
        raise Http404 from missing

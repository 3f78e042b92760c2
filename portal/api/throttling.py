"""How often a key may ask: a number of requests per minute, counted in the cache that all processes share."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import transaction
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from portal.models import ApiKey

WINDOW = 60  # seconds


@dataclass(frozen=True, slots=True)
class Rate:
    """Where a key stands in its current minute; `reset` is in seconds from now."""

    limit: int
    used: int
    reset: int

    @property
    def allowed(self) -> bool:
        """Was this request within the limit?"""
        return self.used <= self.limit

    def headers(self) -> dict[str, str]:
        """Return what every answer says of it."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.reset),
        }


class KeyThrottle(BaseThrottle):
    """API_RATE_PER_MINUTE requests per key; requests without a key never get this far."""

    rate: Rate

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request and leave the rate on it for the answer's headers."""
        if not isinstance(request.auth, ApiKey):
            return True
        self.rate = take(request.auth, time.time())
        view.rate = self.rate
        return self.rate.allowed

    def wait(self) -> float:
        """Return the seconds until the next minute begins."""
        return self.rate.reset


def take(key: ApiKey, now: float) -> Rate:
    """Count one request of a key at a time in seconds since 1970."""
    window, passed = divmod(int(now), WINDOW)
    used = _count(key, f"api-rate:{key.pk}:{window}")
    return Rate(settings.API_RATE_PER_MINUTE, used, WINDOW - passed)


def _count(key: ApiKey, name: str) -> int:
    if not isinstance(caches["default"], DatabaseCache):
        return _add_one(name)
    # the database's cache reads, then writes: the key's own row makes the two one
    with transaction.atomic():
        ApiKey.objects.select_for_update(no_key=True).only("pk").get(pk=key.pk)
        return _add_one(name)


def _add_one(name: str) -> int:
    cache = caches["default"]
    if cache.add(name, 1, timeout=2 * WINDOW):
        return 1
    try:
        return int(cache.incr(name))
    except ValueError:  # it was thrown out between the two calls
        cache.set(name, 1, timeout=2 * WINDOW)
        return 1

"""`Idempotency-Key`: the first answer is kept with the work, in one transaction, and given again to who repeats."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.buyers import unsaid
from portal.api.problems import Problem, wrong
from portal.models import Answer, ApiKey

HEADER = "Idempotency-Key"
LONGEST = 255


def once(request: Request, work: Callable[[], Response]) -> Response:
    """Do the work in one transaction and return its answer; with an Idempotency-Key, only the first time.

    The same key again gets the first answer (`Idempotent-Replayed: true`), another request under it 422. An answer
    that is an error changes nothing and is not kept. A request that comes while the first one runs waits for it: on
    PostgreSQL at the unique constraint, on SQLite at the one writer's lock.
    """
    name = _name(request)
    key: ApiKey = request.auth  # type: ignore[assignment]  # the only authentication there is
    with transaction.atomic():
        if name is None:
            return work()
        mine = _claim(key, name, _digest(request))
        if mine.status is not None:
            return Response(mine.body, mine.status, headers={"Idempotent-Replayed": "true"})
        response = work()
        mine.status = response.status_code
        mine.body = json.loads(JSONRenderer().render(response.data))
        mine.save(update_fields=["status", "body"])
        return response


def _name(request: Request) -> str | None:
    name: str | None = request.headers.get(HEADER)
    if name is None:
        return None
    if not 1 <= len(name) <= LONGEST or not (name.isascii() and name.isprintable()):
        detail = _("An Idempotency-Key has 1 to 255 printable ASCII characters.")
        raise Problem(400, "malformed", detail, errors=[wrong(f"/headers/{HEADER}", detail)])
    return name


def _claim(key: ApiKey, name: str, digest: str) -> Answer:
    """Return the row of a key's name: new and without a status, or the one whose work is done."""
    Answer.objects.bulk_create([Answer(api_key=key, key=name, request_hash=digest)], ignore_conflicts=True)
    answer: Answer = Answer.objects.get(api_key=key, key=name)
    if answer.request_hash != digest:
        raise Problem(
            422, "key-reused", _("Another request was made with this Idempotency-Key: take a new one.")
        )
    return answer


def _digest(request: Request) -> str:
    said: Any = [request.method, request.path, unsaid(request.data)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

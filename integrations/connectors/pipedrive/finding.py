"""Which records Pipedrive has already: by its number, by our key, by the exact e-mail address.

A search looks into an index that lags, so that who has just been made would be made twice: what changed in the last
minutes is therefore looked through as well, in a list that does not lag.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cached_property

from django.utils import timezone

from integrations.connectors.drafts import Draft
from integrations.connectors.pipedrive.api import V2, Talk, Wrong, inside, rows
from integrations.connectors.pipedrive.drafts import Known
from integrations.connectors.pipedrive.fields import Fields, fields_of
from integrations.connectors.pipedrive.standard import PATHS

RECENTLY = timedelta(minutes=15)
MOST_AT_ONCE, FEW = 100, 10  # of a list; below so many it is cheaper to ask one by one
FOUND = 50  # results of a search that are looked at


class Finder:
    """Finds the records of one kind; remembers what it has read, and what was made meanwhile."""

    def __init__(self, talk: Talk, kind: str) -> None:
        self.talk, self.kind = talk, kind
        self._read: dict[str, Known | None] = {}

    @cached_property
    def fields(self) -> Fields:
        """The fields of the kind, asked for once; raises Misconfigured where our key is not among them."""
        found = fields_of(self.talk, self.kind)
        found.key()
        return found

    @cached_property
    def _recent(self) -> list[str]:
        since = (timezone.now() - RECENTLY).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = self.talk.all(f"{V2}/{PATHS[self.kind]}", updated_since=since)
        return [self.note(Known(row)) for row in told]

    def prime(self, drafts: Iterable[Draft]) -> None:
        """Read the records whose numbers are known, together."""
        self._load(draft.remote_id for draft in drafts if draft.remote_id)

    def read(self, numbers: Iterable[str]) -> dict[str, Known]:
        """Return those of the records that there are, by their numbers."""
        wanted = list(dict.fromkeys(numbers))
        self._load(wanted)
        return {number: known for number in wanted if (known := self._read[number]) is not None}

    def find(self, draft: Draft) -> Known | None:
        """Return the record of a draft, None if there is none; raises a Failure."""
        self._load([draft.remote_id] if draft.remote_id else [])
        known = self._read[draft.remote_id] if draft.remote_id else None
        if known is not None and known.key(self.fields) in ("", draft.key):
            return (
                known  # with another key it is somebody else: numbers are small, and each account counts anew
            )
        known = self._by_key(draft.key) if draft.key else None
        return known or (self._by_email(draft.email) if "@" in draft.email else None)

    def note(self, known: Known) -> str:
        """Remember a record as it is now; return its number."""
        self._read[known.id] = None if known.is_gone or not known.id else known
        return known.id

    def forget(self, known: Known) -> None:
        """Remember that a record is gone."""
        self._read[known.id] = None

    def _by_key(self, key: str) -> Known | None:
        return self._fitting(lambda known: known.key(self.fields) == key, "custom_fields", key)

    def _by_email(self, email: str) -> Known | None:
        if self.kind != "contact":
            return None
        return self._fitting(lambda known: email in known.emails, "email", email)

    def _fitting(self, fits: Callable[[Known], bool], where: str, term: str) -> Known | None:
        """Return the oldest record that fits: of those changed lately, else of those that a search names."""
        near = dict.fromkeys([*self._recent, *self._read])
        return self._oldest(near, fits) or self._oldest(self._search(where, term), fits)

    def _oldest(self, numbers: Iterable[str], fits: Callable[[Known], bool]) -> Known | None:
        known = [one for number in numbers if (one := self._read.get(number)) is not None and fits(one)]
        return min(known, key=lambda one: int(one.id), default=None)

    def _search(self, where: str, term: str) -> list[str]:
        answer = self.talk.get(
            f"{V2}/{PATHS[self.kind]}/search", term=term, fields=where, exact_match="true", limit=FOUND
        )
        items = [inside(row, "item") for row in rows(inside(answer), "items")]
        numbers = [str(item["id"]) for item in items if isinstance(item.get("id"), int)]
        self._load(numbers)
        return numbers

    def _load(self, numbers: Iterable[str]) -> None:
        """Read records by their numbers, if they were not read yet."""
        wanted = [number for number in dict.fromkeys(numbers) if number not in self._read]
        path = f"{V2}/{PATHS[self.kind]}"
        if len(wanted) < FEW:
            for number in wanted:
                self._load_one(f"{path}/{number}", number)
            return
        for start in range(0, len(wanted), MOST_AT_ONCE):
            part = wanted[start : start + MOST_AT_ONCE]
            self._read |= dict.fromkeys(part)
            for row in rows(self.talk.get(path, ids=",".join(part), limit=MOST_AT_ONCE)):
                self.note(Known(row))

    def _load_one(self, path: str, number: str) -> None:
        try:
            known = Known(inside(self.talk.get(path)))
        except Wrong as trouble:
            if trouble.status not in (404, 410):
                raise
            known = None
        self._read[number] = None if known is None or known.is_gone or not known.id else known

"""Stripe's API: one version, always said, and errors that say what to do."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode

from django.utils import timezone
from django.utils.translation import gettext as _

from core import http
from core.jobs import Failure, Misconfigured, Permanent, Temporary
from integrations.connectors.base import Store, Unreadable
from integrations.connectors.body import Fields, read_object
from integrations.connectors.waits import asked_wait

ADDRESS = "https://api.stripe.com"
VERSION = "2026-10-28.endive"
MAX_BYTES = 4_000_000
TEST_KEY, LIVE_KEY = "_test_", "_live_"

Pairs = Iterable[tuple[str, str]]


class Talk:
    """Questions to one account, one after the other; `at` is Stripe's own time of the last answer."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.at = timezone.now()

    def get(self, *path: str, params: Pairs = ()) -> Fields:
        """Return one object, or the list that a path leads to; raises a Failure."""
        return self._ask("GET", path, urlencode(list(params)), b"")

    def rows(self, *path: str, params: Pairs = ()) -> list[Fields]:
        """Return the first rows of a list, newest first."""
        return self.get(*path, params=params).rows("data")

    def post(self, *path: str, form: Pairs) -> Fields:
        """Make or change one object; raises a Failure."""
        return self._ask("POST", path, "", urlencode(list(form)).encode())

    def _ask(self, method: str, path: tuple[str, ...], query: str, form: bytes) -> Fields:
        url = f"{self.store.base_url.rstrip('/') or ADDRESS}/v1/{'/'.join(quote(part, '') for part in path)}"
        headers = {
            "Authorization": f"Bearer {self.store.keys.get('api_key', '')}",
            "Stripe-Version": VERSION,
            **({"Content-Type": "application/x-www-form-urlencoded"} if form else {}),
        }
        try:
            answer = http.request(
                method,
                f"{url}?{query}" if query else url,
                headers=headers,
                content=form or None,
                max_bytes=MAX_BYTES,
            )
        except http.UnsafeURL as error:
            raise Misconfigured(str(error)) from error
        except ValueError as error:
            raise Misconfigured(_("The API key has signs that no key has: enter it anew.")) from error
        self.at = _time(answer) or self.at
        return _read(answer)


def has_keys(store: Store) -> bool:
    """Say whether we were given an API key."""
    return bool(store.keys.get("api_key"))


def is_live(store: Store) -> bool:
    """Say whether live payments count, or those of tests: as the API key says, else as a person chose."""
    key = str(store.keys.get("api_key") or "")
    if TEST_KEY in key or LIVE_KEY in key:
        return LIVE_KEY in key
    chosen = store.keys.get("mode") or store.options.get("mode") or ""
    return str(chosen).strip().lower() != "test"


def _time(answer: http.Answer) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def _read(answer: http.Answer) -> Fields:
    """Return what an answer of status 2xx says; everything else raises."""
    if not 200 <= answer.status < 300:
        raise _failure(answer)
    try:
        return Fields(read_object(answer.body))
    except Unreadable as error:
        raise Temporary(_("Stripe answers with something else than data.")) from error


def _failure(answer: http.Answer) -> Failure:
    code = _code(answer)
    if answer.status == 401:
        return Misconfigured(_("Stripe refuses the API key: enter one that is in force."))
    if answer.status == 403:
        return Misconfigured(
            _("The API key may not do this (%(code)s): give it the right in Stripe > Developers > API keys.")
            % {"code": code}
        )
    if answer.status == 404:
        return Misconfigured(
            _(
                "Stripe does not know what its event told of (%(code)s): "
                "the API key is of another account or mode."
            )
            % {"code": code}
        )
    if answer.status in (408, 409, 425, 429) or answer.status >= 500:
        return Temporary(
            _("Stripe is busy or has an error (%(status)s).") % {"status": answer.status}, asked_wait(answer)
        )
    return Permanent(
        _("Stripe refuses the request (%(status)s %(code)s).") % {"status": answer.status, "code": code}
    )


def _code(answer: http.Answer) -> str:
    try:
        error = Fields(read_object(answer.body)).part("error")
        return error.text("code", 80) or error.text("type", 80) or str(answer.status)
    except Unreadable:
        return str(answer.status)

"""JSON in, strictly: what a database or a reader could stumble over is refused before anything looks at it."""

import json
import math
from collections.abc import Iterator
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

from portal.api.problems import Errors, Problem, invalid, token, wrong

DEEPEST = 20


class StrictJson(BaseParser):
    """UTF-8 JSON without duplicate names, NaN or Infinity, NUL characters, half characters, or depths beyond 20."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the value; 400 for what is no JSON, 413 for too much, 422 for characters that cannot be kept."""
        raw = self.read(stream, getattr((parser_context or {}).get("view"), "max_bytes", None))
        try:
            text = raw.decode("utf-8")
            value = json.loads(
                text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite
            )
        except RecursionError:
            raise Problem(400, "malformed", _("The JSON is nested too deeply.")) from None
        except ValueError as error:
            text = _("The body is not JSON that is understood here: %(why)s") % {"why": str(error)[:200]}
            raise Problem(400, "malformed", text) from None
        errors: Errors = list(_unfit(value, "", 0))
        if errors:
            raise invalid(errors)
        return value

    def read(self, stream: IO[bytes], most: int | None) -> bytes:
        """Return the bytes of the body; 413 if they are more than the view takes."""
        most = most or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise Problem(413, "too-large", _("A body has at most %(most)s bytes here.") % {"most": most})
        return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(_("the name “%(name)s” stands twice in one object") % {"name": twice[:60]})
    return found


def _no_constant(text: str) -> float:
    raise ValueError(_("%(text)s is no number") % {"text": text})


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(_("the number %(text)s is too large") % {"text": text[:40]})
    return value


def _unfit(value: Any, pointer: str, depth: int) -> Iterator[dict[str, str]]:
    if depth > DEEPEST:
        yield wrong(pointer, _("This is nested too deeply."))
    elif isinstance(value, str) and not keepable(value):
        yield wrong(pointer, _("NUL and half characters cannot be kept."))
    elif isinstance(value, dict):
        for name, below in value.items():
            if not keepable(name):
                yield wrong(pointer, _("A name has NUL or half characters, which cannot be kept."))
            else:
                yield from _unfit(below, f"{pointer}/{token(name)}", depth + 1)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _unfit(below, f"{pointer}/{index}", depth + 1)


def keepable(text: str) -> bool:
    """Say whether every database can keep a text: no NUL, no lone half of a character pair."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


class JsonOnly(BaseContentNegotiation):
    """Answers are JSON, whatever the Accept header prefers; a body must say that it is JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser for the body's media type, or None (415)."""
        content_type = request.content_type or ""
        return next(
            (parser for parser in parsers if media_type_matches(parser.media_type, content_type)), None
        )

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Return the one renderer."""
        return renderers[0], renderers[0].media_type

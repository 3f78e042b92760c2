"""The OpenAPI schema: how operations are described, and how a key is sent."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.utils.functional import Promise
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from portal.api.documents import ProblemDocument
from portal.api.problems import MEDIA_TYPE

Door = TypeVar("Door", bound=Callable[..., Any])

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="1 to 255 printable characters. The same key and request again gets the first answer, for 30 days.",
)
ERRORS = {
    400: "The request cannot be read.",
    401: "No key, or one that does not work.",
    403: "The key lacks the scope.",
    404: "There is no such thing in the key's program.",
    409: "Known with other content; `differences` says how. Nothing was changed.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "Wrong fields, each with a pointer; or an Idempotency-Key that was used for another request.",
    429: "Too many requests; Retry-After says how many seconds to wait.",
}
ANSWERS = {
    200: "Done, or done before.",
    201: "It is new and was taken.",
    202: "It was taken and waits for its order.",
    204: "It is gone, or was before.",
}
READING = (401, 403, 404, 422, 429)
WRITING = (400, 401, 403, 404, 409, 413, 415, 422, 429)


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """A key in the Authorization header."""

    target_class = "portal.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "tk_<prefix>_<secret>"}


def operation(
    name: str,
    summary: str | Promise,
    answers: dict[int, Any],
    *,
    scope: str = "",
    request: Any = None,
    filters: Any = None,
    examples: list[OpenApiExample] | None = None,
) -> Callable[[Door], Door]:
    """Describe one operation: its answers, the errors it may give, the scope it needs."""
    writes = request is not None
    good = {status: OpenApiResponse(kind, description=ANSWERS[status]) for status, kind in answers.items()}
    errors = {status: _error(ERRORS[status]) for status in (WRITING if writes else READING)}
    parameters = ([IDEMPOTENCY] if writes else []) + ([filters] if filters else [])
    return extend_schema(
        operation_id=name,
        summary=str(summary),
        description=f"Needs the scope `{scope}`." if scope else "Every key may.",
        request=request,
        responses={**good, **{(status, MEDIA_TYPE): error for status, error in errors.items()}},
        parameters=parameters,
        examples=examples,
        tags=[name.partition("_")[0]],
    )


def _error(text: str) -> OpenApiResponse:
    return OpenApiResponse(ProblemDocument, description=text)


def generated() -> dict[str, Any]:
    """Return the whole schema as JSON (OpenAPI 3.0)."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema

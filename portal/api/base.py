"""What all views of the API share."""

from typing import Any, ClassVar

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affiliates.models import Program
from portal.api.parsing import JsonOnly, StrictJson, keepable
from portal.api.throttling import Rate
from portal.models import ApiKey


class ApiView(APIView):
    """A view for keys: strict JSON in, JSON out, rows of the key's program only."""

    scopes: ClassVar[dict[str, str]] = {}  # method -> what the key must have
    max_bytes: ClassVar[int] = 256_000
    parser_classes = (StrictJson,)
    content_negotiation_class = JsonOnly
    metadata_class = None  # OPTIONS answers 405: the schema says everything
    rate: Rate | None = None

    @property
    def key(self) -> ApiKey:
        """The key that asks."""
        key: ApiKey = self.request.auth  # type: ignore[assignment]  # the only authentication there is
        return key

    @property
    def program(self) -> Program:
        """The program that the key is bound to."""
        return self.key.program

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let nothing into a look-up that a database cannot keep."""
        super().initial(request, *args, **kwargs)
        if not all(keepable(str(value)) for value in kwargs.values()):
            raise Http404

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Say where the key stands in its minute, and that nobody keeps the answer."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store"
        for name, value in (self.rate.headers() if self.rate else {}).items():
            final.headers[name] = value
        return final


class Nowhere(ApiView):
    """Every address of the API that is none."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Answer 404, whatever the method."""
        raise Http404

    def get(self, request: Request) -> Response:
        """Never reached: `initial` has answered."""
        raise Http404

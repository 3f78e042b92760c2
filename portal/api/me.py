"""A key tests itself."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import documents, shapes
from portal.api.base import ApiView
from portal.api.schema import operation


class Me(ApiView):
    """What this key is and may."""

    @operation("me_read", "Test a key", {200: documents.KeyDocument})
    def get(self, request: Request) -> Response:
        """Return the key, its scopes and its program."""
        return Response(shapes.key(self.key, settings.API_RATE_PER_MINUTE))

"""One port for small installations: the edge follows links, Django under WSGI does everything else."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote_from_bytes

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

django_pages: Any = get_wsgi_application()
pages: Any = WSGIMiddleware(django_pages)

from tracking.edge import application as edge, is_door  # noqa: E402 - needs the set-up above

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ASCII = bytes(range(128)).decode()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Pass a request to the edge or to Django; the server's start and stop are the edge's."""
    if scope["type"] == "lifespan" or (scope["type"] == "http" and is_door(scope["path"])):
        await edge(scope, receive, send)
    elif scope["type"] == "http":
        await pages(cleaned(scope), coroutine_of(receive), send)
    else:
        await send({"type": "websocket.close"})


def coroutine_of(receive: Receive) -> Receive:
    """What a2wsgi hands to another thread must be a coroutine; granian's `receive` returns a future of its own."""

    async def received() -> MutableMapping[str, Any]:
        return await receive()

    return received


def cleaned(scope: Scope) -> Scope:
    """Leave out what WSGI would misread: headers that pose as others by an underscore, and raw letters in a query."""
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    return {
        **scope,
        "headers": headers,
        "query_string": quote_from_bytes(scope["query_string"], ASCII).encode(),
    }

"""The ASGI application: which address is which door."""

import asyncio
import gc

from tracking.edge.answers import Answer, Receive, Scope, Send, lost
from tracking.edge.beacons import hear, hear_pixel
from tracking.edge.clicks import follow
from tracking.edge.desk import Desk
from tracking.edge.impressions import show

DOORS = ("/r/", "/i/", "/p/")  # and the address /t
SELDOM = (50_000, 20, 100)  # thresholds of the garbage collector


def is_door(path: str) -> bool:
    """Is the address one of the edge's?"""
    return path.startswith(DOORS) or path == "/t"


class Edge(Desk):
    """Links, advertisements, beacons and pixels."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or the server's start and stop."""
        if scope["type"] == "http":
            answer = await self.answer(scope, receive)
            await answer.send(send, scope["method"])
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Pass a request to its door."""
        self.start()
        path = scope["path"]
        if path.startswith("/r/"):
            return await follow(self, scope)
        if path == "/t":
            return await hear(self, scope, receive)
        if path.startswith("/i/"):
            return await show(self, scope)
        if path.startswith("/p/"):
            return await hear_pixel(self, scope)
        return lost(scope)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "lifespan.startup":
            self.start()
            await self.warm_up()
            rest_old_memory()
            await send({"type": "lifespan.startup.complete"})
        if message["type"] == "lifespan.shutdown":
            await asyncio.to_thread(self.stop)
            await send({"type": "lifespan.shutdown.complete"})


def rest_old_memory() -> None:
    """Let the garbage collector look at new objects only, and seldom: what was loaded at the start stays for good.

    A click makes no circles, but hundreds of small objects; searching all of Django's for each few clicks is a tenth
    of what a click costs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)

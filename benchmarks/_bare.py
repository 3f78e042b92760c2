"""The least that granian can do in Python: every request goes to the shop, and nothing is kept."""

from typing import Any


async def application(scope: Any, protocol: Any) -> None:
    """Answer 302."""
    protocol.response_empty(302, [("location", "https://shop.example.com/shoes")])

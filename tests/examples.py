"""How many examples a property tries: some in every run, as many as it can learn from where time does not matter."""

import os

from django.db import connection

QUICK = 25


def examples(thorough: int, name: str = "") -> int:
    """Return the number that the variable `name` asks for; else QUICK, or `thorough` with EXAMPLES=thorough."""
    if asked := os.environ.get(name, ""):
        return int(asked)
    return thorough if os.environ.get("EXAMPLES") == "thorough" else min(thorough, QUICK)


def crowd(whole: int) -> int:
    """Return how many a story with killed processes tells of: all on PostgreSQL, a quarter on SQLite.

    Both databases meet each kind of death; the large numbers stand where large installations do. EXAMPLES=thorough
    tells all on both.
    """
    is_whole = connection.vendor == "postgresql" or os.environ.get("EXAMPLES") == "thorough"
    return whole if is_whole else whole // 4

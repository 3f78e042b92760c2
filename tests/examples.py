"""How many examples a property tries: some in every run, as many as it can learn from where time does not matter."""

import os

QUICK = 25


def examples(thorough: int, name: str = "") -> int:
    """Return the number that the variable `name` asks for; else QUICK, or `thorough` with EXAMPLES=thorough."""
    if asked := os.environ.get(name, ""):
        return int(asked)
    return thorough if os.environ.get("EXAMPLES") == "thorough" else min(thorough, QUICK)

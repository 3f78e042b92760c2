"""What a person chooses for a place of files: which of them, how often, and whether somebody looks at them first."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from integrations.connectors.base import Key
from integrations.connectors.webhook.choices import Unclear

PATTERNS = "*.csv, *.tsv, *.txt, *.json"
LOOK, AT_ONCE, SKIP, TAKE = "look", "at_once", "skip", "take"
MOST_MINUTES = 1440
CHOICES: tuple[Key, ...] = (
    Key(
        "taking",
        gettext_lazy("New files"),
        gettext_lazy("Whoever looks first sees each row and its fate before anything counts."),
        is_secret=False,
        choices=(
            (LOOK, gettext_lazy("wait until somebody has looked")),
            (AT_ONCE, gettext_lazy("are taken in at once")),
        ),
    ),
    Key(
        "twins",
        gettext_lazy("Sales that another source seems to have told already"),
        gettext_lazy("The same number and the same buyer; for files that are taken in at once."),
        is_secret=False,
        choices=((SKIP, gettext_lazy("are left out")), (TAKE, gettext_lazy("are taken in too"))),
    ),
    Key(
        "channel",
        gettext_lazy("Channel"),
        gettext_lazy("How they were sold; file if it is empty."),
        is_secret=False,
    ),
)
NAMES = Key(
    "patterns",
    gettext_lazy("Files"),
    gettext_lazy("Which names, with commas: sales-*.csv. Left empty: *.csv, *.tsv, *.txt, *.json."),
    is_secret=False,
)
EVERY = Key(
    "every",
    gettext_lazy("Look every so many minutes"),
    gettext_lazy("1 to 1440; 15 if it is empty."),
    is_secret=False,
)


def read_choices(given: Mapping[str, str]) -> dict[str, Any]:
    """Return what was chosen as it is kept; raises Unclear with a sentence."""
    patterns = [part.strip() for part in given.get("patterns", "").split(",") if part.strip()]
    if any("/" in one or len(one) > 100 for one in patterns) or len(patterns) > 20:
        raise Unclear(_("Files are named like sales-*.csv, without folders."))
    every = given.get("every", "").strip()
    if every and not (every.isascii() and every.isdigit() and 1 <= int(every[:6]) <= MOST_MINUTES):
        raise Unclear(_("Minutes are a number from 1 to 1440."))
    return {
        "taking": AT_ONCE if given.get("taking") == AT_ONCE else LOOK,
        "twins": TAKE if given.get("twins") == TAKE else SKIP,
        "channel": given.get("channel", "").strip()[:40],
        "patterns": patterns,
        "every": int(every) if every else 0,
    }


def written_choices(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the choices as a person enters them."""
    return {
        "taking": str(options.get("taking") or LOOK),
        "twins": str(options.get("twins") or SKIP),
        "channel": str(options.get("channel") or ""),
        "patterns": ", ".join(options.get("patterns") or []),
        "every": str(options.get("every") or ""),
    }


def fits(options: Mapping[str, Any], name: str) -> bool:
    """Say whether a name is one of those that were asked for; capitals do not matter."""
    patterns = options.get("patterns") or [part.strip() for part in PATTERNS.split(",")]
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)

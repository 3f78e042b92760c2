"""`manage.py load_rates`: takes in a file of exchange rates, from a disk or an address."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from commissions.actions import fetch_rates, load_rates, release_parked
from commissions.actions.rates import BANK
from commissions.rate_files import MAX_BYTES, RateFileError
from core.http import UnsafeURL
from core.jobs import Failure


class Command(BaseCommand):
    """Takes a file whole or not at all; what is known already is added once."""

    help = (
        "Loads exchange rates in the format of the European Central Bank (XML, CSV, or a zip with one of them) "
        "and values the orders that waited for them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where the rates are and who published them."""
        parser.add_argument(
            "place", nargs="?", default="", help="a file or an https:// address; default: EXCHANGE_RATES_URL"
        )
        parser.add_argument(
            "--source", default=BANK, help=f"who published them, in at most 40 letters; default: {BANK}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, say what was added, and value what waited."""
        try:
            loaded = load_rates(_content(options["place"]), source=options["source"])
        except (RateFileError, UnsafeURL, Failure, OSError) as wrong:
            raise CommandError(f"Nothing was loaded: {wrong}") from wrong
        for sentence in loaded.kept:
            self.stderr.write(sentence)
        self.stdout.write(f"{loaded.added} rates added, {loaded.known} known before.")
        self.stdout.write(f"{release_parked()} parked conversions released.")


def _content(place: str) -> bytes:
    place = place or settings.EXCHANGE_RATES_URL
    if not place:
        raise CommandError("Name a file or an address, or set EXCHANGE_RATES_URL.")
    if place.startswith(("https://", "http://")):
        return fetch_rates(place)
    with Path(place).open("rb") as file:
        return file.read(MAX_BYTES + 1)

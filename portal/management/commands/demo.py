"""`manage.py demo`: loads the demo once, and says where to look and how to log in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from commissions.checks import CHECKS
from portal.demo import cast, summary
from portal.demo.loading import find, load


class Command(BaseCommand):
    """The demo."""

    help = (
        "Loads a company with a year of history; where it is loaded already, only prints the log-ins again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the size, and the word that production asks for."""
        parser.add_argument(
            "--scale", type=float, default=1.0, help="part of a full year's traffic, e.g. 0.05"
        )
        parser.add_argument("--yes-really", action="store_true", help="load it in production all the same")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, check the books, and print the summary."""
        if settings.PRODUCTION and not options["yes_really"]:
            raise CommandError(
                "The demo has public passwords and does not belong into production. Add --yes-really if it must."
            )
        key, merchant = "", find()
        if merchant is None:
            self.stdout.write("A year of clicks and orders is being told; this takes about a minute.")
            self.stdout.flush()
            started = timezone.now()
            merchant, key = load(started, options["scale"])
            seconds = (timezone.now() - started).total_seconds()
            self.stdout.write(f"The demo was loaded in {seconds:.0f} s.")
            self._check_books()
        else:
            self.stdout.write("The demo is loaded already; nothing was changed.")
        for name, figure in summary.figures(merchant):
            self.stdout.write(f"  {name:<32} {figure}")
        self.stdout.write(f"\nLog in with the password {cast.PASSWORD} as:")
        for role, address, email in summary.addresses(merchant):
            self.stdout.write(f"  {role:<10} {email:<32} {address}")
        if key:
            self.stdout.write(f"\nAPI key of Ember Friends, shown once: {key}")

    def _check_books(self) -> None:
        """Look at the books as `check_ledger` does; a breach ends the command with the sentences."""
        breaches = [breach for check in CHECKS for breach in check()]
        if breaches:
            raise CommandError("The books are wrong:\n" + "\n".join(breaches[:20]))
        self.stdout.write("The books are right.")

"""`manage.py check_ledger`: says whether the books are right, and what is wrong where they are not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from commissions import checks as of_commissions
from commissions.models import Entry
from payouts import checks as of_payouts


class Command(BaseCommand):
    """Reads, never writes; safe beside a running installation."""

    help = "Checks every rule that the ledger must keep; prints a sentence per breach and then ends with 1."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check over one picture of the books."""
        breaches = 0
        with one_picture():
            for check in (*of_commissions.CHECKS, *of_payouts.CHECKS):
                for sentence in check():
                    breaches += 1
                    self.stdout.write(sentence)
            entries = Entry.objects.count()
        if breaches:
            raise CommandError(
                f"The books are not right: {breaches} breaches in {entries} entries.", returncode=1
            )
        self.stdout.write(f"The books are right: {entries} entries.")


@contextmanager
def one_picture() -> Iterator[None]:
    """Let all reads see the same moment, without keeping any writer waiting."""
    if connection.in_atomic_block:
        yield
        return
    begin = (
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        if connection.vendor == "postgresql"
        else "BEGIN DEFERRED"
    )
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")

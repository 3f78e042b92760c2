"""`manage.py write_dictionary`: writes the fixed vocabularies into docs/integrations/dictionary.md."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from integrations.fixed_words import PAGE, rewritten


class Command(BaseCommand):
    """Rewrites the part of the page that is read off the code."""

    help = "Writes statuses, units and countries, as the code has them, into docs/integrations/dictionary.md."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the page, and say whether it has changed."""
        page = settings.BASE_DIR / PAGE
        before = page.read_text(encoding="utf-8")
        after = rewritten(before)
        page.write_text(after, encoding="utf-8")
        self.stdout.write("It was current." if after == before else "Written.")

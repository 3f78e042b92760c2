"""Count anew and rewrite the tables of docs/fraud.md: `python -m tests.fraud.recount`."""

import os

import django


def main() -> None:
    """Make the worlds, count, write."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.fraud.world import page, power, recall  # the words of checks need Django

    page.write(page.WORLDS, recall.tables(recall.nights()))
    page.write(page.SIZES, power.table(power.powers()))


if __name__ == "__main__":
    main()

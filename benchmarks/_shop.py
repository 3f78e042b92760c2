"""`python -m benchmarks._shop`: migrates the database that the environment names, and opens a shop with links in it."""

from __future__ import annotations

import os

import django

AFFILIATES, LINKS = 20, 5  # links of each affiliate
TAG_KEY = "benchmark"


def code(number: int) -> str:
    """Return the code of one of the AFFILIATES * LINKS links."""
    return f"l{number % (AFFILIATES * LINKS)}"


def open_shop() -> None:
    """Make the merchant, the program, its affiliates and their links."""
    from affiliates import actions
    from affiliates.models import Affiliate, AttributionTerms, Enrollment, Link, Merchant

    merchant = Merchant.objects.create(name="Bench", slug="bench")
    program = actions.create_program(
        merchant,
        name="Bench",
        slug="bench",
        currency="EUR",
        home_url="https://shop.example.com/",
        tag_key=TAG_KEY,
    )
    AttributionTerms.objects.filter(program=program).update(view_hours=24)  # else no impression is kept
    for place in range(AFFILIATES):
        affiliate = Affiliate.objects.create(
            merchant=merchant, name=f"A{place}", email=f"a{place}@example.com"
        )
        member = Enrollment.objects.create(
            program=program, affiliate=affiliate, code=f"a{place}", state="active"
        )
        for number in range(place * LINKS, place * LINKS + LINKS):
            Link.objects.create(
                enrollment=member,
                code=code(number),
                destination=f"https://shop.example.com/shoes/{number}?size=42",
            )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, skip_checks=True)
    open_shop()

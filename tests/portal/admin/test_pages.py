"""Every page of the managers' place: opens for its people, for nobody else, and keeps the strict policy."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from affiliates.models import Enrollment
from core.models import User

NAMES = (
    *(
        "affiliate",
        "enrollment",
        "link",
        "directlink",
        "coupon",
        "group",
        "program",
        "attributionterms",
        "member",
        "invitation",
    ),
    *(
        "click",
        "beacon",
        "conversion",
        "order",
        "commission",
        "entry",
        "plan",
        "assignment",
        "exchangerate",
        "simulation",
        "study",
        "batch",
        "payout",
        "connection",
        "inbound",
        "delivery",
        "reconciliation",
        "orderfile",
        "audit",
        "finding",
        "term",
    ),
    *("case", "customer", "policy", "listentry", "exemption", "relation", "dryrun"),
    *("brand", "apikey", "event", "job"),
)
OF_THEIR_OWN = {"case", "policy"}  # strangers to these pages are tried in tests/fraud/admin
BREAKS_POLICY = re.compile(
    r"<style|\sstyle=|<script(?![^>]*\ssrc=)[^>]*>|\son[a-z]+=|hx-on|javascript:", re.IGNORECASE
)
Enter = Callable[[Any], Client]


def page(row: Any, kind: str = "change") -> str:
    """The address of a row's page, or of the list it stands in."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{kind}"
    return reverse(name, args=[row.pk] if kind == "change" else [])


def test_every_registered_page_is_tried_here() -> None:
    registered = {model._meta.model_name for model in admin.site._registry}

    assert registered == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_owner_opens_every_list_and_row(name: str, busy: SimpleNamespace, olga: User, enter: Enter) -> None:
    client, row = enter(olga), getattr(busy, name)

    listed, opened = client.get(page(row, "changelist")), client.get(page(row))

    assert (listed.status_code, opened.status_code) == (200, 200)
    assert BREAKS_POLICY.findall(listed.content.decode() + opened.content.decode()) == []


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OF_THEIR_OWN])
def test_another_owner_finds_nothing(
    name: str, busy: SimpleNamespace, stranger: Enrollment, eve: User, enter: Enter
) -> None:
    client, row = enter(eve), getattr(busy, name)
    absent = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[999_999])

    listed, opened, missing = client.get(page(row, "changelist")), client.get(page(row)), client.get(absent)

    assert row not in list(listed.context["cl"].queryset)
    assert (
        (opened.status_code, opened["Location"])
        == (missing.status_code, missing["Location"])
        == (302, reverse("admin:index"))
    )


@pytest.mark.parametrize("name", NAMES)
def test_analyst_reads_and_changes_nothing(name: str, busy: SimpleNamespace, ada: User, enter: Enter) -> None:
    client, row = enter(ada), getattr(busy, name)

    opened, sent = client.get(page(row)), client.post(page(row), {"name": "changed"})

    assert (opened.status_code, sent.status_code) == (200, 403)
    assert not opened.context.get("verbs")


def test_overview_shows_figures_and_what_waits(busy: SimpleNamespace, olga: User, enter: Enter) -> None:
    answer = enter(olga).get(reverse("admin:index"))

    assert answer.status_code == 200
    assert BREAKS_POLICY.findall(answer.content.decode()) == []
    assert [line.icon for line in answer.context["queue"]] == [
        "banknotes",
        "shield",
        "inbox",
        "external",
        "megaphone",
        "envelope",
        "warning",
        "people",
    ]


def test_affiliate_gets_404_and_nobody_is_asked_to_log_in(
    busy: SimpleNamespace, ann: Enrollment, enter: Enter
) -> None:
    index = reverse("admin:index")

    assert Client().get(index, follow=True).redirect_chain[-1][0].startswith(reverse("account_login"))
    assert enter(ann).get(index, follow=True).status_code == 404


def test_closed_member_is_a_stranger(busy: SimpleNamespace, mia: User, enter: Enter) -> None:
    busy.member.is_active = False
    busy.member.save()

    assert enter(mia).get(reverse("admin:index"), follow=True).status_code == 404

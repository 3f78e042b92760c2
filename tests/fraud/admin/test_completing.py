"""Affiliates are offered while one types, by as many queries for a page of them as for one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates.models import Enrollment
from core.models import User

pytestmark = pytest.mark.django_db
Enter = Callable[[Any], Client]
COMPLETED = {"app_label": "fraud", "model_name": "exemption", "field_name": "enrollment"}


def test_completing_asks_no_more_for_many_than_for_one(
    ann: Enrollment, bob: Enrollment, mia: User, enter: Enter
) -> None:
    client, asked, found = enter(mia), [], []
    client.get("/admin/autocomplete/", COMPLETED | {"term": ""})  # what is asked once a session
    for term in ("Ann Archer", ""):
        with CaptureQueriesContext(connection) as queries:
            found.append(
                len(client.get("/admin/autocomplete/", COMPLETED | {"term": term}).json()["results"])
            )
        asked.append(len(queries))

    assert found[0] == 1 < found[1]
    assert asked[0] == asked[1]

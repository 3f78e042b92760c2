"""Secrets stay with the host, and records with the account, for which they were entered."""

from typing import Any

import pytest

from affiliates.models import Program
from integrations import actions
from integrations.connectors.salesforce.auth import org_of
from integrations.models import RemoteRecord
from tests import makers

A, B = "127.0.0.1:8001", "127.0.0.1:8002"


def test_secrets_of_one_host_are_never_told_to_another(program: Program, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = [A, B]
    row = makers.make_connection(
        program,
        connector="web_file",
        source="files",
        base_url=f"http://{A}/sales.csv",
        secrets={"user": "u", "password": "s3cret", "token": ""},
    )

    same = actions.change_keys(row, base_url=f"http://{A}/other.csv", user="u", password="", token="")
    assert same.secrets["password"] == "s3cret"
    other = actions.change_keys(row, base_url=f"http://{B}/sales.csv", user="u", password="", token="")
    assert (other.base_url, other.secrets["password"]) == (f"http://{B}/sales.csv", "")


def test_required_key_is_asked_for_with_the_other_host(program: Program, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = [A, B]
    keys = {"consumer_key": "ck", "consumer_secret": "cs"}
    row = makers.make_connection(program, connector="woocommerce", base_url=f"http://{A}", secrets=keys)

    changed = actions.change_keys(row, base_url=f"http://{B}", consumer_key="", consumer_secret="")

    assert changed.secrets["consumer_key"] == changed.secrets["consumer_secret"] == ""


def test_password_of_a_database_does_not_follow_its_address(program: Program) -> None:
    row = makers.make_connection(
        program,
        connector="sql",
        source="erp",
        secrets={"url": "postgresql://reader@db.example/erp", "password": "s3cret"},
    )

    row = actions.change_keys(row, url="postgresql://reader@evil.example/erp", password="")

    assert row.secrets["password"] == ""


def test_another_account_begins_without_records(program: Program, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = [A, B]
    row = makers.make_connection(
        program, connector="pipedrive", source="pd", base_url=f"http://{A}", secrets={}
    )
    RemoteRecord.objects.create(connection=row, kind="contact", local_key="customer:7", remote_id="12")

    actions.change_keys(row, base_url=f"http://{B}", api_token="t")

    assert not RemoteRecord.objects.exists()


@pytest.mark.parametrize(
    ("identity", "org"),
    [
        ("https://login.salesforce.com/id/00Dxx0000001gPLEAY/005xx000001SwiUAAS", "00Dxx0000001gPLEAY"),
        ("https://login.salesforce.com/", ""),
        ("", ""),
    ],
)
def test_org_of_an_identity(identity: str, org: str) -> None:
    assert org_of(identity) == org

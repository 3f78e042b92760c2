import pytest

from portal.api import me
from tests.portal.api.machine import PROBLEM, Machine, order

pytestmark = pytest.mark.django_db


def test_an_unknown_address_is_a_404_problem(machine: Machine) -> None:
    answer = machine.get("/nothing/here")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)
    assert answer.json() == {
        "type": "/api/v1/docs/#problem-not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no such thing in this program.",
    }


@pytest.mark.parametrize(
    ("method", "path"), [("delete", "/conversions"), ("post", "/me"), ("options", "/links")]
)
def test_a_method_that_is_not_there_is_a_405_problem(machine: Machine, method: str, path: str) -> None:
    answer = machine.ask(method, path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (405, PROBLEM)
    assert answer.json()["title"] == "The method is not allowed here"
    assert answer.headers["Allow"].split(", ")[0] == "GET"


@pytest.mark.parametrize(
    "media", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml"]
)
def test_a_body_that_is_not_declared_as_json_is_a_415_problem(machine: Machine, media: str) -> None:
    answer = machine.ask("post", "/conversions", b"a=b", media=media)

    assert (answer.status_code, answer.headers["Content-Type"]) == (415, PROBLEM)
    assert answer.json()["title"] == "Only JSON is understood"


def test_an_odd_charset_decodes_nothing(machine: Machine) -> None:
    bearer = {"Authorization": f"Bearer {machine.text}"}

    answer = machine.client.generic(
        "POST", "/api/v1/conversions", b"{}", "application/json; charset=bz2_codec", headers=bearer
    )

    assert answer.status_code == 422


def test_the_accept_header_changes_nothing(machine: Machine) -> None:
    answer = machine.get("/me?format=xml", Accept="text/html")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


def test_a_bug_is_a_500_problem_that_shows_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.client.raise_request_exception = False
    monkeypatch.setattr(me.Me, "get", lambda *_args: 1 / 0)

    answer = machine.get("/me")

    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)
    assert answer.json()["detail"] == "It is logged; nothing was changed."


def test_no_answer_is_kept_by_anybody(machine: Machine) -> None:
    assert machine.get("/me").headers["Cache-Control"] == "no-store"
    assert machine.post("/conversions", order(total="x")).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/conversions/by-source/a%00b/1", "/affiliates/%00", "/affiliates/%ED%A0%80"]
)
def test_characters_that_no_database_keeps_are_404_in_an_address(machine: Machine, path: str) -> None:
    assert machine.get(path).status_code == 404

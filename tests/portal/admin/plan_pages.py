"""The plan editor as a browser works it: the fields of its forms, read from the page, and its buttons."""

from html.parser import HTMLParser
from typing import Any

from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from commissions.models import Draft, Plan
from commissions.starters import body_of

VOID = frozenset({"input"})


class _Fields(HTMLParser):
    """Collects name and value of every field inside the form with an id."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.depth, self.pairs = form, 0, list[tuple[str, str]]()
        self.area: tuple[str, list[str]] | None = None
        self.select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.depth = 1 if given.get("id") == self.form else 0
        if not self.depth:
            return
        if tag == "input" and given.get("name"):
            is_off = given.get("type") in ("checkbox", "radio") and "checked" not in given
            self.pairs += [] if is_off else [(given["name"], given.get("value", ""))]
        elif tag == "textarea":
            self.area = (given["name"], [])
        elif tag == "select":
            self.select = given["name"]
        elif tag == "option" and self.select and "selected" in given:
            self.pairs.append((self.select, given["value"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.depth = 0
        elif tag == "select":
            self.select = None
        elif tag == "textarea" and self.area:
            name, parts = self.area
            self.pairs.append((name, "".join(parts).removeprefix("\n")))
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area[1].append(data)


def fields(page: str, form: str = "acts") -> QueryDict:
    """All that the form would send if somebody pressed Enter in it."""
    found = _Fields(form)
    found.feed(page)
    sent = QueryDict(mutable=True)
    for name, value in found.pairs:
        sent.appendlist(name, value)
    return sent


def where(plan: Plan, page: str = "draft", **query: str) -> str:
    return reverse(f"admin:commissions_plan_{page}", args=[plan.pk], query=query)


def stored(plan: Plan) -> dict[str, Any]:
    body: dict[str, Any] = Draft.objects.get(plan=plan).body
    return body


def opened(client: Client, plan: Plan, card: str, condition: str = "") -> QueryDict:
    """The form of a card, as a browser would send it."""
    return fields(client.get(where(plan, open=card, **{"with": condition})).content.decode())


def send(client: Client, plan: Plan, form: QueryDict, do: str, **changes: Any) -> Any:
    """Press a button of the form, after some fields were changed."""
    sent = form.copy()
    for name, value in changes.items():
        sent.setlist(name.replace("__", "."), value if isinstance(value, list) else [value])
    sent["do"] = do
    return client.post(where(plan), dict(sent.lists()), follow=True)


def press(client: Client, plan: Plan, do: str, *, seen: int = 0, htmx: bool = False) -> Any:
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(where(plan), {"seen": seen, "do": do}, headers=headers)


def names(plan: Plan) -> list[str]:
    return [rule["name"] for rule in stored(plan)["rules"]]


def said(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def two_rules() -> dict[str, Any]:
    """A plan that pays 10 % to everyone, and 8 % for shoes of returning customers."""
    when = {"categories": ["Shoes"], "customer": "returning"}
    shoes = {"id": "shoes", "name": "Shoes", "when": when, "reward": {"type": "percent", "rate": "8"}}
    return {**body_of("flat"), "rules": [*body_of("flat")["rules"], shoes]}

"""A manager in the console who knows what a guide says and nothing else: follows links, presses buttons, fills forms.

Whatever is followed, pressed or filled in by its name must stand in the guide as well as on the page, so that a guide
that has drifted from the product fails, and so does a product that has drifted from its guide.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from core import jobs
from core.models import Job
from integrations import actions
from integrations.models import Connection
from tests.integrations.console_pages import Page, same

DOCS = Path(__file__).parents[2] / "docs" / "integrations"


class Guide:
    """One guide of docs/integrations: its words, its examples, its tables."""

    def __init__(self, name: str) -> None:
        self.text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        self.plain = same(self.text)

    def blocks(self, language: str = "") -> list[str]:
        """The fenced examples in one language."""
        found = re.findall(r"^```(\w*)\n(.*?)^```$", self.text, re.DOTALL | re.MULTILINE)
        return [text for said, text in found if said == language]

    def names(self, words: str) -> bool:
        """Whether these words stand in it, capitals and line breaks aside; "Connect with …" is with any vendor."""
        told = same(words)
        return told in self.plain or re.sub(r"(?<= with )\w+$", "…", told) in self.plain

    def section(self, title: str) -> str:
        """The text under a heading, down to the next one."""
        return self.text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]

    def troubles(self) -> list[str]:
        """What it quotes in its table of what may be seen when something is wrong."""
        rows = re.findall(r"^\| (\".*?) \|", self.text, re.MULTILINE)
        return [words for row in rows for words in re.findall(r'"(.+?)"', row)]


class Console:
    """A person's browser in the console, who does what one guide says."""

    def __init__(self, client: Client, guide: Guide) -> None:
        self.client, self.guide = client, guide
        self.address = "/admin/"
        self.page, self.errors = Page(""), [""]
        self.open("/admin/")

    def open(self, address: str) -> None:
        """Go to an address, which is no step of a guide."""
        self._arrive(self.client.get(address, follow=True), address)

    def go(self, *steps: str) -> None:
        """Follow links by what they say: "Connections", "Connect", "WooCommerce"."""
        for step in steps:
            self._is_told(step)
            found = [address for words, address in self.page.links if _fits(words, step)]
            assert found, f"no link “{step}” on {self.address}: {sorted({w for w, _ in self.page.links})}"
            self.open(_joined(self.address, found[0]))

    def press(self, button: str, **told: str) -> None:
        """Press a button: of a form on the page, or one that leads to a form with the same button on it."""
        self._is_told(button)
        if not any(_fits(words, button) for form in self.page.forms for words, *_ in form.buttons):
            self.go(button)
        self.send(button, {})

    def fill(self, button: str, told: dict[str, Any]) -> None:
        """Fill in fields by their labels and send the form by its button; a link of that name leads there first."""
        if not any(_fits(words, button) for form in self.page.forms for words, *_ in form.buttons):
            self.go(button)
        self.send(button, told)

    def send(self, button: str, told: dict[str, Any]) -> None:
        """Send the form that has this button."""
        form = next(
            form for form in self.page.forms if any(_fits(words, button) for words, *_ in form.buttons)
        )
        values: dict[str, Any] = dict(form.values)
        for label, value in told.items():
            self._is_told(label)
            name = form.labels.get(same(label)) or {*form.choices} & {same(label)}
            name = (
                name if isinstance(name, str) else "".join(name)
            )  # a group of ticks goes by its field's name
            assert name, f"no field “{label}” on {self.address}: {sorted(form.labels)}"
            values[name] = self._said(form.choices.get(name, {}), value)
        values |= {name: value for words, name, value in form.buttons if name and _fits(words, button)}
        address = _joined(self.address, form.action or self.address)
        self._arrive(self.client.post(address, values, follow=True), address)

    def connect(self, kind: str, told: dict[str, Any]) -> Connection:
        """Add a connection of this kind, as all guides begin; return it. Its page is open then."""
        self.go("Connections", "Add connection", kind)
        self.fill("Save", {"Program": "Partner program", **told})
        assert self.errors == [], self.errors
        return Connection.objects.select_related("program").latest("pk")

    def map(self, kind: str, told: dict[str, str], when: tuple[str, str] | None = None) -> None:
        """Say on the open page of all versions which column fills which field, and save it.

        `kind` is "order" or "refund"; `when` is a column and what stands in it.
        """
        self._is_told("Map the fields")
        paths = [
            address
            for words, address in self.page.links
            if words.startswith(("Map the fields", "Change")) and address.endswith(f"/in/{kind}/")
        ]
        self.open(paths[0])
        if any(words == "Show the first rows" for form in self.page.forms for words, *_ in form.buttons):
            self.press("Show the first rows")
        form = next(form for form in self.page.forms if "row-0-target" in form.values)
        rows = {value: name[:-6] for name, value in form.values.items() if name.endswith("-target")}
        chosen: dict[str, str] = {}
        for target, column in told.items():
            self._is_told(target)
            options = form.choices[f"{rows[target]}from"]
            assert f"path:{column}" in options.values(), f"{column} is none of {sorted(options.values())}"
            chosen[f"{rows[target]}from"] = f"path:{column}"
        if when:
            chosen |= {"when-0-source": when[0], "when-0-test": "is", "when-0-value": when[1]}
        form.values |= chosen
        self.press("Save as a new version")
        self.sees("holds")

    def again(self, connection: Connection) -> None:
        """Open a connection's page."""
        self.open(f"/admin/integrations/connection/{connection.pk}/change/")

    def sees(self, *sentences: str) -> None:
        """Check that all of this stands on the page."""
        for sentence in sentences:
            assert same(sentence) in same(self.page.text), f"“{sentence}” is not in: {self.page.text[-4000:]}"

    def reads(self, *sentences: str) -> None:
        """Check that the page says what the guide says that it says."""
        for sentence in sentences:
            self._is_told(sentence)
        self.sees(*sentences)

    def _said(self, choices: dict[str, str], value: Any) -> Any:
        if isinstance(value, list):
            return value
        if isinstance(value, bytes):
            return SimpleUploadedFile("sales.csv", value, content_type="text/csv")
        return choices.get(same(str(value)), str(value)) if choices else str(value)

    def _is_told(self, words: str) -> None:
        assert self.guide.names(words), f"the guide does not say “{words}”"

    def _arrive(self, answer: Any, address: str) -> None:
        assert answer.status_code == 200, f"{answer.status_code} at {address}"
        chain = getattr(answer, "redirect_chain", None)
        self.address = chain[-1][0] if chain else address
        self.page = Page(answer.content.decode())
        errors = re.findall(r'class="errorlist[^"]*"[^>]*>(.*?)</ul>', answer.content.decode(), re.DOTALL)
        self.errors = [" ".join(re.sub("<[^>]+>", " ", each).split()) for each in errors]


def _fits(words: str, wanted: str) -> bool:
    """A link may also say how many wait behind it."""
    return same(wanted) in (same(words), same(re.sub(r"\s*\d+$", "", words)))


def _joined(here: str, there: str) -> str:
    if there.startswith("?"):
        return here.partition("?")[0] + there
    if there.startswith(("/", "http")):
        return there
    return here.partition("?")[0].rpartition("/")[0] + "/" + there


@pytest.fixture
def follow(program: Any, mona: Any, client: Client, settings: Any) -> Callable[[str], Console]:
    """Mona, the manager, with a guide in her hand: `follow("woocommerce")`."""
    settings.ROOT_URLCONF = "portal.urls"
    client.force_login(mona, backend="django.contrib.auth.backends.ModelBackend")
    return lambda name: Console(client, Guide(name))


def work(later: timedelta = timedelta()) -> None:
    """Let this app's jobs run, and tell what is due to be told by then."""
    Job.objects.exclude(task__startswith="integrations.").delete()
    jobs.drain()
    for connection in Connection.objects.filter(state="active").order_by("pk"):
        actions.serve(connection.pk, at=timezone.now() + later)

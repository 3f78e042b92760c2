"""What can be called, set, followed, run or stored is written down."""

import ast
import re

import pytest
from django.apps import apps
from django.core.management import find_commands
from django.utils.module_loading import import_string

from portal.events import ROUTES
from tests.house.source import APPS, ROOT, Function, Source, public, python, where

# Files whose functions answer to a framework, which says what they are for.
FRAMEWORK = ("admin", "apps", "urls", "models", "states", "migrations", "management", "templatetags")
READERS = frozenset({"text", "switchable", "flag", "number", "names", "database", "mail"})
EVENT_WORD = re.compile(r"`([a-z]+\.[a-z_]+)`")


def read(path: str) -> str:
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.exists() else ""


def is_for_a_framework(source: Source) -> bool:
    return any(part.removesuffix(".py") in FRAMEWORK for part in source.path.split("/")[1:])


def speechless(sources: list[Source]) -> list[str]:
    """Public functions and classes without a docstring."""
    return [
        f"{where(source, node)} has no docstring"
        for source in sources
        if not is_for_a_framework(source)
        for node in public(source)
        if ast.get_docstring(node) is None and not _is_list_of_choices(node)
    ]


def _is_list_of_choices(node: Function | ast.ClassDef) -> bool:
    """A TextChoices says it all in its words."""
    return isinstance(node, ast.ClassDef) and any("Choices" in ast.dump(base) for base in node.bases)


def settings_read(text: str) -> set[str]:
    """The variables that a settings file reads from the environment: `env.text("NAME")`."""
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and node.args)
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in READERS
        and isinstance(call.args[0], ast.Constant)
    }


def unwritten(names: set[str], *pages: str) -> list[str]:
    """Names that do not stand, as whole words, in each of the texts."""
    return sorted(
        name
        for name in names
        if not all(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", page) for page in pages)
    )


def unrouted(routes: dict[str, tuple[str, ...]]) -> list[str]:
    """Followers that cannot be imported."""
    return sorted({task for tasks in routes.values() for task in tasks if not _is_there(task)})


def _is_there(task: str) -> bool:
    try:
        return callable(import_string(task))
    except ImportError:
        return False


def commands() -> set[str]:
    return {name for app in APPS for name in find_commands(str(ROOT / app / "management"))}


def models() -> set[str]:
    return {model.__name__ for model in apps.get_models() if model._meta.app_label in APPS}


def test_every_public_function_says_what_it_does() -> None:
    assert speechless(python(*APPS)) == []


def test_every_setting_is_written_down() -> None:
    names = settings_read(read("portal/settings.py"))

    assert unwritten(names, read(".env.example")) == []
    assert unwritten(names, read("docs/running.md")) == []


def test_no_setting_is_promised_that_nobody_reads() -> None:
    promised = set(re.findall(r"^#?([A-Z][A-Z_]+)=", read(".env.example"), re.MULTILINE))

    assert promised - settings_read(read("portal/settings.py")) == {
        "PORT",
        "BIND",
        "EDGE_PORT",
    }  # deploy/run.py


def test_every_event_is_written_down() -> None:
    assert unwritten(set(ROUTES), read("docs/events.md")) == []


def test_no_event_is_promised_that_never_happens() -> None:
    assert set(EVENT_WORD.findall(read("docs/events.md"))) & _first_words() - set(ROUTES) == set()


def _first_words() -> set[str]:
    """Only words that begin like an event: `enrollment.…`, not `portal.events`."""
    nouns = {kind.partition(".")[0] for kind in ROUTES}
    return {word for word in EVENT_WORD.findall(read("docs/events.md")) if word.partition(".")[0] in nouns}


def test_every_follower_is_there() -> None:
    assert unrouted(ROUTES) == []


def test_every_recorded_event_has_its_route() -> None:
    text = "\n".join(source.text for source in python(*APPS))
    recorded = set(re.findall(r'\b(?:record|_record|news|_news)\(\s*"([a-z]+\.[a-z_]+)"', text))

    assert recorded - set(ROUTES) == set()


def test_every_command_is_written_down() -> None:
    assert unwritten(commands(), read("docs/running.md") + read("README.md")) == []


def test_every_model_stands_in_the_glossary() -> None:
    assert unwritten(models(), read("docs/glossary.md")) == []


def test_every_dependency_has_its_reason() -> None:
    wanted = re.findall(
        r'^    "([a-z0-9-]+)[^"]*",$', read("pyproject.toml").partition("[tool.")[0], re.MULTILINE
    )

    assert unwritten(set(wanted), read("docs/decisions/dependencies.md")) == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("payouts/actions.py", "def send() -> None: ...", ["payouts/actions.py:1 send has no docstring"]),
        ("payouts/rates.py", "class Rate: ...", ["payouts/rates.py:1 Rate has no docstring"]),
        ("payouts/rates.py", "def _step() -> None: ...", []),
        ("payouts/rates.py", "class State(models.TextChoices): ...", []),
    ],
)
def test_a_planted_speechless_function_is_found(path, text, expected) -> None:
    assert speechless([Source(path, text)]) == expected


def test_a_planted_secret_setting_is_found() -> None:
    names = settings_read('A = env.text("PLANTED")\nB = env.number("PORT", 1)')

    assert unwritten(names, "PORT=1\nUNPLANTED=2") == ["PLANTED"]


def test_a_planted_follower_that_is_not_there_is_found() -> None:
    assert unrouted({"a.b": ("portal.events.ROUTES", "portal.planted.send")}) == [
        "portal.events.ROUTES",
        "portal.planted.send",
    ]

"""Pages of the console as a person sees them: words, links, and forms with their labels."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

MUTE = frozenset({"style", "script"})


def same(text: str) -> str:
    """The text without capitals, emphasis, curled apostrophes and line breaks."""
    return " ".join(text.replace("*", "").replace("’", "'").lower().split())


@dataclass
class Form:
    """A form of a page: what it would send as it stands, and where its labels belong."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)  # label -> name
    choices: dict[str, dict[str, str]] = field(default_factory=dict)  # name -> words -> value
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # words, name, value


class Page(HTMLParser):
    """What a person sees of a page: its words, links and forms."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._tags: list[tuple[str, dict[str, str], list[str]]] = []
        self._ids: dict[str, str] = {}
        self._labels: list[tuple[str, str]] = []
        self.feed(markup)
        for target, words in self._labels:
            for form in self.forms:
                if (name := self._ids.get(target, "")) in form.values or name in form.choices:
                    form.labels[same(words).rstrip(":")] = name

    @property
    def text(self) -> str:
        """All words, with one space between them."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin what has words of its own; note fields."""
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(told.get("action", "")))
        elif tag in ("input", "select", "textarea") and self.forms and told.get("name"):
            self._field(tag, told)
        if tag not in ("input", "br", "img", "meta", "link", "hr", "path", "use", "circle", "rect", "line"):
            self._tags.append((tag, told, []))

    def handle_data(self, data: str) -> None:
        """Words belong to all that is open."""
        if self._tags and self._tags[-1][0] in MUTE:
            return
        self.words.append(data)
        is_hidden = any("visually-hidden" in told.get("class", "") for _tag, told, _words in self._tags)
        for tag, _told, words in self._tags:
            if not (is_hidden and tag in ("a", "button")):  # what a link says to those who see it
                words.append(data)

    def handle_endtag(self, tag: str) -> None:
        """End what was begun last under this name."""
        while self._tags and any(tag == open_ for open_, _told, _words in self._tags):
            open_, told, words = self._tags.pop()
            self._end(open_, told, " ".join("".join(words).split()))
            if open_ == tag:
                break

    def _field(self, tag: str, told: dict[str, str]) -> None:
        form, name, kind = self.forms[-1], told["name"], told.get("type", "text")
        if told.get("id"):
            self._ids[told["id"]] = name
        if tag == "select":
            form.choices[name] = {}
        elif kind == "submit":
            form.buttons.append((told.get("value", ""), name, told.get("value", "")))
        elif kind not in ("checkbox", "radio") or "checked" in told:
            form.values[name] = told.get("value", "on" if kind in ("checkbox", "radio") else "")
        else:
            form.choices.setdefault(name, {})

    def _end(self, tag: str, told: dict[str, str], words: str) -> None:
        if tag == "a" and told.get("href"):
            self.links.append((words, told["href"]))
        elif tag == "label":
            self._labels.append((told.get("for", ""), words))
        elif tag == "button" and self.forms and told.get("type", "submit") == "submit":
            self.forms[-1].buttons.append((words, told.get("name", ""), told.get("value", "")))
        elif tag == "option" and self.forms:
            self._option(told, words)
        elif tag == "textarea" and self.forms and told.get("name"):
            self.forms[-1].values[told["name"]] = words

    def _option(self, told: dict[str, str], words: str) -> None:
        form = self.forms[-1]
        name = next((said["name"] for open_, said, _ in reversed(self._tags) if open_ == "select"), "")
        if name:
            form.choices[name][same(words)] = told.get("value", words)
            if "selected" in told or name not in form.values:
                form.values[name] = told.get("value", words)

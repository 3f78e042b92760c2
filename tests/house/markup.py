"""What a strict content security policy would block in a page."""

from html.parser import HTMLParser

DATA = frozenset({"application/json", "text/template"})  # blocks that no browser runs


class _Inline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note inline styles and scripts, and addresses that are programs."""
        named = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in named and named.get("type") not in DATA):
            self.found.append(f"<{tag}>")
        self.found += [f"<{tag} {name}>" for name in named if name == "style" or name.startswith("on")]
        self.found += [f"<{tag} {name}=javascript:>" for name, value in attrs if _is_program(value)]

    handle_startendtag = handle_starttag


def _is_program(value: str | None) -> bool:
    return (value or "").strip().lower().startswith("javascript:")


def inline(page: str) -> list[str]:
    """The inline scripts, styles and event attributes of a page."""
    parser = _Inline()
    parser.feed(page)
    return parser.found

"""Several calls to a far side, one after the other, and what the log of attempts keeps of them."""

from collections.abc import Mapping

from core import http
from integrations.connectors.base import Delivered, Store

SHOWN, MOST_SHOWN = 2_000, 20_000  # letters of one call, and of all that are logged


class Talk:
    """Keeps what was asked of one far side, and its last answer; each connector's own Talk makes the calls.

    `HEADER` stands for the one that carries the key. `LEAST_CALLS` are counted also where nothing was asked. `notes`
    are sentences for people, `quota` what is left of the far side's limits.
    """

    HEADER = "Authorization: ***"
    LEAST_CALLS = 0

    def __init__(self, store: Store) -> None:
        self.store = store
        self.status = 0
        self.answer = ""
        self.quota: Mapping[str, int] = {}
        self.asked: list[str] = []
        self.notes: list[str] = []

    def begin(self, line: str, sent: str | None = "") -> None:
        """Note what is about to be asked; nothing is answered yet."""
        self.asked.append(f"{line} {(sent or '')[:SHOWN]}".strip())
        self.status, self.answer = 0, ""

    def end(self, answer: http.Answer) -> None:
        """Note how it was answered."""
        self.status, self.answer = answer.status, answer.body[:SHOWN].decode("utf-8", "replace")

    def exchange(self, remote_id: str = "") -> Delivered:
        """Return what was asked and answered, for the log of attempts; the key is masked."""
        return Delivered(
            self.status,
            self.answer,
            "\n".join([*self.head(), *self.asked])[:MOST_SHOWN],
            remote_id=remote_id,
            note=self.note(),
            calls=max(self.LEAST_CALLS, len(self.asked)),
            quota=dict(self.quota),
        )

    def head(self) -> list[str]:
        """Return the lines before what was asked."""
        return [self.HEADER]

    def note(self) -> str:
        """Return the sentence for people."""
        return " ".join(self.notes)[:500]

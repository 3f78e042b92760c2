"""What cannot be done, in sentences for people."""


class Unfit(ValueError):
    """A value cannot be read or converted as the row says; the text is a sentence for people."""


class BadMapping(ValueError):
    """A mapping cannot be kept as it is; `sentences` say why, by target ("" for the whole)."""

    def __init__(self, sentences: dict[str, str]) -> None:
        said = (f"{name}: {text}" if name else text for name, text in sentences.items())
        super().__init__(" ".join(said))
        self.sentences = sentences

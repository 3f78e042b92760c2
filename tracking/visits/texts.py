"""Texts of strangers, made fit for a row: pure."""

import re

# Control characters, what ends a line somewhere, and halves of letters that no database takes.
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def clean(text: str, length: int) -> str:
    """Return the text without control characters, cut to `length` letters."""
    return text[:length] if text.isprintable() else UNFIT.sub("", text)[:length]


def decoded(raw: bytes, length: int) -> str:
    """Return the bytes as a clean text; what is no UTF-8 becomes question marks."""
    return clean(raw.decode("utf-8", "replace"), length) if raw else ""

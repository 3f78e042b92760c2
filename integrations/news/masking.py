"""Free texts may hold anything: what looks like an e-mail address or a bank account never leaves in them."""

import re
from typing import Any

ADDRESS = "[e-mail]"
ACCOUNT = "[account]"
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:/?&=]{1,64}(?:@|%40)[^\s@<>\"'(),;:/?&=]{1,190}\.[^\W\d_]{2,24}")
_BEGINS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])")
_ACCOUNT = re.compile(r"[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_SHORTEST = 15  # letters of an IBAN


def masked(value: Any) -> Any:
    """Return JSON with every e-mail address and IBAN in its texts replaced; names of fields and numbers stay."""
    if isinstance(value, str):
        return _without_accounts(_ADDRESS.sub(ADDRESS, value) if "@" in value or "%40" in value else value)
    if isinstance(value, dict):
        return {name: masked(below) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [masked(below) for below in value]
    return value


def _without_accounts(text: str) -> str:
    parts, place = [], 0
    for found in _BEGINS.finditer(text):
        if found.start() >= place and (end := _end(text, found.start())):
            parts += [text[place : found.start()], ACCOUNT]
            place = end
    return "".join([*parts, text[place:]])


def _end(text: str, begins: int) -> int:
    """Where the account ends that begins here, 0 if none does: words that follow it are no part of it."""
    found = _ACCOUNT.match(text, begins)
    if found is None:
        return 0
    ends = [place for place in range(begins + _SHORTEST, found.end()) if text[place] in " -"]
    return next((end for end in (found.end(), *reversed(ends)) if _is_iban(text[begins:end])), 0)


def _is_iban(text: str) -> bool:
    """Whether the check digits are right (ISO 7064, 97-10), so that article numbers are let through."""
    plain = text.replace(" ", "").replace("-", "").upper()
    if len(plain) < _SHORTEST:
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1

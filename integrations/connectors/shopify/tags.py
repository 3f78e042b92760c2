"""Tags of the shop's customers and orders: those that are ours are added and removed, the merchant's own stay."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.body import Fields
from integrations.connectors.shop_records import is_ours, our_tags
from integrations.connectors.shopify import documents
from integrations.connectors.shopify.api import wrongs_of
from integrations.connectors.shopify.talk import Talk

LONGEST = 40  # letters; Shopify refuses longer tags, and with them all that are added in the same call


def tags_in(node: Fields) -> tuple[str, ...]:
    """Return all tags of a row."""
    tags = node.values.get("tags")
    return tuple(str(tag) for tag in tags) if isinstance(tags, list) else ()


def said_tags(ours: Any, there: Sequence[str]) -> Any:
    """Return the tags there that are ours, sorted, in our own words where they say the same."""
    standing = sorted(tag for tag in there if is_ours(tag))
    wanted = [tag for tag in our_tags(ours)[0] if len(tag) <= LONGEST]
    has_all = [tag.casefold() for tag in wanted] == [tag.casefold() for tag in standing]
    return ours if wanted and has_all else standing


def changes_of(talk: Talk, ours: Any, there: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the tags of ours that are not there, and those there that are not wanted any more."""
    wanted, foreign = our_tags(ours)
    if foreign:
        words = {"tags": ", ".join(foreign)[:100]}
        talk.notes.append(_("Tags that are not ours to set were left out: %(tags)s.") % words)
    if long := [tag for tag in wanted if len(tag) > LONGEST]:
        told = {"most": LONGEST, "tags": ", ".join(long)[:100]}
        talk.notes.append(_("Tags of more than %(most)s letters were left out: %(tags)s.") % told)
        wanted = [tag for tag in wanted if len(tag) <= LONGEST]
    known, here = {tag.casefold() for tag in there}, {tag.casefold() for tag in wanted}
    standing = sorted(tag for tag in there if is_ours(tag))
    return [tag for tag in wanted if tag.casefold() not in known], [
        tag for tag in standing if tag.casefold() not in here
    ]


def write_tags(talk: Talk, gid: str, add: Sequence[str], remove: Sequence[str]) -> str:
    """Add tags and remove others; return the shop's objection, "" for none. Raises what `ask` raises."""
    if add and (wrong := wrongs_of(talk.ask(documents.ADD_TAGS, id=gid, tags=list(add)).part("tagsAdd"))):
        return wrong
    if remove:
        return wrongs_of(talk.ask(documents.REMOVE_TAGS, id=gid, tags=list(remove)).part("tagsRemove"))
    return ""

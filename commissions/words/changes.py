"""What is different between two versions of a plan, in words for those whom it pays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from django.utils.translation import gettext as _

from commissions.conditions import When, read_when
from commissions.schema import Reader
from commissions.words.figures import all_of, major_in_words, quoted, rate_in_words
from commissions.words.plans import (
    CEILING,
    MATURITY,
    bonus_in_words,
    bonus_pays,
    cap_in_words,
    ceiling_in_words,
    compression_in_words,
    excluded,
    level_pays,
    maturity_in_words,
    split_in_words,
)
from commissions.words.rewards import reward_in_words
from commissions.words.rules import rule_in_words, when_as_one
from core.money import Money

Body = Mapping[str, Any]
_MOST_PAIRS = 3  # of rules that change places; more are said in one sentence


def changes_in_words(old_body: Body, new_body: Body, currency: str) -> list[str]:
    """Say what the new version (JSON of a plan) changes, what moves the money first; [] if nothing that matters."""
    old, new = _by_id(old_body["rules"]), _by_id(new_body["rules"])
    texts = [*_changed_rules(old, new, currency), *_gone_rules(old, new), *_new_rules(old, new, currency)]
    texts += _precedence(old, new, currency)
    texts += _levels(old_body, new_body)
    texts += [*_splits(old_body, new_body), *_caps(old_body, new_body, currency)]
    texts += [*_bonuses(old_body, new_body, currency), *_ceiling(old_body, new_body)]
    texts += [*_exclusions(old_body, new_body), *_compression(old_body, new_body)]
    return [*texts, *_maturity(old_body, new_body)] or _names(old_body, new_body)


def _by_id(rows: list[Body]) -> dict[str, Body]:
    return {row["id"]: row for row in rows}


def _changed_rules(old: dict[str, Body], new: dict[str, Body], currency: str) -> Iterator[str]:
    for number, rule in new.items():
        if number in old:
            yield from _changed_rule(old[number], rule, currency)


def _changed_rule(old: Body, new: Body, currency: str) -> Iterator[str]:
    before, after = _rewards(old, new, currency)
    when_before, when_after = when_as_one(old, currency), when_as_one(new, currency)
    values = {"name": new["name"], "old": before, "new": after}
    is_simple = "brackets" not in (old["reward"]["type"], new["reward"]["type"])
    moved = [before != after, _when(old, currency) != _when(new, currency), _adds(old) != _adds(new)]
    if not any(moved):
        return
    if moved == [True, False, False] and is_simple:
        yield _("“%(name)s” pays %(new)s instead of %(old)s.") % values
    elif moved == [False, True, False] and when_before != when_after:
        anything = _("for every sale")
        values["old"] = _("if %(conditions)s") % {"conditions": when_before} if when_before else anything
        values["new"] = _("if %(conditions)s") % {"conditions": when_after} if when_after else anything
        yield _("“%(name)s” is paid %(new)s, no longer %(old)s.") % values
    elif moved == [False, True, False]:
        yield (
            _("“%(name)s” is paid for other products, places or people than before: its lists change.")
            % values
        )
    else:
        values = {"old": rule_in_words(old, currency), "new": rule_in_words(new, currency)}
        yield _("Until now: %(old)s From then on: %(new)s") % values


def _rewards(old: Body, new: Body, currency: str) -> tuple[str, str]:
    """What both pay; for two rates of lines, what they are of is said once, after the new one."""
    first, second = (
        reward_in_words(rule["reward"], currency, rule.get("when", {}).get("goal", "sale"))
        for rule in (old, new)
    )
    if old["reward"]["type"] == new["reward"]["type"] == "percent" and first != second:
        return _("%(rate)s %%") % {"rate": rate_in_words(old["reward"]["rate"])}, second
    return first, second


def _when(rule: Body, currency: str) -> When:
    return read_when(Reader(), rule.get("when", {}), "", currency)


def _adds(rule: Body) -> bool:
    return bool(rule.get("stackable"))


def _gone_rules(old: dict[str, Body], new: dict[str, Body]) -> Iterator[str]:
    gone = [rule["name"] for number, rule in old.items() if number not in new]
    if gone:
        yield _("No longer paid: %(names)s.") % {"names": all_of(quoted(gone))}


def _new_rules(old: dict[str, Body], new: dict[str, Body], currency: str) -> Iterator[str]:
    for number, rule in new.items():
        if number not in old:
            yield _("New: %(rule)s") % {"rule": rule_in_words(rule, currency)}


def _precedence(old: dict[str, Body], new: dict[str, Body], currency: str) -> list[str]:
    """Which of two rules that hold for the same line pays now, where another one did."""
    first, second = _ranked(old, currency), _ranked(new, currency)
    both = [number for number in second if number in first and first[number][0] == second[number][0]]
    swapped = [
        (weaker, stronger)
        for weaker, stronger in combinations(sorted(both, key=lambda number: second[number][1]), 2)
        if first[weaker][1] > first[stronger][1] and _can_meet(second[weaker][0], second[stronger][0])
    ]
    if len(swapped) > _MOST_PAIRS:
        return [_("The order of the rules changes: where several hold for a line, another one may pay.")]
    text = _("Where both “%(weaker)s” and “%(stronger)s” hold for a line, “%(stronger)s” pays from then on.")
    return [
        text % {"weaker": new[weaker]["name"], "stronger": new[stronger]["name"]}
        for weaker, stronger in swapped
    ]


def _ranked(rules: dict[str, Body], currency: str) -> dict[str, tuple[When, tuple[object, ...]]]:
    """The conditions and the rank of every rule of which one pays; the greater rank wins."""
    found: dict[str, tuple[When, tuple[object, ...]]] = {}
    for order, (number, rule) in enumerate(rules.items()):
        if not _adds(rule):
            when = _when(rule, currency)
            found[number] = when, (when.specificity, rule.get("priority", 0), order)
    return found


def _can_meet(one: When, other: When) -> bool:
    if one.goal != other.goal:
        return False
    return None in (one.customer, other.customer) or one.customer == other.customer


def _levels(old_body: Body, new_body: Body) -> Iterator[str]:
    old, new = (
        {level["level"]: level_pays(level) for level in body.get("levels", [])}
        for body in (old_body, new_body)
    )
    for number, pays in new.items():
        if number not in old:
            yield _("New: level %(level)s pays %(new)s.") % {"level": number, "new": pays}
        elif pays != old[number]:
            values = {"level": number, "new": pays, "old": old[number]}
            yield _("Level %(level)s pays %(new)s; until now %(old)s.") % values
    for number in old.keys() - new.keys():
        yield _("Level %(level)s is no longer paid.") % {"level": number}


def _splits(old_body: Body, new_body: Body) -> Iterator[str]:
    old, new = split_in_words(old_body), split_in_words(new_body)
    if old == new:
        if _partners(old_body) != _partners(new_body):
            yield _("The commission of a sale is shared with another partner than before.")
        return
    yield new[0] if new else _("The commission of a sale is no longer shared with a partner.")


def _partners(body: Body) -> set[tuple[str, str]]:
    return {(split["affiliate"].lower(), rate_in_words(split["share"])) for split in body.get("split", [])}


def _caps(old_body: Body, new_body: Body, currency: str) -> Iterator[str]:
    old, new = _lowest(old_body, currency), _lowest(new_body, currency)
    for key, cap in new.items():
        values = {"cap": cap_in_words(cap, currency).removesuffix(".")}
        if key not in old:
            yield _("New: %(cap)s.") % values
        elif cap_in_words(old[key], currency) != cap_in_words(cap, currency):
            values["old"] = major_in_words(old[key]["amount"], currency)
            yield _("%(cap)s; until now %(old)s.") % values
    for key in old.keys() - new.keys():
        yield _("This limit no longer holds: %(cap)s") % {"cap": cap_in_words(old[key], currency)}


def _lowest(body: Body, currency: str) -> dict[tuple[str, str], Body]:
    """The cap that counts of each kind and period."""
    found: dict[tuple[str, str], Body] = {}
    for cap in sorted(body.get("caps", []), key=lambda cap: Money.parse(cap["amount"], currency).amount):
        period = "" if cap["of"] == "conversion" else cap.get("period", "month")
        found.setdefault((cap["of"], period), cap)
    return found


def _bonuses(old_body: Body, new_body: Body, currency: str) -> Iterator[str]:
    old, new = _by_id(old_body.get("bonuses", [])), _by_id(new_body.get("bonuses", []))
    for number, bonus in new.items():
        if number not in old:
            yield _("New: %(bonus)s") % {"bonus": bonus_in_words(bonus, currency)}
            continue
        values = {"name": bonus["name"], "new": bonus_pays(bonus, currency)}
        values["old"] = bonus_pays(old[number], currency)
        if values["old"] != values["new"]:
            yield _("The bonus “%(name)s” is %(new)s. Until now: %(old)s.") % values
    gone = [bonus["name"] for number, bonus in old.items() if number not in new]
    if gone:
        yield _("No longer paid as a bonus: %(names)s.") % {"names": all_of(quoted(gone))}


def _ceiling(old_body: Body, new_body: Body) -> Iterator[str]:
    old, new = (rate_in_words(body.get("max_total_rate", CEILING)) for body in (old_body, new_body))
    if old != new:
        values = {"ceiling": ceiling_in_words(new).removesuffix("."), "old": old}
        yield _("%(ceiling)s; until now %(old)s %%.") % values


def _exclusions(old_body: Body, new_body: Body) -> Iterator[str]:
    old, new = old_body.get("exclude", {}), new_body.get("exclude", {})
    for what in excluded(_without(new, old)):
        yield _("Nothing is paid any more for %(what)s.") % {"what": what}
    for what in excluded(_without(old, new)):
        yield _("No longer excluded: %(what)s.") % {"what": what}


def _without(names: Body, others: Body) -> dict[str, list[str]]:
    return {
        key: [name for name in listed if name not in others.get(key, [])] for key, listed in names.items()
    }


def _compression(old_body: Body, new_body: Body) -> Iterator[str]:
    old, new = (bool(body.get("compression") and body.get("levels")) for body in (old_body, new_body))
    if new and not old:
        yield compression_in_words()
    if old and not new and new_body.get("levels"):
        yield _("If a sponsor is not active, nobody takes its level any more.")


def _maturity(old_body: Body, new_body: Body) -> Iterator[str]:
    old, new = (body.get("maturity_days", MATURITY) for body in (old_body, new_body))
    if old != new:
        values = {"maturity": maturity_in_words(new).removesuffix("."), "old": old}
        yield _("%(maturity)s; until now %(old)s.") % values


def _names(old_body: Body, new_body: Body) -> list[str]:
    """What is only called otherwise."""
    texts = []
    for key in ("rules", "bonuses"):
        old = _by_id(old_body.get(key, []))
        for number, row in _by_id(new_body.get(key, [])).items():
            if number in old and old[number]["name"] != row["name"]:
                values = {"old": old[number]["name"], "new": row["name"]}
                texts.append(_("“%(old)s” is called “%(new)s” from then on.") % values)
    return texts

"""What a program looks for, from where on, and what is done about it: read and changed."""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from affiliates.models import Program
from affiliates.roles import demand
from core import events
from core.models import User
from fraud.checks import CHECKS, Check
from fraud.models import Policy
from fraud.scores.weights import CAP
from fraud.states import Action

LISTS = ("campaigns", "brand_terms", "bad_statuses")
EMPTIED = ("threshold", "sample", "weight")  # of a check, which may be left empty
NUMBERS = ("review_days", "second_above", "capacity")
MOST_WORDS, LONGEST = 500, 120  # of a list, and letters of an entry
LARGEST = 1_000_000  # a sample; more orders than that nobody waits for


def policy_of(program: Program) -> Policy:
    """Return the program's policy; one that was never changed is number 0 and stands in no table."""
    found: Policy | None = Policy.objects.filter(program=program).first()
    if found is None:
        return Policy(program=program, number=0)
    found.program = program
    return found


def differences(policy: Policy, checks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what `Policy.checks` would be with these settings of checks; raise ValidationError as `set_policy`."""
    other = Policy(program=policy.program, checks=policy.checks)
    _put(other, checks, {})
    return dict(other.checks)


def set_check(
    program: Program, name: str, *, actor: User, at: datetime | None = None, **said: object
) -> Policy:
    """Change how one check is asked: on, threshold, sample, weight, action; the rest stays as it is.

    None brings a threshold, sample or weight back to its default.
    """
    return set_policy(program, actor=actor, at=at, checks={name: said})


@transaction.atomic
def set_policy(
    program: Program,
    *,
    actor: User,
    at: datetime | None = None,
    checks: Mapping[str, Mapping[str, Any]] | None = None,
    **fields: Any,
) -> Policy:
    """Change the policy; of `checks` only what differs from the defaults is kept. Nothing changed: nothing happens.

    `fields` are LISTS (texts) and NUMBERS (`second_above` in minor units, None for never). Raises ValidationError
    with the sentences by field, those on a check under "<check>.<what>".
    """
    Program.objects.select_for_update(no_key=True).get(pk=program.pk)  # a first change has no row to lock yet
    demand(actor, "manage_fraud", program.merchant_id)
    policy = policy_of(program)
    before = _content(policy)
    _put(policy, checks or {}, fields)
    changes = _changes(before, _content(policy))
    if not changes:
        return policy
    policy.number, policy.changed_by, policy.changed_at = policy.number + 1, actor, at or timezone.now()
    policy.save()
    data = {"number": policy.number, "changes": changes}
    events.record(
        "policy.changed", policy, tenant=program.merchant_id, scope=program.pk, actor=actor, at=at, data=data
    )
    return policy


def _put(policy: Policy, checks: Mapping[str, Mapping[str, Any]], fields: Mapping[str, Any]) -> None:
    if strange := (fields.keys() - {*LISTS, *NUMBERS}) | (checks.keys() - CHECKS.keys()):
        raise TypeError(f"A policy has no {', '.join(sorted(strange))}.")
    wrong: dict[str, list[str]] = {}
    for name, value in fields.items():
        setattr(policy, name, _words(name, value, wrong) if name in LISTS else value)
    kept = dict(policy.checks)
    for name, said in checks.items():
        differing = _differing(CHECKS[name], {**kept.pop(name, {}), **said}, wrong)
        if differing:
            kept[name] = differing
    policy.checks = dict(sorted(kept.items()))
    unasked = {"program", "changed_by", "checks", *LISTS}
    try:
        policy.clean_fields(exclude=unasked | ({"second_above"} if policy.second_above is None else set()))
    except ValidationError as refused:
        wrong |= refused.message_dict
    if wrong:
        raise ValidationError(wrong)


def _words(name: str, value: Any, wrong: dict[str, list[str]]) -> list[str]:
    """Texts without blanks around and without doubles, in the order in which they were written."""
    words = list(dict.fromkeys(text for each in value if (text := " ".join(str(each).split()))))
    if len(words) > MOST_WORDS or any(len(word) > LONGEST for word in words):
        message = _("At most %(most)s entries of at most %(letters)s letters each.")
        wrong[name] = [message % {"most": MOST_WORDS, "letters": LONGEST}]
    return words


def _differing(
    check: Check[Any], said: Mapping[str, Any], wrong: dict[str, list[str]]
) -> dict[str, bool | float | int | str]:
    """What is said of a check and is not its default; what cannot be is told in `wrong`."""
    defaults: dict[str, Any] = {
        "on": True,
        "threshold": float(check.limits.threshold),
        "sample": check.limits.sample,
        "weight": float(check.weight),
        "action": check.action.value,
    }
    if strange := said.keys() - defaults.keys():
        raise TypeError(f"A check has no {', '.join(sorted(strange))}.")
    kept: dict[str, Any] = {}
    for what, value in said.items():
        if value is None and what in EMPTIED:
            continue
        refusal = _refusal(check, what, value)
        if refusal:
            wrong[f"{check.name}.{what}"] = [refusal]
        elif _plain(value) != defaults[what]:
            kept[what] = _plain(value)
    return kept


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Action) else value


def _refusal(check: Check[Any], what: str, value: Any) -> str:
    """Why a setting cannot be so, or ""."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if what == "on":
        return "" if isinstance(value, bool) else _("Say on or off.")
    if what == "threshold":
        least, most = check.bounds
        return "" if is_number and least <= value <= most else _between(least, most)
    if what == "sample":
        is_count = is_number and isinstance(value, int) and 1 <= value <= LARGEST
        return "" if is_count else _("Enter a whole number, 1 or more.")
    if what == "weight":
        message = _("Enter a number from 0 to %(most)s.") % {"most": int(CAP)}
        return "" if is_number and 0 <= value <= CAP else message
    if _plain(value) not in Action.values:
        return _("Choose what a finding does.")
    is_too_far = _plain(value) == Action.DECLINE and not check.may_decline
    return _("What it finds is a likelihood, so it may hold and not decline.") if is_too_far else ""


def _between(least: float, most: float) -> str:
    if least == most:
        return _("This check answers yes or no, so its threshold is always %(n)s.") % {"n": _written(least)}
    told = {"least": _written(least), "most": _written(most)}
    return _("Enter a number from %(least)s to %(most)s.") % told


def _written(number: float) -> str:
    return number_format(int(number) if float(number).is_integer() else number, force_grouping=True)


def _content(policy: Policy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in (*LISTS, *NUMBERS)} | {
        f"{check}.{what}": value for check, said in policy.checks.items() for what, value in said.items()
    }


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What -> [before, after]; of a check's settings None stands for its default."""
    return {
        name: [before.get(name), after.get(name)]
        for name in [*before, *(after.keys() - before.keys())]
        if before.get(name) != after.get(name)
    }

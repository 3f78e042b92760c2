"""The form of a policy: its settings, and a line for each check."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _, gettext_lazy

from affiliates.models import Program
from core.money import Money, MoneyError
from fraud.actions.policies import EMPTIED, LISTS
from fraud.checks import CHECKS, Check
from fraud.figures.rates import Record
from fraud.models import Policy
from fraud.scores.weights import CAP
from fraud.states import Action, Cause


class LinesField(forms.CharField):
    """A list, one entry a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": 4}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """A list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Lines as a list."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class SettingsForm(forms.Form):
    """Everything of a policy but its checks."""

    review_days = forms.IntegerField(
        label=gettext_lazy("Days for a review"),
        min_value=1,
        max_value=90,
        help_text=gettext_lazy("After so many days owners and managers are told of an undecided case."),
    )
    second_above = forms.CharField(
        label=gettext_lazy("Two people above"),
        required=False,
        max_length=20,
        help_text=gettext_lazy(
            "A verdict on more than this is proposed by one and confirmed by another. Empty: never."
        ),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Cases a week"),
        min_value=1,
        max_value=10_000,
        help_text=gettext_lazy("How many you can review; scores are measured at it."),
    )
    campaigns = LinesField(
        label=gettext_lazy("Allowed campaigns"),
        help_text=gettext_lazy(
            "Advertising campaigns that affiliates may run, or that are your own; one a line."
        ),
    )
    brand_terms = LinesField(
        label=gettext_lazy("Protected words"),
        help_text=gettext_lazy("Words that affiliates may not bid on; one a line."),
    )
    bad_statuses = LinesField(
        label=gettext_lazy("Bad statuses"),
        help_text=gettext_lazy("Your CRM’s words for customers who are not real; one a line."),
    )

    def __init__(self, program: Program, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = program.currency
        self.fields["second_above"].label = _("Two people above, %(currency)s") % {
            "currency": program.currency
        }

    def clean_second_above(self) -> int | None:
        """An amount in minor units; None for never."""
        text = self.cleaned_data["second_above"].strip()
        if not text:
            return None
        try:
            return Money.parse(text, self.currency).amount
        except MoneyError as wrong:
            raise ValidationError(str(wrong)) from wrong


class CheckForm(forms.Form):
    """How one check is asked; a number that is left empty is the default."""

    on = forms.BooleanField(label=gettext_lazy("on"), required=False)
    threshold = forms.FloatField(label=gettext_lazy("threshold"), required=False)
    sample = forms.IntegerField(
        label=gettext_lazy("least number"), required=False, min_value=1, max_value=1_000_000
    )
    weight = forms.FloatField(label=gettext_lazy("weight"), required=False, min_value=0, max_value=CAP)
    action = forms.ChoiceField(label=gettext_lazy("a finding"), choices=Action.choices)

    def __init__(self, check: Check[Any], data: QueryDict | None = None, **kwargs: Any) -> None:
        super().__init__(data, prefix=check.name, **kwargs)
        if not check.may_decline:
            may: Any = self.fields["action"]
            may.choices = [choice for choice in Action.choices if choice[0] != Action.DECLINE]
        defaults = _said(Policy(), check.name)
        for name in EMPTIED:
            self.fields[name].widget.attrs |= {"placeholder": defaults[name]} | (
                {} if name == "sample" else {"step": "any"}
            )
        least, most = check.bounds
        self.fields["threshold"].widget.attrs |= {"min": _short(least), "max": _short(most)}
        for name, field in self.fields.items():  # a table's head names them for the eye alone
            field.widget.attrs["aria-label"] = f"{check.title}: {field.label}"
            field.widget.attrs["class"] = f"check-{name}"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check on the page: its form, what its defaults are, and its record. `changed` names what differs."""

    check: Check[Any]
    form: CheckForm
    defaults: dict[str, Any]
    changed: frozenset[str]
    record: Record


class PolicyForm:
    """The settings and all checks together; `errors` of the verb find their fields again."""

    def __init__(self, policy: Policy, data: QueryDict | None = None) -> None:
        self.policy = policy
        self.settings = SettingsForm(policy.program, data, initial=_settings(policy))
        self.checks = {
            name: CheckForm(check, data, initial=_said(policy, name)) for name, check in CHECKS.items()
        }

    def is_valid(self) -> bool:
        """Whether all fields can be read; each is asked, so that all that is wrong is told at once."""
        forms_ = [self.settings, *self.checks.values()]
        return all([form.is_valid() for form in forms_])  # noqa: C419 - every one must be asked

    def is_wrong(self) -> bool:
        """Whether any field has an error."""
        return bool(self.settings.errors or any(form.errors for form in self.checks.values()))

    @property
    def said(self) -> dict[str, dict[str, Any]]:
        """What the lines say, by check."""
        return {name: dict(form.cleaned_data) for name, form in self.checks.items()}

    def blame(self, refused: ValidationError) -> None:
        """Put what a verb refused beside its field."""
        for name, sentences in refused.message_dict.items():
            check, dot, what = name.partition(".")
            form: forms.Form = self.checks[check] if dot else self.settings
            form.add_error(what if dot else name, sentences)

    def groups(self, records: dict[str, Record]) -> Iterator[tuple[str, list[CheckLine], int]]:
        """Each cause with its lines, and how many of them are on."""
        for cause in Cause:
            names = [name for name, check in CHECKS.items() if check.cause == cause]
            lines = [self._line(name, records.get(name, Record())) for name in names]
            yield str(cause.label), lines, sum(self.policy.rule(name).is_on for name in names)

    def _line(self, name: str, record: Record) -> CheckLine:
        changed = frozenset(self.policy.checks.get(name, {}))
        return CheckLine(CHECKS[name], self.checks[name], _said(Policy(), name), changed, record)


def _settings(policy: Policy) -> dict[str, Any]:
    above = policy.second_above
    found = {name: getattr(policy, name) for name in (*LISTS, "review_days", "capacity")}
    found["second_above"] = "" if above is None else f"{policy.program.money(above).decimal:f}"
    return found


def _said(policy: Policy, name: str) -> dict[str, Any]:
    rule = policy.rule(name)
    limits = {"threshold": _short(rule.limits.threshold), "sample": rule.limits.sample}
    return {"on": rule.is_on, **limits, "weight": _short(rule.weight), "action": rule.action.value}


def _short(number: float) -> float | int:
    return int(number) if float(number).is_integer() else number

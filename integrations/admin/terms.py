"""The dictionary: what stores call things, and what those are called here; unknown words first."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from affiliates.cells import chip, when
from affiliates.scoped_admin import merchants_that_let
from affiliates.verb_admin import Verb, VerbAdmin
from core.models import Event
from integrations import actions
from tracking import actions as tracking
from tracking.models import Term
from tracking.states import TermState, Vocabulary
from tracking.vocabulary import UNITS

FILTERS = "_changelist_filters"
MOST_OFFERED, MOST_STEPS = 200, 20


class Offering(forms.TextInput):
    """A field for a word that offers those which are in use."""

    template_name = "admin/tracking/term/offering.html"

    def __init__(self, offered: Sequence[str] = ()) -> None:
        super().__init__(attrs={"class": "vTextField", "autocomplete": "off", "autofocus": True})
        self.offered = offered

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The words stand in a list beside the field."""
        context = super().get_context(name, value, attrs)
        number = f"words-{name}"
        context["widget"]["attrs"]["list"] = number
        return {**context, "offered": self.offered, "number": number}


class WordForm(forms.Form):
    """What it is called here."""

    word = forms.CharField(label=gettext_lazy("Our word"), max_length=120, widget=Offering)


def word_form(row: Term) -> type[forms.Form]:
    """Return the form with the words that a program knows for such a thing."""
    field = forms.CharField(
        label=gettext_lazy("Our word"),
        max_length=120,
        widget=Offering(offered_for(row)),
        initial=row.word or row.suggestion,
    )
    return type("WordForm", (forms.Form,), {"word": field})


def offered_for(row: Term) -> list[str]:
    """Return the words to choose from: those of plans and those decided; of a norm those that it has."""
    if row.vocabulary == Vocabulary.UNIT:
        return list(UNITS)
    used = Term.objects.decided().filter(program=row.program_id, vocabulary=row.vocabulary)
    words = set(used.values_list("word", flat=True))
    if row.vocabulary == Vocabulary.CATEGORY:
        words |= set(actions.categories_of_plans(row.program))
    return sorted(words, key=str.casefold)[:MOST_OFFERED]


HOLDS = gettext_lazy(
    "It holds for orders that are told from now on. What is settled stays as it is, and revisions of known orders "
    "follow the words of their first telling. Shops, CRMs and webhooks hear the word for all customers, from now on."
)
VERBS = (
    Verb(
        name="accept",
        label=gettext_lazy("Accept the suggestion"),
        ask=HOLDS,
        may="manage_plans",
        run=tracking.accept_term,
        done=gettext_lazy("Accepted"),
        applies=lambda row: row.state == TermState.UNKNOWN and bool(row.suggestion),
    ),
    Verb(
        name="word",
        label=gettext_lazy("Choose a word"),
        ask=HOLDS,
        may="manage_plans",
        run=tracking.decide_term,
        done=gettext_lazy("Decided"),
        form=WordForm,
    ),
    Verb(
        name="keep",
        label=gettext_lazy("Call it as the store does"),
        ask=HOLDS,
        may="manage_plans",
        run=tracking.keep_term,
        done=gettext_lazy("Kept"),
        applies=lambda row: row.state == TermState.UNKNOWN,
    ),
    Verb(
        name="undecide",
        label=gettext_lazy("Make it unknown again"),
        ask=gettext_lazy("From now on it means nothing but itself. What is settled stays as it is."),
        may="manage_plans",
        run=tracking.undecide_term,
        done=gettext_lazy("Unknown again"),
        applies=lambda row: row.state == TermState.DECIDED,
        is_danger=True,
    ),
)


@admin.register(Term)
class TermAdmin(VerbAdmin):
    """Words of stores, of one's own programs."""

    class Media:
        css: ClassVar = {"all": ("console/terms.css",)}

    verbs = VERBS
    tab_field = "state"
    confirm_display = ("theirs", "vocabulary", "source", "ours")
    list_display = ("theirs", "ours", "often", "vocabulary", "source", "program", "last_seen")
    list_filter = ("vocabulary", "program", "source")
    list_select_related = ("program",)
    search_fields = ("theirs", "word", "suggestion", "source")
    ordering = ("-state", "-seen", "theirs", "pk")
    fields = (
        ("theirs", "ours"),
        ("vocabulary", "source"),
        "program",
        ("often", "holds_from"),
        ("first_seen", "last_seen"),
    )
    readonly_fields = ("ours", "often", "first_seen", "last_seen", "holds_from")
    empty_words = gettext_lazy("As soon as a store tells an order with a category, its word stands here.")

    def get_list_display(self, request: HttpRequest) -> Any:
        """Where there is a suggestion, a button beside it takes it: the first one has the focus, so Enter is enough."""
        return [self._answer(request) if name == "ours" else name for name in self.list_display]

    def _answer(self, request: HttpRequest) -> Callable[[Term], str]:
        merchants = merchants_that_let(request, "manage_plans")
        filters = urlencode({FILTERS: request.GET.urlencode()})
        waits_for_first = [True]

        def answer(row: Term) -> str:
            if (
                row.state == TermState.DECIDED
                or not row.suggestion
                or row.program.merchant_id not in merchants
            ):
                return self.ours(row)
            address = reverse("admin:tracking_term_accept", args=[row.pk])
            is_first = waits_for_first[0]
            waits_for_first[0] = False
            return format_html(
                '<button class="take" formmethod="post" formaction="{}?{}"{}>{} <b>{}</b></button> <small>{}</small>',
                address,
                filters,
                " autofocus" if is_first else "",
                _("Accept"),
                row.suggestion,
                _("%(likeness)s %% alike") % {"likeness": row.likeness},
            )

        answer.short_description = gettext_lazy("our word")  # type: ignore[attr-defined]
        answer.admin_order_field = "word"  # type: ignore[attr-defined]
        return answer

    @admin.display(description=gettext_lazy("our word"), ordering="word")
    def ours(self, row: Term) -> str:
        """What it is called here, or that nobody has said."""
        if row.state == TermState.DECIDED:
            return format_html("<bdi>{}</bdi>", row.word)
        if row.suggestion:
            return format_html("{} <small>{}</small>", row.suggestion, _("suggested"))
        return chip("waiting", _("unknown"))

    @admin.display(description=gettext_lazy("how often"), ordering="seen")
    def often(self, row: Term) -> str:
        """In how many orders, or at how many customers."""
        if row.vocabulary == Vocabulary.STATUS:
            words = ngettext("%(count)s customer", "%(count)s customers", row.seen)
        else:
            words = ngettext("%(count)s order", "%(count)s orders", row.seen)
        return words % {"count": row.seen} if row.seen else "–"

    @admin.display(description=gettext_lazy("first seen"), ordering="first_seen_at")
    def first_seen(self, row: Term) -> str:
        """When it was told for the first time."""
        return when(row.first_seen_at)

    @admin.display(description=gettext_lazy("last seen"), ordering="last_seen_at")
    def last_seen(self, row: Term) -> str:
        """When it was told last."""
        return when(row.last_seen_at)

    @admin.display(description=gettext_lazy("holds from"))
    def holds_from(self, row: Term) -> str:
        """Since when our word holds."""
        return when(row.decided_at)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Words are told by stores."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only verbs change one."""
        return False

    def form_of(self, verb: Verb, row: Any) -> type[forms.Form]:
        """The words that are in use are offered."""
        return word_form(row) if verb.name == "word" else super().form_of(verb, row)

    def confirmation(
        self, request: HttpRequest, verb: Verb, rows: list[Any], *args: Any, **kwargs: Any
    ) -> TemplateResponse:
        """Whoever gives a word another meaning is told which plans name it as the store does."""
        named = [] if verb.name in ("keep", "undecide") else plans_naming(rows)
        if named:
            verb = replace(verb, ask=f"{verb.ask} {' '.join(named)}")
        return super().confirmation(request, verb, rows, *args, **kwargs)

    def page_context(self, request: HttpRequest, row: Term) -> dict[str, Any]:
        """What was decided on it so far, and what plans make of it."""
        return {
            **super().page_context(request, row),
            "hero_words": chip(
                "done" if row.state == TermState.DECIDED else "waiting", row.get_state_display()
            ),
            "steps": _steps(row),
            "named": plans_naming([row]) if row.state == TermState.UNKNOWN else [],
        }

    def get_urls(self) -> list[URLPattern]:
        """The button in the list has an address of its own."""
        view = self.admin_site.admin_view(self.accept_view)
        return [path("<int:term_id>/accept/", view, name="tracking_term_accept"), *super().get_urls()]

    def accept_view(self, request: HttpRequest, term_id: int) -> HttpResponse:
        """Take a suggestion and go back to the list as it was."""
        row = self.get_object(request, str(term_id))
        if row is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        verb = VERBS[0]
        if not self.lets(request, verb.may, row):
            raise Http404
        self.perform(request, verb, [row], {})
        kept = request.GET.get(FILTERS, "")
        return HttpResponseRedirect(reverse("admin:tracking_term_changelist") + (f"?{kept}" if kept else ""))


def plans_naming(rows: Sequence[Term]) -> list[str]:
    """Return a sentence for each category that a plan names by the store's word."""
    found = []
    for row in [row for row in rows if row.vocabulary == Vocabulary.CATEGORY][:MOST_STEPS]:
        plans = actions.categories_of_plans(row.program).get(row.theirs)
        if plans:
            values = {"plans": ", ".join(sorted(plans)), "theirs": row.theirs}
            found.append(_("Named by a plan as it is told: “%(theirs)s” in %(plans)s.") % values)
    return found


def _steps(row: Term) -> list[dict[str, Any]]:
    """The decisions, the newest first."""
    rows = Event.objects.filter(kind="term.decided", subject_type="tracking.term", subject_id=str(row.pk))
    return [
        {
            "words": _("called “%(word)s”") % {"word": event.data["word"]}
            if event.data["word"]
            else _("unknown again"),
            "at": event.at,
            "by": str(event.actor or ""),
        }
        for event in rows.select_related("actor").order_by("-pk")[:MOST_STEPS]
    ]

"""One line of "needs you", and those of them that are trouble: what went wrong between us and other systems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _, ngettext

from integrations.models import Connection, Delivery
from integrations.standing import needing_look, trouble_of
from integrations.states import DeliveryState

FEW = 3  # names in a line


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of "needs you"."""

    title: str
    detail: str
    icon: str
    address: str
    act: str
    is_urgent: bool = False


def troubles(merchants: Sequence[int], counts: Mapping[str, int]) -> list[Waiting]:
    """Return the lines of what went wrong; `counts` as in `console_queue.waiting_counts`."""
    found = [
        _connections(merchants, counts["troubled"]),
        _undelivered(merchants, counts["undelivered"]),
        _stuck(counts["stuck"]),
        _parked(counts["parked"]),
        _quarantined(counts["quarantined"]),
        _findings(counts["findings"]),
    ]
    return [line for line in found if line is not None]


def _connections(merchants: Sequence[int], count: int) -> Waiting | None:
    """One leads to its own page, several to the list of them."""
    rows = needing_look(Connection.objects.filter(program__merchant__in=merchants)).order_by("name", "pk")
    some = list(rows[:FEW]) if count else []
    if not some:
        return None
    if count == 1:
        title, detail = _("%(name)s needs a look") % {"name": some[0].name}, trouble_of(some[0])
        address = reverse("admin:integrations_connection_change", args=[some[0].pk])
    else:
        title = ngettext("%(n)s connection needs a look", "%(n)s connections need a look", count)
        title, detail = title % {"n": count}, _named([row.name for row in some], count)
        address = reverse("admin:integrations_connection_changelist") + "?look=yes"
    return Waiting(title, detail, "puzzle", address, _("see why"), is_urgent=True)


def _undelivered(merchants: Sequence[int], count: int) -> Waiting | None:
    if not count:
        return None
    dead = Delivery.objects.filter(connection__program__merchant__in=merchants, state=DeliveryState.DEAD)
    names = sorted(set(dead.order_by().values_list("connection__name", flat=True).distinct()))
    told = {"n": count, "names": _named(names[:FEW], len(names))}
    title = ngettext("%(n)s message was given up", "%(n)s messages were given up", count) % told
    detail = _("To %(names)s: look at the answer, then try again or skip.") % told
    address = reverse("admin:integrations_delivery_changelist") + "?state__exact=dead"
    return Waiting(title, detail, "megaphone", address, _("look"), is_urgent=True)


def _named(names: Sequence[str], count: int) -> str:
    """Some names, and how many there are besides."""
    shown, rest = ", ".join(names), count - len(names)
    if rest <= 0:
        return shown
    words = ngettext("%(names)s and %(n)s other", "%(names)s and %(n)s others", rest)
    return words % {"names": shown, "n": rest}


def _stuck(count: int) -> Waiting | None:
    words = ngettext("%(n)s message could not be processed", "%(n)s messages could not be processed", count)
    address = reverse("admin:integrations_inbound_changelist") + "?stuck=yes"
    detail = _("Nothing is lost: look at the note, then process it again.")
    return _line(count, words, detail, "envelope", address)


def _parked(count: int) -> Waiting | None:
    words = ngettext("%(n)s parked conversion", "%(n)s parked conversions", count)
    address = reverse("admin:tracking_conversion_changelist") + "?state__exact=parked"
    return _line(count, words, _("They cannot be valued yet; each says why."), "chart", address)


def _quarantined(count: int) -> Waiting | None:
    words = ngettext("%(n)s task in quarantine", "%(n)s tasks in quarantine", count)
    detail = _("It failed three times and waits for a person.")
    return _line(count, words, detail, "warning", reverse("admin:core_job_changelist"))


def _findings(count: int) -> Waiting | None:
    if not count:
        return None
    title = ngettext("%(n)s customer’s record differs", "%(n)s customers’ records differ", count)
    detail = _("An audit found it; each says what is proposed.")
    address = reverse("admin:integrations_finding_changelist") + "?state__exact=open"
    return Waiting(title % {"n": count}, detail, "people", address, _("decide"))


def _line(count: int, title: str, detail: str, icon: str, address: str) -> Waiting | None:
    return Waiting(title % {"n": count}, detail, icon, address, _("look"), is_urgent=True) if count else None

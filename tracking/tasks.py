"""What the clock and news start here."""

from core.jobs import external
from core.models import Event
from tracking import actions
from tracking.models import Study


def read_clicks() -> None:
    """Read device, browser, source and repeats off new clicks (every ten seconds)."""
    actions.read_clicks()


def forget_raw() -> None:
    """Blank what is raw in clicks and delete views, as long as each program keeps them (daily)."""
    actions.forget_raw()


def forget_beacons() -> None:
    """Delete what the tag told long ago (daily)."""
    actions.forget_beacons()


def ask_studies() -> None:
    """Ask how every attribution model would share the orders of the last 90 days (daily)."""
    actions.ask_routine_studies()


@external
def run_study(event: Event) -> None:
    """Work out what all attribution models say of a period (follows study.asked)."""
    study = Study.objects.filter(pk=event.subject_id).first()
    if study is not None:  # a nightly one is forgotten after a while
        actions.run_study(study, event=event)

"""What the workers have done by the time somebody looks: clicks are read, and all models are compared."""

from datetime import timedelta

from portal.demo.stage import Stage
from tracking import actions
from tracking.actions.studies import ask_study, run_study

COMPARED = timedelta(days=180)


def work(stage: Stage) -> None:
    """Read every click, and work out the comparison that a manager asked for this morning."""
    while actions.read_clicks():
        pass
    morning = stage.ago(0, 0)
    for shop in stage.shops.values():
        asked = ask_study(
            shop.program, morning - COMPARED, morning, actor=stage.people["manager"], at=stage.now
        )
        run_study(asked, at=stage.now)

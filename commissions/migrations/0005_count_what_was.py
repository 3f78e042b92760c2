"""Orders taken in before there were counters are settled once more by a worker, which counts them."""

from django.db import migrations
from django.utils import timezone

PART = 1000


def ask(apps, editor):
    Conversion = apps.get_model("tracking", "Conversion")
    Event, Job = apps.get_model("core", "Event"), apps.get_model("core", "Job")
    rows = Conversion.objects.filter(commissions__isnull=False).distinct().order_by("pk")
    part = []
    for conversion in rows.select_related("program").iterator(chunk_size=PART):
        part.append(
            Event(
                kind="conversion.moved",
                tenant_id=conversion.program.merchant_id,
                scope_id=conversion.program_id,
                subject_type="tracking.conversion",
                subject_id=str(conversion.pk),
                at=timezone.now(),
                data={"by": None},
            )
        )
        if len(part) == PART:
            write(Event, Job, part)
            part = []
    write(Event, Job, part)


def write(Event, Job, events):
    written = Event.objects.bulk_create(events)
    Job.objects.bulk_create([Job(event=event, task="commissions.tasks.settle_moved") for event in written])


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0004_closings"),
        ("core", "0002_events_are_append_only"),
        ("tracking", "0002_plans_in_full"),
    ]
    operations = [migrations.RunPython(ask, migrations.RunPython.noop, elidable=True)]

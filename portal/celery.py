"""Celery's settings, hardened; it only ever carries the bell."""

import os

from celery import Celery
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    {
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "task_ignore_result": True,
        "task_time_limit": 300,
        "task_soft_time_limit": 240,
        "worker_max_tasks_per_child": 1000,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "broker_connection_retry_on_startup": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_exchange_type": "topic",
        "task_default_queue": "bell",
        "task_default_routing_key": "bell",
        # calls to other systems take long: a queue of their own, so that they never hold up jobs
        "task_queues": [
            Queue(name, Exchange("bell", "topic"), routing_key=name) for name in ("bell", "lanes")
        ],
        "task_routes": {"integrations.deliver": {"queue": "lanes", "routing_key": "lanes"}},
        "timezone": "UTC",
        "beat_schedule": {
            "drain": {"task": "core.drain", "schedule": 1.0, "options": {"expires": 5}},
            "tick": {"task": "core.tick", "schedule": 5.0, "options": {"expires": 5}},
        },
    }
)
app.autodiscover_tasks()

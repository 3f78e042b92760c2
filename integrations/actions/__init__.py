"""Verbs of the doors."""

from integrations.actions.answers import ask_again, ask_for_refund_lines, ask_store
from integrations.actions.connections import (
    AlreadyConnected,
    change_keys,
    connect_woocommerce,
    delivery_url,
    pause,
    register_webhooks,
    resume,
    rotate_secret,
    test_connection,
)
from integrations.actions.inbound import process, receive, replay, settle

__all__ = [
    "AlreadyConnected",
    "ask_again",
    "ask_for_refund_lines",
    "ask_store",
    "change_keys",
    "connect_woocommerce",
    "delivery_url",
    "pause",
    "process",
    "receive",
    "register_webhooks",
    "replay",
    "resume",
    "rotate_secret",
    "settle",
    "test_connection",
]

"""What a request says about its visitor: pure, from an ASGI scope to values."""

from tracking.visits.addresses import client_address, coarse, kept_address
from tracking.visits.agents import device_of, is_bot
from tracking.visits.countries import Countries
from tracking.visits.network_file import NetworkFile
from tracking.visits.queries import EMPTY, Query, read_query, sub_ids
from tracking.visits.request import Visit, headers_of, may_remember, read_visit
from tracking.visits.texts import clean

__all__ = [
    "EMPTY",
    "Countries",
    "NetworkFile",
    "Query",
    "Visit",
    "clean",
    "client_address",
    "coarse",
    "device_of",
    "headers_of",
    "is_bot",
    "kept_address",
    "may_remember",
    "read_query",
    "read_visit",
    "sub_ids",
]

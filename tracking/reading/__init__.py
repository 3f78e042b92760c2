"""What a click's raw data says, read off the hot path: pure, from texts to words of states.py."""

from tracking.reading.agents import Agent, read_agent
from tracking.reading.repeats import Seen, repeats
from tracking.reading.sources import read_source

__all__ = ["Agent", "Seen", "read_agent", "read_source", "repeats"]

"""Audits of what systems keep of our customers; pure: values in, values out."""

from integrations.audits.comparing import Fault, Looked, Subject, faults_of, says_the_same
from integrations.audits.mending import DEALS, LEAVE, MERGE, TELL, THEIRS, proposed, ways_of

__all__ = [
    "DEALS",
    "LEAVE",
    "MERGE",
    "TELL",
    "THEIRS",
    "Fault",
    "Looked",
    "Subject",
    "faults_of",
    "proposed",
    "says_the_same",
    "ways_of",
]

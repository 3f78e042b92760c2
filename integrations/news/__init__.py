"""What outsiders hear of our news: which kinds, in what words, in which order. See docs/integrations/rest-hooks.md.

A body carries no address, telephone number, payment details or secret. What is OF_COMPANY belongs to no program: it
is told to connections that people made, and to none that a program's key made.
"""

from integrations.news.bodies import body_of, object_key
from integrations.news.kinds import PUBLIC
from integrations.news.samples import sample

__all__ = ["PUBLIC", "body_of", "object_key", "sample"]

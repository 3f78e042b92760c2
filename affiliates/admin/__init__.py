"""The managers' pages about people, programs and what affiliates promote with."""

from affiliates.admin import enrollments, links, members, people, programs

__all__ = ["enrollments", "links", "members", "people", "programs"]

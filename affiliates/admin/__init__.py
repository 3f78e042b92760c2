"""The managers' pages about people, programs and what affiliates promote with."""

from affiliates.admin import coupons, direct_links, enrollments, links, members, people, programs, terms

__all__ = ["coupons", "direct_links", "enrollments", "links", "members", "people", "programs", "terms"]

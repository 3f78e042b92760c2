"""Shapley values of players, where a coalition is worth the orders whose journeys lie within it. Pure.

For that worth the value has a closed form: every order is shared equally among the distinct players of its journey
(Zhao, Mahboobi, Bagheri 2018, arXiv 1804.05327). It takes one pass, and no credit is ever below 0.
"""

import numpy as np

from tracking.attribution.paths import Credits, Floats, Paths


def shapley(paths: Paths) -> Credits:
    """Return the Shapley value of each player, in orders and in value; they sum up to all orders and all value."""
    return Credits(equal_parts(paths, paths.conversions), equal_parts(paths, paths.value))


def equal_parts(paths: Paths, amounts: Floats) -> Floats:
    """Share an amount of each path (or a column of them for each replicate) equally among its distinct players."""
    sizes = np.asarray(paths.membership.sum(axis=1)).ravel()
    parts = amounts / (sizes if amounts.ndim == 1 else sizes[:, None])
    return np.asarray(paths.membership.T @ parts)

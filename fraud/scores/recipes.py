"""Which trees are grown from how many decided cases, and with what parameters."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from fraud.scores.encoding import Matrix
from fraud.scores.forest import Floats, Forest, Ints, forest_of, joined

LEARNS, BOOSTS = 20, 70  # cases of fraud; measured on FDMA 2012: 20 -> AP 30, 40 -> 35, 80 -> 43


@dataclass(frozen=True, slots=True)
class Recipe:
    """A kind of trees and its parameters; `seeds` are grown one after the other and averaged.

    The trees' answer `is_share`, from 0 to 1, or a sum in natural log units.
    """

    name: str
    title: str
    parameters: Mapping[str, Any]
    seeds: tuple[int, ...]
    is_share: bool = False

    def plain(self) -> dict[str, Any]:
        """What a model's version is made of."""
        return asdict(self) | {"parameters": dict(self.parameters), "seeds": list(self.seeds)}


ODD = Recipe("isolation", "IsolationForest", {"n_estimators": 300, "max_samples": 256}, (0,))
EXTRA = Recipe(
    "extra",
    "ExtraTrees",
    {"n_estimators": 300, "min_samples_leaf": 3, "max_features": 0.3},
    (0,),
    is_share=True,
)
BOOSTED = Recipe(
    "boosted",
    "slow gradient boosting",
    {
        "n_estimators": 1500,
        "learning_rate": 0.005,
        "max_depth": 4,
        "subsample": 0.5,
        "max_features": 0.3,
        "min_samples_leaf": 5,
    },
    (0, 1, 2),
)


def recipe_for(positives: int, trees: int | None = None) -> Recipe:
    """Choose by the number of cases that were decided as fraud, LEARNS or more; `trees` grows fewer, for a look."""
    return _with(BOOSTED if positives >= BOOSTS else EXTRA, n_estimators=trees)


def oddity_recipe(rows: int, trees: int | None = None) -> Recipe:
    """An isolation forest for so many rows."""
    return _with(_with(ODD, n_estimators=trees), max_samples=min(rows, 256))


def grow(recipe: Recipe, matrix: Matrix, labels: Ints | None) -> Forest:
    """Grow the trees of all seeds; labels 1 and 0 must both be there, but for the isolation forest."""
    return joined([_GROW[recipe.name](recipe, seed, matrix, labels) for seed in recipe.seeds])


def _boosted(recipe: Recipe, seed: int, matrix: Matrix, labels: Ints) -> Forest:
    """Boosted trees add log-odds to those of the share of fraud in training."""
    from sklearn.ensemble import (
        GradientBoostingClassifier,
    )  # where it is used: it takes a second and much memory, and most processes never need it

    grown = GradientBoostingClassifier(random_state=seed, **recipe.parameters).fit(matrix, labels)
    trees = [tree.tree_ for tree in grown.estimators_[:, 0]]
    share = float(labels.mean())
    base = float(np.log(share / (1 - share)))
    return forest_of(trees, [tree.value[:, 0, 0] for tree in trees], base, grown.learning_rate)


def _extra(recipe: Recipe, seed: int, matrix: Matrix, labels: Ints) -> Forest:
    """The mean of the trees' shares of fraud."""
    from sklearn.ensemble import ExtraTreesClassifier  # as above

    grown = ExtraTreesClassifier(random_state=seed, **recipe.parameters).fit(matrix, labels)
    trees = [tree.tree_ for tree in grown.estimators_]
    shares = [tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1) for tree in trees]
    return forest_of(trees, shares, 0.0, 1 / len(trees))


def _isolation(recipe: Recipe, seed: int, matrix: Matrix, labels: Ints | None) -> Forest:
    """The logarithm of the isolation score, 2 to the power of minus the mean depth over the expected one."""
    from sklearn.ensemble import IsolationForest  # as above

    grown = IsolationForest(random_state=seed, **recipe.parameters).fit(matrix)
    trees = [tree.tree_ for tree in grown.estimators_]
    depths = [_depths(tree) for tree in trees]
    expected = float(_expected(np.array([grown.max_samples_]))[0]) or 1.0
    return forest_of(trees, depths, 0.0, -np.log(2) / (len(trees) * expected))


def _with(recipe: Recipe, **changes: int | None) -> Recipe:
    """A recipe with other parameters, where there are any."""
    said = {name: value for name, value in changes.items() if value is not None}
    return replace(recipe, parameters={**recipe.parameters, **said})


_GROW: Mapping[str, Any] = {"boosted": _boosted, "extra": _extra, "isolation": _isolation}


def _depths(tree: Any) -> Floats:
    """How many questions lead to a node, and how many more would tell its rows apart."""
    depth = np.zeros(tree.node_count)
    for node in range(tree.node_count):
        for child in (tree.children_left[node], tree.children_right[node]):
            if child > node:
                depth[child] = depth[node] + 1
    return depth + _expected(tree.n_node_samples)


def _expected(rows: Any) -> Floats:
    """The mean depth of a random tree that tells so many rows apart (Liu, Ting, Zhou 2008)."""
    many = np.maximum(rows, 3).astype(np.float64)
    depth = 2 * (np.log(many - 1) + np.euler_gamma) - 2 * (many - 1) / many
    return np.asarray(np.where(rows <= 1, 0.0, np.where(rows == 2, 1.0, depth)))

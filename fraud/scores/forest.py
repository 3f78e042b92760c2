"""Grown trees as plain arrays: what they say of a row, and which column made them say it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud.scores.encoding import Matrix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAF = -1
AT_ONCE = 200_000  # rows × trees walked at once: a few MB


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees whose answers are added up: base + scale × the sum of the leaves a row falls into.

    All trees stand one after the other. Node n asks whether `column[n]` of a row is at most `threshold[n]`, and goes
    on at `left[n]`, else at `right[n]`; a leaf's column is LEAF. `mean` is the leaf's value, of an inner node what its
    training rows got on average.
    """

    roots: Ints
    column: Ints
    threshold: Floats
    left: Ints
    right: Ints
    mean: Floats
    base: float
    scale: float

    def sums(self, matrix: Matrix) -> Floats:
        """What the trees say of each row."""
        said = [self.mean[leaves].sum(axis=1) for _, leaves in self._walks(matrix)]
        return self.base + self.scale * (np.concatenate(said) if said else np.zeros(0))

    def start(self) -> float:
        """What the trees say before they look at a row."""
        return float(self.base + self.scale * self.mean[self.roots].sum())

    def moves(self, matrix: Matrix) -> Floats:
        """How far each column moved each row away from start(): rows × columns; each row adds up to its sum.

        Along a row's path each step changes the mean; the change belongs to the column that was asked (Saabas 2014).
        """
        moved = np.zeros(matrix.shape)
        for rows, at, following in self._steps(matrix):
            change = self.scale * (self.mean[following] - self.mean[at])
            row = np.broadcast_to(rows[:, None], at.shape)
            inner = self.column[at] != LEAF
            np.add.at(moved, (row[inner], self.column[at][inner]), change[inner])
        return moved

    def _walks(self, matrix: Matrix) -> Iterator[tuple[Ints, Ints]]:
        """The rows and the leaves they fall into, rows × trees, some rows at a time."""
        for rows in _chunks(len(matrix), len(self.roots)):
            at = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
            while (self.column[at] != LEAF).any():
                at = self._next(matrix, rows, at)
            yield rows, at

    def _steps(self, matrix: Matrix) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Each step of each walk: the rows, the nodes they stand at, and the nodes they go to."""
        for rows in _chunks(len(matrix), len(self.roots)):
            at = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
            while (self.column[at] != LEAF).any():
                following = self._next(matrix, rows, at)
                yield rows, at, following
                at = following

    def _next(self, matrix: Matrix, rows: Ints, at: Ints) -> Ints:
        column = self.column[at]
        goes_left = matrix[rows[:, None], np.maximum(column, 0)] <= self.threshold[at]
        return np.where(column == LEAF, at, np.where(goes_left, self.left[at], self.right[at]))


def forest_of(trees: Iterable[Any], leaves: Iterable[Floats], base: float, scale: float) -> Forest:
    """Take over scikit-learn's trees (`tree_`), each with the value of every node that is a leaf."""
    parts: dict[str, list[NDArray[Any]]] = {
        key: [] for key in ("column", "threshold", "left", "right", "mean")
    }
    roots: list[int] = []
    offset = 0
    for tree, values in zip(trees, leaves, strict=True):
        inner = tree.children_left != LEAF
        roots.append(offset)
        parts["column"].append(np.where(inner, tree.feature, LEAF))
        parts["threshold"].append(np.where(inner, tree.threshold, 0.0))
        parts["left"].append(np.where(inner, tree.children_left + offset, LEAF))
        parts["right"].append(np.where(inner, tree.children_right + offset, LEAF))
        parts["mean"].append(_means(tree, values))
        offset += tree.node_count
    joined = {key: np.concatenate(arrays) for key, arrays in parts.items()}
    return Forest(np.array(roots, dtype=np.int64), base=base, scale=scale, **joined)


def joined(forests: Sequence[Forest]) -> Forest:
    """The mean of several forests of one scale, as one."""
    offsets = np.cumsum([0, *[len(forest.column) for forest in forests]])[:-1]

    def moved(nodes: Ints, offset: int) -> Ints:
        return np.where(nodes == LEAF, LEAF, nodes + offset)

    return Forest(
        np.concatenate([forest.roots + offset for forest, offset in zip(forests, offsets, strict=True)]),
        np.concatenate([forest.column for forest in forests]),
        np.concatenate([forest.threshold for forest in forests]),
        np.concatenate([moved(forest.left, offset) for forest, offset in zip(forests, offsets, strict=True)]),
        np.concatenate(
            [moved(forest.right, offset) for forest, offset in zip(forests, offsets, strict=True)]
        ),
        np.concatenate([forest.mean for forest in forests]),
        float(np.mean([forest.base for forest in forests])),
        forests[0].scale / len(forests),
    )


def plain(forest: Forest) -> dict[str, Any]:
    """A forest as JSON."""
    arrays = ("roots", "column", "threshold", "left", "right", "mean")
    return {name: getattr(forest, name).tolist() for name in arrays} | {
        "base": forest.base,
        "scale": forest.scale,
    }


def forest_from(plain: Mapping[str, Any], columns: int) -> Forest:
    """Read a forest from JSON; ValueError unless every walk through it ends at a leaf."""
    forest = Forest(
        roots=np.array(plain["roots"], dtype=np.int64),
        column=np.array(plain["column"], dtype=np.int64),
        threshold=np.array(plain["threshold"], dtype=np.float64),
        left=np.array(plain["left"], dtype=np.int64),
        right=np.array(plain["right"], dtype=np.int64),
        mean=np.array(plain["mean"], dtype=np.float64),
        base=float(plain["base"]),
        scale=float(plain["scale"]),
    )
    if not _is_sound(forest, columns):
        raise ValueError("The trees of the model are damaged.")
    return forest


def _is_sound(forest: Forest, columns: int) -> bool:
    """Children stand behind their parents, so a walk cannot turn in a circle or leave the arrays."""
    size = len(forest.column)
    arrays = (forest.threshold, forest.left, forest.right, forest.mean)
    if any(array.shape != (size,) for array in arrays) or forest.roots.ndim != 1:
        return False
    inner = forest.column != LEAF
    nodes = np.arange(size)[inner]
    ends = (forest.left[inner], forest.right[inner])
    return bool(
        all(((end > nodes) & (end < size)).all() for end in ends)
        and ((forest.column >= LEAF) & (forest.column < columns)).all()
        and ((forest.roots >= 0) & (forest.roots < size)).all()
        and np.isfinite([forest.base, forest.scale]).all()
        and np.isfinite(forest.mean).all()
    )


def _means(tree: Any, leaves: Floats) -> Floats:
    """The value of each node: a leaf's own, and of an inner node what its training rows got on average."""
    means = leaves.astype(np.float64).copy()
    weight = tree.weighted_n_node_samples
    for node in range(tree.node_count - 1, -1, -1):  # children stand behind their parents
        left, right = tree.children_left[node], tree.children_right[node]
        if left != LEAF:
            means[node] = (weight[left] * means[left] + weight[right] * means[right]) / (
                weight[left] + weight[right]
            )
    return means


def _chunks(rows: int, trees: int) -> Iterator[Ints]:
    step = max(1, AT_ONCE // max(trees, 1))
    for first in range(0, rows, step):
        yield np.arange(first, min(first + step, rows), dtype=np.int64)

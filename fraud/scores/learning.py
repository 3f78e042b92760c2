"""Training: from a table of decided cases, or of any rows with labels, to a model."""

import hashlib
import json
from dataclasses import asdict, replace

import numpy as np
import sklearn
from django.utils.translation import gettext as _

from fraud.scores.calibration import Sigmoid, calibrated
from fraud.scores.encoding import Encoding, Matrix, encoding_of
from fraud.scores.forest import Ints
from fraud.scores.model import Model, Reason
from fraud.scores.recipes import LEARNS, Recipe, grow, oddity_recipe, recipe_for
from fraud.scores.score import Source
from fraud.scores.table import Table, TableError

MOST = 10_000  # rows of a kind; more of what is common teaches little, and growing would take minutes


def train(table: Table, trees: int | None = None) -> Model:
    """Learn from labels how likely a row is fraud, with as much machinery as the number of frauds warrants.

    Below LEARNS frauds, and where all fraud or all else is of one group, nothing is learned: the model then ranks by
    oddity, and its reason says why. `trees` overrides how many are grown. Pure: killed and repeated, or with its rows
    in another order, it gives the same model. Raises TableError for a table without labels, rows or columns.
    """
    if table.labels is None:
        raise TableError(_("The table says of no row whether it was fraud."))
    if table.positives < LEARNS:
        return train_oddity(table, trees, Reason.FEW)
    table = table.sorted()
    encoding, matrix = _encoded(table)
    recipe = recipe_for(table.positives, trees)
    rows, shift = _sample(np.asarray(table.labels, dtype=np.int64))
    kept = table.take(rows)
    labels = np.asarray(kept.labels, dtype=np.int64)
    sigmoid = calibrated(recipe, matrix[rows], labels, kept.groups)
    if sigmoid is None:
        return train_oddity(table, trees, Reason.ALIKE)
    return Model(
        source=Source.LEARNED,
        version=_version(recipe, encoding, matrix, table),
        recipe=recipe.title,
        rows=table.size,
        positives=table.positives,
        reason=Reason.LEARNED,
        encoding=encoding,
        sigmoid=replace(sigmoid, intercept=sigmoid.intercept + shift),
        forest=grow(recipe, matrix[rows], labels),
    )


def train_oddity(table: Table, trees: int | None = None, reason: Reason = Reason.UNASKED) -> Model:
    """Rank rows by how few questions set them apart from all others; looks at no label.

    Oddity is a reason to look, no likelihood: on FDMA 2012 its ranking has an average precision of 13 % where learning
    has 45. Raises TableError for a table without rows or columns.
    """
    positives = table.positives
    table = replace(table, labels=None, groups=None).sorted()
    encoding, matrix = _encoded(table)
    recipe = oddity_recipe(table.size, trees)
    return Model(
        source=Source.ODDITY,
        version=_version(recipe, encoding, matrix, table),
        recipe=recipe.title,
        rows=table.size,
        positives=positives,
        reason=reason,
        encoding=encoding,
        sigmoid=Sigmoid(),
        forest=grow(recipe, matrix, None),
    )


def _sample(labels: Ints) -> tuple[Ints, float]:
    """The rows to grow trees on, MOST of a kind, and what that takes off the log-odds of fraud; seeded."""
    random = np.random.default_rng(0)
    kinds = [np.flatnonzero(labels == label) for label in (1, 0)]
    kept = [np.sort(random.choice(kind, MOST, replace=False)) if len(kind) > MOST else kind for kind in kinds]
    fraud, others = (
        np.log(max(len(kind), 1) / max(len(some), 1)) for kind, some in zip(kinds, kept, strict=True)
    )
    return np.sort(np.concatenate(kept)), float(fraud - others)


def _encoded(table: Table) -> tuple[Encoding, Matrix]:
    if not table.size:
        raise TableError(_("The table has no rows."))
    encoding = encoding_of(table)
    if not encoding.origins:
        raise TableError(_("No column of the table holds anything to learn from."))
    return encoding, encoding.matrix(table)


def _version(recipe: Recipe, encoding: Encoding, matrix: Matrix, table: Table) -> str:
    """A digest of all that the trees are grown from, the library's version included."""
    said = {
        "recipe": recipe.plain(),
        "encoding": asdict(encoding),
        "most": MOST,
        "scikit-learn": sklearn.__version__,
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    digest.update(matrix.tobytes())
    digest.update(b"" if table.labels is None else table.labels.tobytes())
    digest.update(json.dumps(table.groups).encode())
    return digest.hexdigest()[:16]

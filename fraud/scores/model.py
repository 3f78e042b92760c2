"""A trained model: scores rows, explains them, and is kept as JSON."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.db import models
from django.utils.translation import gettext as _, gettext_lazy

from fraud.scores.calibration import Sigmoid
from fraud.scores.encoding import Encoding, NumberColumn, TextColumn
from fraud.scores.forest import Floats, Forest, forest_from, plain
from fraud.scores.recipes import LEARNS
from fraud.scores.score import Move, Score, Source, explained
from fraud.scores.table import Table

FORMAT = 1


class Reason(models.TextChoices):
    """Why a model is of its kind: learned, or what was missing for that."""

    LEARNED = (
        "learned",
        gettext_lazy("Learned from %(positives)d cases of fraud among %(rows)d rows by %(recipe)s."),
    )
    FEW = (
        "few",
        gettext_lazy(
            "%(positives)d cases were decided as fraud, and nothing is learned from fewer than %(least)d: rank by the "
            "weights of the findings, or, as here, by oddity."
        ),
    )
    ALIKE = (
        "alike",
        gettext_lazy("All cases of fraud, or all others, are one group: nothing can be learned from one."),
    )
    UNASKED = (
        "unasked",
        gettext_lazy("Ranked by oddity: how unlike the others a row is. No decision was looked at."),
    )


@dataclass(frozen=True, slots=True)
class Model:
    """Trees with all that is needed to ask them; it gives scores and can do nothing else.

    `source` is LEARNED, or ODDITY where too little was decided to learn from.
    `version` is a digest of recipe and training table: the same ones give the same version and the same scores.
    """

    source: Source
    version: str
    recipe: str
    rows: int
    positives: int
    reason: Reason
    encoding: Encoding
    sigmoid: Sigmoid
    forest: Forest

    @property
    def remark(self) -> str:
        """What the model is made of, or why nothing was learned."""
        figures = {"positives": self.positives, "rows": self.rows, "recipe": self.recipe, "least": LEARNS}
        return str(self.reason.label) % figures

    def levels(self, table: Table) -> Floats:
        """The level of each row, in natural log units as in Score: what to rank by."""
        return self.sigmoid(self.forest.sums(self.encoding.matrix(table)))

    def values(self, table: Table) -> Floats:
        """The score of each row from 0 to 1. Raises TableError for another table than was trained with."""
        levels = self.levels(table)
        if self.source == Source.ODDITY:
            return np.minimum(np.exp(levels), 1.0)
        return 1 / (1 + np.exp(-np.clip(levels, -700, 700)))

    def scores(self, table: Table) -> list[Score]:
        """The score of each row with what moved it: the same values, a little slower."""
        matrix, first = self.encoding.matrix(table), self.forest.start()
        factors = self.sigmoid.factors(self.forest.sums(matrix), first)
        moved = self.forest.moves(matrix) * factors[:, None]
        start = float(self.sigmoid(np.array([first]))[0])
        names = sorted(set(self.encoding.origins))
        place = [names.index(name) for name in self.encoding.origins]
        by_name = np.zeros((table.size, len(names)))
        np.add.at(by_name.T, place, moved.T)
        return [
            explained(self.source, start, self._moves(table, row, names, by_name[row]), self.version)
            for row in range(table.size)
        ]

    @staticmethod
    def _moves(table: Table, row: int, names: list[str], by: Floats) -> Iterable[Move]:
        return (
            Move(name, float(by[place]), table.cell(row, name))
            for place, name in enumerate(names)
            if by[place]
        )


def dumped(model: Model) -> str:
    """A model as JSON text with its own digest, to be kept in a file or a row."""
    body = {
        "format": FORMAT,
        "source": str(model.source.value),
        "version": model.version,
        "recipe": model.recipe,
        "rows": model.rows,
        "positives": model.positives,
        "reason": str(model.reason.value),
        "encoding": asdict(model.encoding),
        "sigmoid": asdict(model.sigmoid),
        "forest": plain(model.forest),
    }
    return json.dumps({"sha256": _digest(body), "model": body}, separators=(",", ":"), allow_nan=False)


def loaded(text: str) -> Model:
    """Read a model that was dumped. ValueError if it is damaged, or of a format that this version does not know.

    Nothing in the text is run: the worst that a forged one can do is to give wrong scores.
    """
    try:
        whole = json.loads(text)
        body = whole["model"]
        if whole["sha256"] != _digest(body):
            raise ValueError(_("The model was changed after it was trained, or is damaged. Train it again."))
        if body["format"] != FORMAT:
            raise ValueError(_("The model is of another format. Train it again."))
        return _model(body)
    except (KeyError, TypeError, json.JSONDecodeError) as wrong:
        raise ValueError(_("This is not a model, or it is damaged. Train it again.")) from wrong


def _model(body: dict[str, Any]) -> Model:
    encoding = Encoding(
        tuple(NumberColumn(**column) for column in body["encoding"]["numbers"]),
        tuple(TextColumn(column["name"], tuple(column["values"])) for column in body["encoding"]["texts"]),
        tuple(body["encoding"]["left_out"]),
    )
    return Model(
        source=Source(body["source"]),
        version=body["version"],
        recipe=body["recipe"],
        rows=body["rows"],
        positives=body["positives"],
        reason=Reason(body["reason"]),
        encoding=encoding,
        sigmoid=Sigmoid(**body["sigmoid"]),
        forest=forest_from(body["forest"], len(encoding.origins)),
    )


def _digest(body: Any) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()

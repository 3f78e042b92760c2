"""The published reference figures, where the folder with them is at hand: TRIBUTARY_REFERENCE names it."""

import csv
import hashlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tracking.attribution.comparison import RULES, by_rule
from tracking.attribution.markov import chain_of, markov, removal
from tracking.attribution.paths import PathCounts, Paths
from tracking.attribution.shapley import shapley

FOLDER = Path(os.environ.get("TRIBUTARY_REFERENCE", "/nowhere"))
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="TRIBUTARY_REFERENCE names no folder")
RULES_THERE = {
    "first_click": "first_touch",
    "last_click": "last_touch",
    "linear": "linear_touch",
    "position": "position_based_40_20_40",
}


class Reference(NamedTuple):
    """The journeys, the channel of each player, and what the packages found."""

    paths: Paths
    names: list[str]
    told: dict[str, Any]

    def worst(self, found: Any, told: dict[str, float]) -> float:
        """The largest relative difference."""
        expected = np.array([told[name] for name in self.names])
        return float(np.abs(found / expected - 1).max())


@pytest.fixture(scope="module")
def reference() -> Reference:
    told = json.loads((FOLDER / "reference_results.json").read_text(encoding="utf-8"))
    text = (FOLDER / "PathData.csv").read_bytes()
    assert hashlib.sha256(text).hexdigest() == told["dataset"]["sha256_csv"]
    counts, numbers = PathCounts(), dict[str, int]()
    for row in csv.DictReader(text.decode().splitlines(), delimiter=";"):
        counts.add(
            [numbers.setdefault(name, len(numbers) + 1) for name in row["path"].split(" > ")],
            conversions=int(float(row["total_conversions"])),
            value=float(row["total_conversion_value"]),  # type: ignore[arg-type]  # here in whole units
            nulls=int(float(row["total_null"])),
        )
    paths, names = counts.paths(), {number: name for name, number in numbers.items()}
    return Reference(paths, [names[player] for player in paths.players.tolist()], told)


def test_data_are_the_published_ones(reference: Reference) -> None:
    paths, data = reference.paths, reference.told["dataset"]

    assert paths.count == data["unique_paths"]
    assert (paths.conversions.sum(), paths.nulls.sum()) == (data["total_conversions"], data["total_null"])
    assert paths.value.sum() == pytest.approx(data["total_conversion_value"], rel=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_rules(reference: Reference, rule: str) -> None:
    told, found = reference.told["models"][RULES_THERE[rule]], by_rule(reference.paths, rule)

    assert reference.worst(found.conversions, told["conversions"]) < 1e-6
    assert reference.worst(found.value, told["value"]) < 1e-6


def test_markov(reference: Reference) -> None:
    told = reference.told["models"]["markov_order1_with_null_exact"]
    given, found = markov(reference.paths)

    assert found.rate == pytest.approx(told["p_conversion"], rel=1e-9)
    assert reference.worst(found.effects, told["removal_effects"]) < 1e-6
    assert reference.worst(found.value_effects, told["removal_effects_value"]) < 1e-6
    assert reference.worst(given.conversions, told["conversions"]) < 1e-6
    assert reference.worst(given.value, told["value"]) < 1e-6


def test_markov_agrees_with_five_million_simulated_journeys(reference: Reference) -> None:
    """Theirs differ by chance: by 0.8 per cent where a channel has more than 5 per cent, 2.7 above 1 per cent."""
    told = reference.told["models"]["markov_order1_with_null_ChannelAttribution_highprecision"]["conversions"]
    found = dict(zip(reference.names, markov(reference.paths)[0].conversions.tolist(), strict=True))
    whole = sum(told.values())

    for least, differs in ((0.05, 0.0085), (0.01, 0.027)):
        large = [name for name in told if told[name] / whole > least]
        assert max(abs(found[name] / told[name] - 1) for name in large) <= differs


def test_transitions(reference: Reference) -> None:
    told = {
        (row["from"], row["to"]): row["p"] for row in reference.told["transition_matrix_order1_with_null"]
    }
    paths, names = reference.paths, reference.names
    chain = chain_of(paths)
    flows = chain.edges @ paths.weights
    leaving = np.bincount(chain.origin, flows) + np.bincount(chain.last, paths.weights)
    found = {
        (names[one], names[other]): flow / leaving[one]
        for one, other, flow in zip(chain.origin, chain.target, flows, strict=True)
    }

    between = {pair: part for pair, part in told.items() if pair[0] in names and pair[1] in names}
    assert found.keys() == between.keys()
    assert max(abs(found[pair] - between[pair]) for pair in found) < 1e-12


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_higher_orders_are_those_of_dense_linear_algebra(reference: Reference, order: int) -> None:
    """No package publishes exact figures for them: the chain is solved once more in another way."""
    paths = reference.paths
    counts = paths.conversions, paths.value, paths.nulls
    chain = chain_of(paths, order)

    found = removal(chain, *counts, dense=0)

    for player in (0, 5, 11):
        assert abs(found.effects[player] - _directly(chain, paths, player)) < 1e-9


def _directly(chain: Any, paths: Paths, player: int) -> float:
    """The removal effect by solving the equations of all states but the player's."""
    from scipy.sparse import coo_array, eye_array
    from scipy.sparse.linalg import spsolve

    flows = chain.edges @ paths.weights
    leaving = np.bincount(chain.origin, flows, chain.states) + np.bincount(
        chain.last, paths.weights, chain.states
    )
    steps = coo_array(
        (flows / leaving[chain.origin], (chain.origin, chain.target)), shape=(chain.states,) * 2
    )
    ends = np.bincount(chain.last, paths.conversions, chain.states) / leaving
    start = np.bincount(chain.first, paths.weights, chain.states) / paths.weights.sum()
    whole = start @ spsolve((eye_array(chain.states) - steps).tocsc(), ends)
    kept = np.flatnonzero(chain.holds.toarray()[:, player] == 0)
    inner = (eye_array(chain.states) - steps).tocsr()[kept][:, kept].tocsc()
    return float(1 - start[kept] @ spsolve(inner, ends[kept]) / whole)


def test_shapley(reference: Reference) -> None:
    told, found = reference.told["models"]["shapley_subset_sum_exact"], shapley(reference.paths)

    assert reference.worst(found.conversions, told["conversions"]) < 1e-9
    assert reference.worst(found.value, told["value"]) < 1e-9

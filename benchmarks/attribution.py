"""Attribution models over 1,000,000 made-up journeys: 50 affiliates, 2.85 touches each on average, 5 in 100 order.

Every method runs in a process of its own, from journeys in memory to credits, so that its peak memory is its own; times
are the processor's, so that a busy machine does not spoil them. Beside ours runs a plain implementation with
dictionaries, always; and marketing_attribution_models 2.1.1 (Apache-2.0), with `REFERENCE=1` in a virtual environment
that is made for it and thrown away, or with `REFERENCE=/path/to/python` of one that has it. Its removal effects must be
ours. `JOURNEYS` sets another number. It ends with 1 where a goal is missed.

The plain implementation counts touches at once and answers one question; ours counts equal paths first, which all
models and their intervals then go by.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._journeys import write
from benchmarks._ratios import Ratio, tell

HERE = Path(__file__).parent
JOURNEYS = int(os.environ.get("JOURNEYS", "1000000"))
REFERENCE = os.environ.get("REFERENCE", "")
PACKAGE = "marketing_attribution_models==2.1.1"
OURS = ("rules", "markov1", "markov2", "markov3", "shapley", "study")
PLAIN = ("rules", "markov1", "shapley")
MOST_MEGABYTES = 1500  # that a study of a million journeys may take
MOST_APART = 1e-9  # removal effects, ours and theirs
Figures = dict[str, Any]


def main() -> int:
    """Measure, print, and return 1 where a goal is missed."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "journeys.npz"
        touches = write(data, JOURNEYS)
        print(f"{JOURNEYS} journeys, {touches} touches ({touches / JOURNEYS:.2f} each)", flush=True)
        ours = {name: measured(sys.executable, "_attribution_ours", name, data) for name in OURS}
        plain = {name: measured(sys.executable, "_attribution_plain", name, data) for name in PLAIN}
        python = reference(Path(folder))
        theirs = {name: measured(python, "_attribution_reference", name, data) for name in PLAIN if python}
    ratios = [Ratio(f"attribution: {name}_vs_plain", _ratio(ours[name], plain[name])) for name in PLAIN]
    ratios += [
        Ratio(f"attribution: {name}_vs_reference", _ratio(ours[name], theirs[name]), 0.5) for name in theirs
    ]
    ratios.append(Ratio("attribution: effects_apart_from_plain", _apart(ours, plain), MOST_APART))
    ratios.append(Ratio("attribution: study_memory_mb", ours["study"]["megabytes"], MOST_MEGABYTES))
    if theirs:
        memory = max(each["megabytes"] for each in theirs.values())
        own = max(ours[name]["megabytes"] for name in theirs)
        ratios.append(Ratio("attribution: memory_vs_reference", round(own / memory, 3), 0.5))
        ratios.append(Ratio("attribution: effects_apart_from_reference", _apart(ours, theirs), MOST_APART))
    return tell(ratios)


def measured(python: str, module: str, name: str, data: Path) -> Figures:
    """Run one method in a process of its own and say what it took."""
    said = subprocess.run(
        [python, str(HERE / f"{module}.py"), name, str(data)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    ).stdout
    found: Figures = json.loads(said.splitlines()[-1])
    who = module.removeprefix("_attribution_")
    words = f"{who:<10} {name:<8} {found['seconds']:7.1f} s  {found['megabytes']:6.0f} MB"
    print(f"{words}  {found.get('words', '')}".rstrip(), flush=True)
    return found


def reference(folder: Path) -> str:
    """Return a Python that has the reference library, or an empty text: then it is not measured, and that is said."""
    if REFERENCE not in ("", "0", "1"):
        return REFERENCE
    if REFERENCE != "1":
        print(f"reference  not measured: REFERENCE=1 lets {PACKAGE} be installed for this run", flush=True)
        return ""
    venv, python = folder / "venv", folder / "venv" / "bin" / "python"
    try:
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, capture_output=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", PACKAGE], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as failure:
        print(f"reference  not measured: {PACKAGE} could not be installed ({failure})", flush=True)
        return ""
    return str(python)


def _ratio(ours: Figures, theirs: Figures) -> float:
    return float(round(ours["seconds"] / theirs["seconds"], 3))


def _apart(ours: dict[str, Figures], theirs: dict[str, Figures]) -> float:
    """The largest difference of a removal effect."""
    one, other = ours["markov1"]["effects"], theirs["markov1"]["effects"]
    return float(max(abs(one[name] - other[name]) for name in one.keys() | other.keys()))


if __name__ == "__main__":
    sys.exit(main())

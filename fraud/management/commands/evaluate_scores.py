"""`manage.py evaluate_scores`: trains on one table, scores another, and tells how good that was."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fraud.scores.comparison import Ranked, compare
from fraud.scores.files import Roles, read_tables
from fraud.scores.model import Model
from fraud.scores.score import Score
from fraud.scores.table import Table, TableError

REVIEWED = "20,50"  # cases that one reviewer looks through in a day, and in a week


class Command(BaseCommand):
    """Reads two files and writes nothing; a score informs, it never declines."""

    help = (
        "Trains the score on one CSV file and measures it on another, beside the base rate, the best single "
        "column, logistic regression and an isolation forest."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the two files and what their columns are."""
        parser.add_argument("--train", required=True, type=Path, help="the CSV file to learn from")
        parser.add_argument(
            "--test", required=True, type=Path, help="the CSV file to measure on, of later rows"
        )
        parser.add_argument("--label", required=True, help="the column that says what was decided")
        parser.add_argument(
            "--positive", help="the label of fraud; default: 1 where labels are 0 and 1, else Fraud"
        )
        parser.add_argument("--group", help="the column whose rows belong together, such as the partner")
        parser.add_argument("--ignore", default="", help="columns to leave out, such as ids; comma-separated")
        parser.add_argument(
            "--category", default="", help="columns of codes to read as texts; comma-separated"
        )
        parser.add_argument(
            "--k",
            default=REVIEWED,
            help=f"how many cases you can review, comma-separated; default: {REVIEWED}",
        )
        parser.add_argument("--explain", type=int, default=0, help="explain so many of the highest scores")
        parser.add_argument("--trees", type=int, help="grow so many trees only, for a quick look")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, train, measure, tell."""
        roles = Roles(
            options["label"],
            options["positive"],
            options["group"],
            frozenset(_names(options["ignore"])),
            frozenset(_names(options["category"])),
        )
        ks = _whole_numbers(options["k"])
        if options["trees"] is not None and options["trees"] < 1:
            raise CommandError("--trees must be 1 or more.")
        try:
            known, asked = read_tables(options["train"], options["test"], roles)
            for line in _rows(known, asked):
                self.stdout.write(line)
            self.stdout.flush()
            model, ranked = compare(known, asked, ks, options["trees"])
        except TableError as wrong:
            raise CommandError(str(wrong)) from wrong
        for line in (*_report(model, ranked), *_explanations(model, asked, options["explain"])):
            self.stdout.write(line)


def _rows(known: Table, asked: Table) -> Iterator[str]:
    """What was read; told before the training, which takes its time."""
    yield f"training: {known.size} rows, {known.positives} fraud, {len(known.columns)} columns"
    yield f"test:     {asked.size} rows, {asked.positives} fraud"
    yield from _acquaintances(known, asked)


def _report(model: Model, ranked: Sequence[Ranked]) -> Iterator[str]:
    yield f"model:    version {model.version}. {model.remark}"
    if model.encoding.left_out:
        yield f"left out: {', '.join(model.encoding.left_out)} (nothing known, or no text that is frequent)"
    yield ""
    yield from _figures(ranked)
    if ranked[0].figures.bands:
        yield ""
        yield from _bands(ranked[0])


def _acquaintances(known: Table, asked: Table) -> Iterator[str]:
    """Say so where groups are on both sides, for then some are recognized rather than judged."""
    if known.groups and asked.groups:
        met = set(known.groups)
        rows = sum(group in met for group in asked.groups)
        if rows:
            yield f"careful:  {rows} rows of the test file are of groups that were trained on"


def _figures(ranked: Sequence[Ranked]) -> Iterator[str]:
    """A table in percent; a line for each way of ranking."""
    ks = [f"{name}@{at.k}" for at in ranked[0].figures.at for name in ("P", "R")]
    heads = ["AP", "95 % interval", "PR-AUC", "ROC-AUC", *ks, "Brier"]
    width = max(len(one.title) for one in ranked)
    yield " " * width + "".join(f"  {head:>13}" if "%" in head else f"  {head:>7}" for head in heads)
    for one in ranked:
        figures = one.figures
        low, high = figures.interval
        cells = [f"{100 * figures.average_precision:7.1f}", f"{100 * low:5.1f} – {100 * high:5.1f}"]
        cells += [f"{100 * share:7.1f}" for share in (figures.pr_auc, figures.roc_auc)]
        cells += [f"{100 * share:7.1f}" for at in figures.at for share in (at.precision, at.recall)]
        cells.append("      –" if figures.brier is None else f"{figures.brier:7.4f}")
        yield f"{one.title:<{width}}  " + "  ".join(cells)


def _bands(ranked: Ranked) -> Iterator[str]:
    """What was said beside what was true."""
    yield f"{ranked.title}: what was said, and what was true"
    yield f"{'rows':>8}  {'said':>7}  {'true':>7}"
    for band in ranked.figures.bands:
        yield f"{band.rows:>8}  {band.said:>7.1%}  {band.was:>7.1%}"


def _explanations(model: Model, asked: Table, many: int) -> Iterator[str]:
    """The highest scores with what moved them, in natural log units."""
    if many < 1:
        return
    values = model.values(asked)
    rows = sorted(range(asked.size), key=lambda row: (-values[row], row))[:many]
    yield ""
    for row, score in zip(rows, model.scores(asked.take(rows)), strict=True):
        yield f"row {row + 1}: {_told(score)}"


def _told(score: Score) -> str:
    moves = [f"{move.name} = {_shown(move.value)}: {move.by:+.2f}" for move in score.moves]
    return f"{score.value:.1%}, from {score.base:.2f}; " + "; ".join(
        [*moves, f"all others: {score.rest:+.2f}"]
    )


def _shown(value: float | str | None) -> str:
    if value is None:
        return "not known"
    return value if isinstance(value, str) else f"{value:g}"


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _whole_numbers(text: str) -> list[int]:
    if not all(part.isascii() and part.isdigit() and int(part) for part in _names(text)) or not _names(text):
        raise CommandError("--k must be whole numbers above 0, such as 20,50.")
    return [int(part) for part in _names(text)]

"""`manage.py evaluate_scores` on two files."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from fraud.scores.files import Roles, read_sheet, read_tables
from fraud.scores.table import TableError
from tests.fraud.scored import made, write

ROLES = Roles("status", ignored=frozenset({"id"}))
GOOD = "id,clicks,kind,status\n1,5,a,OK\n2,,b,Fraud\n3,7.5,a,OK\n"


def evaluate(train: Path, test: Path, **options: object) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("evaluate_scores", train=train, test=test, stdout=out, **({"label": "status"} | options))
    return out.getvalue()


def files(folder: Path, train: str = GOOD, test: str = GOOD) -> tuple[Path, Path]:
    """Two files with these texts."""
    for name, text in (("a.csv", train), ("b.csv", test)):
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder / "a.csv", folder / "b.csv"


def test_it_prints_every_figure_beside_its_baselines(tmp_path: Path) -> None:
    train, test = write(tmp_path / "a.csv", made(400, 40)), write(tmp_path / "b.csv", made(300, 30, seed=1))

    told = evaluate(train, test, group="partner", ignore="id", trees=20, k="20, 50", explain=2)

    lines = told.splitlines()
    assert lines[0] == "training: 400 rows, 40 fraud, 9 columns"
    assert lines[1] == "test:     300 rows, 30 fraud"
    heads = next(line for line in lines if "AP" in line)
    assert heads.split()[0] == "AP"
    assert [head for head in heads.split() if "@" in head] == ["P@20", "R@20", "P@50", "R@50"]
    assert [line[:8] for line in lines[lines.index(heads) + 1 :][:5]] == [
        "ExtraTre",
        "base rat",
        "ranked b",
        "logistic",
        "Isolatio",
    ]
    assert "what was said, and what was true" in told
    assert len([line for line in lines if line.startswith("row ") and "all others" in line]) == 2


def test_it_says_the_same_twice(tmp_path: Path) -> None:
    train, test = write(tmp_path / "a.csv", made(200, 25)), write(tmp_path / "b.csv", made(200, 25, seed=1))

    assert evaluate(train, test, trees=10) == evaluate(train, test, trees=10)


def test_few_frauds_are_said_and_ranked_by_oddity(tmp_path: Path) -> None:
    train, test = write(tmp_path / "a.csv", made(200, 19)), write(tmp_path / "b.csv", made(200, 19, seed=1))

    told = evaluate(train, test, ignore="id,partner", trees=10)

    assert "19 cases were decided as fraud, and nothing is learned from fewer than 20" in told
    assert told.count("IsolationForest") == 1
    assert "what was said" not in told


def test_partners_on_both_sides_are_warned_of(tmp_path: Path) -> None:
    table = made(100, 20)

    told = evaluate(
        write(tmp_path / "a.csv", table), write(tmp_path / "b.csv", table), group="partner", trees=3
    )

    assert "100 rows of the test file are of groups that were trained on" in told


@pytest.mark.parametrize("words", [("0", "1"), ("false", "true"), ("OK", "Fraud"), ("ok", "FRAUD")])
def test_labels_are_read_without_being_told(tmp_path: Path, words: tuple[str, str]) -> None:
    path = write(tmp_path / "a.csv", made(20, 4), words)

    known, _ = read_tables(path, path, ROLES)

    assert known.positives == 4


def test_the_positive_label_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", made(20, 4), ("Good", "Bad"))

    known, _ = read_tables(path, path, Roles("status", "bad"))

    assert known.positives == 4


def test_numbers_gaps_and_texts_are_told_apart(tmp_path: Path) -> None:
    known, _ = read_tables(*files(tmp_path), ROLES)

    assert known.columns == ("clicks", "kind")
    assert [known.cell(row, "clicks") for row in range(3)] == [5, None, 7.5]
    assert [known.cell(row, "kind") for row in range(3)] == ["a", "b", "a"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_ends_of_lines_and_delimiters_are_recognized(tmp_path: Path, end: str, mark: str) -> None:
    text = "\ufeff" + GOOD.replace(",", mark).replace("\n", end)

    assert read_tables(*files(tmp_path, text, text), ROLES)[0].size == 3


def test_codes_can_be_read_as_texts(tmp_path: Path) -> None:
    roles = Roles("status", categories=frozenset({"id"}))

    assert read_tables(*files(tmp_path), roles)[0].texts["id"] == ("1", "2", "3")


def test_a_row_without_a_group_is_its_own(tmp_path: Path) -> None:
    text = "p,x,status\nann,1,0\n,2,1\n,3,0\n"

    assert (
        len(set(read_tables(*files(tmp_path, text, text), Roles("status", group="p"))[0].groups or ())) == 3
    )


@pytest.mark.parametrize(
    ("train", "test", "roles", "sentence"),
    [
        ("", GOOD, ROLES, "a.csv is empty"),
        (GOOD, "  \n\n", ROLES, "b.csv is empty"),
        ("id,x,status\n", GOOD, ROLES, "no row below"),
        (GOOD, GOOD.replace("status", "state"), ROLES, "b.csv has no column status; it has id, clicks"),
        (GOOD, GOOD, Roles("status", group="partner"), "a.csv has no column partner"),
        (GOOD, GOOD, Roles("status", ignored=frozenset({"ip"})), "no column ip to ignore"),
        (GOOD, GOOD.replace("kind", "sort"), ROLES, "only a.csv has kind; only b.csv has sort"),
        (GOOD.replace("7.5", "many"), GOOD, ROLES, "a.csv, line 4, clicks: many is not a number"),
        (GOOD, GOOD.replace("7.5", "many"), ROLES, "b.csv, line 4, clicks: many is not a number"),
        (GOOD, GOOD.replace("7.5", "inf"), ROLES, "b.csv, line 4, clicks: inf is not a number"),
        (GOOD, GOOD.replace("7.5", "1_0"), ROLES, "b.csv, line 4, clicks: 1_0 is not a number"),
        (GOOD, GOOD.replace("7.5,a", "7.5"), ROLES, "line 4: 3 cells under 4 names"),
        (GOOD.replace("kind", "clicks"), GOOD, ROLES, "more than one column called clicks"),
        (GOOD.replace("Fraud", "OK"), GOOD, ROLES, "Say with --positive which"),
        (GOOD, GOOD, Roles("status", "Bad"), "No row of the training file is fraud: status holds fraud, ok"),
        (GOOD, GOOD.replace("Fraud", "OK"), ROLES, "No row of b.csv is fraud"),
        (GOOD.replace("OK", "Fraud"), GOOD, ROLES, "All rows of a.csv are fraud"),
        (GOOD, GOOD.replace("Fraud", ""), ROLES, "b.csv, line 3: the label is empty"),
        ("x,status\n1,0\n2,1\n", "x,status\n1,0\n2,maybe\n", Roles("status"), "the label maybe is neither"),
        ("id,status\n1,0\n2,1\n", "id,status\n1,0\n2,1\n", ROLES, "No column is left"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    tmp_path: Path, train: str, test: str, roles: Roles, sentence: str
) -> None:
    with pytest.raises(TableError) as wrong:
        read_tables(*files(tmp_path, train, test), roles)

    assert sentence in str(wrong.value)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"a,b\n\xff\xfe,1\n")

    for path, sentence in (
        (tmp_path / "none.csv", "cannot be read"),
        (tmp_path, "cannot be read"),
        (tmp_path / "x.csv", "not a CSV file in UTF-8"),
    ):
        with pytest.raises(TableError, match=sentence):
            read_sheet(path)


@pytest.mark.parametrize("k", ["0", "", "20,x", "-5", "1.5"])
def test_a_capacity_that_is_no_number_is_refused(tmp_path: Path, k: str) -> None:
    with pytest.raises(CommandError, match="--k must be"):
        evaluate(*files(tmp_path), k=k)


def test_errors_are_told_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"a\.csv is empty"):
        evaluate(*files(tmp_path, ""))
    with pytest.raises(CommandError, match="--trees"):
        evaluate(*files(tmp_path), trees=0)

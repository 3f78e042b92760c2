"""What `make bench` reads, keeps and writes."""

import sys

import pytest

from benchmarks._ratios import Ratio
from deploy import bench, findings
from deploy.findings import Finding
from deploy.steps import Step

MET = '{"name": "redirect: durable_vs_bare", "ratio": 1.5, "goal": 2.0, "better": "lower"}'
MISSED = '{"name": "redirect: orm_vs_durable", "ratio": 20.0, "goal": 25.0, "better": "higher"}'
NEWS = '{"name": "redirect: beacon_vs_durable", "ratio": 1.21, "goal": null, "better": "lower"}'
OLD = Finding(
    "2026-01-02, commit 1234567, 2 cores of X", f"flat 97.6 µs\n{MET.replace('redirect', 'simulate')}"
)


def says(text: str, code: int = 0) -> Step:
    return Step("redirect", [sys.executable, "-c", f"import sys; print({text!r}); sys.exit({code})"])


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "performance.md"
    path.write_text(findings.written({"simulate": OLD}), encoding="utf-8")
    return path


def found_on(page) -> dict[str, Finding]:
    return findings.read(page.read_text(encoding="utf-8"))


def rows_on(page) -> list[str]:
    return [line for line in page.read_text(encoding="utf-8").splitlines() if ": " in line and line[0] == "|"]


def test_page_is_read_as_it_was_written(page):
    assert found_on(page) == {"simulate": OLD}


def test_finding_comes_to_the_page_with_all_its_figures(page):
    bench.run(says(f"durable 0.08\n{MET}\n{NEWS}"), page)

    found = found_on(page)["redirect"]
    assert found.said == f"durable 0.08\n{MET}\n{NEWS}"
    assert found.ratios == [
        Ratio("redirect: durable_vs_bare", 1.5, 2.0), Ratio("redirect: beacon_vs_durable", 1.21)
    ]  # fmt: skip


def test_benchmark_that_was_not_run_keeps_its_day(page):
    bench.run(says(MET), page)

    today = found_on(page)["redirect"].measured.partition(",")[0]
    assert found_on(page)["simulate"] == OLD
    assert rows_on(page) == [
        f"| redirect: durable_vs_bare | 1.5 | ≤ 2 | met | {today} |",
        "| simulate: durable_vs_bare | 1.5 | ≤ 2 | met | 2026-01-02 |",
    ]


def test_missed_goal_is_written_and_fails(page):
    outcome = bench.run(says(f"{MISSED}\n{NEWS}", 1), page)

    day = found_on(page)["redirect"].measured.partition(",")[0]
    assert outcome.code == 1
    assert rows_on(page)[:2] == [
        f"| redirect: orm_vs_durable | 20 | ≥ 25 | **missed** | {day} |",
        f"| redirect: beacon_vs_durable | 1.21 |  |  | {day} |",
    ]


@pytest.mark.parametrize(("said", "code"), [("no ratio", 0), (MET, 1), (MET, 137), (MISSED, 0), ("", 1)])
def test_broken_benchmark_changes_nothing(page, said, code):
    before = page.read_text(encoding="utf-8")

    bench.run(says(said, code), page)

    assert page.read_text(encoding="utf-8") == before


def test_second_run_takes_the_place_of_the_first(page):
    bench.run(says(MET), page)
    bench.run(says(MET.replace("1.5", "1.75")), page)

    assert [row.split(" | ")[1] for row in rows_on(page)] == ["1.75", "1.5"]


def test_ratio_that_lacks_a_part_is_refused():
    with pytest.raises(ValueError, match="no ratio"):
        list(findings.ratios_in('{"name": "redirect: x"}'))


def test_unknown_name_runs_nothing(capsys):
    assert bench.main(["redirekt"]) == 2
    assert "redirekt" in capsys.readouterr().err


def test_files_that_begin_with_a_line_are_no_benchmarks(tmp_path):
    for name in ("redirect.py", "_crowd.py", "__init__.py", "notes.md"):
        (tmp_path / name).touch()

    assert bench.names(tmp_path) == ["redirect"]


@pytest.mark.parametrize(
    ("ratio", "is_missed"),
    [
        (Ratio("a", 1.25, 1.25), False),
        (Ratio("a", 1.26, 1.25), True),
        (Ratio("a", 25.0, 25.0, "higher"), False),
        (Ratio("a", 24.9, 25.0, "higher"), True),
        (Ratio("a", 99.0), False),
    ],
)
def test_goal_itself_is_good_enough(ratio, is_missed):
    assert ratio.is_missed == is_missed

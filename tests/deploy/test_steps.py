"""What the summary of `make test` says."""

import sys

from deploy.steps import Outcome, Step, run, summary, total

PASSED = "================== 12 passed, 1 skipped in 3.20s =================="
FAILED = "============ 2 failed, 7 passed in 1.00s ============"


def say(text: str, code: int = 0) -> list[str]:
    return [sys.executable, "-c", f"import sys; print({text!r}); sys.exit({code})"]


def test_step_keeps_the_closing_line_of_pytest():
    outcome = run(Step("suite", say(f"collected\n{PASSED}")))

    assert (outcome.code, outcome.closing_line, outcome.word) == (0, PASSED, "ok")


def test_quiet_step_shows_its_words_only_when_it_fails(capfdbinary):
    run(Step("fine", say("silence"), quiet=True))
    run(Step("broken", say("reason", 3), quiet=True))

    shown = capfdbinary.readouterr().out
    assert (shown.count(b"silence"), shown.count(b"reason")) == (0, 1)


def test_run_without_tests_is_a_failure(capsys):
    empty = run(Step("browser", say("============ 9 deselected in 0.10s ============", 5)))

    assert (empty.word, summary([empty])) == ("NO TESTS FOUND", 1)


def test_environment_of_a_step_reaches_its_command():
    command = [sys.executable, "-c", "import os, sys; sys.exit(int(os.environ['CODE']))"]

    assert run(Step("code", command, {"CODE": "7"})).code == 7


def test_summary_ends_with_the_closing_lines_of_pytest(capsys):
    code = summary(
        [Outcome("ruff", 0, 1), Outcome("suite", 0, 3, PASSED)], ["PostgreSQL, because it is missing"]
    )

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[-5:] == [
        "NOT TESTED: PostgreSQL, because it is missing",
        "All runs together: 12 passed, 1 skipped",
        "Everything that was run is in order.",
        "suite:",
        PASSED,
    ]


def test_one_failure_fails_the_whole(capsys):
    code = summary([Outcome("ruff", 1, 1), Outcome("suite", 0, 3, PASSED)])

    assert code == 1
    assert "FAILED: ruff" in capsys.readouterr().out.splitlines()


def test_counts_of_several_runs_are_added():
    assert total([Outcome("a", 0, 1, PASSED), Outcome("b", 1, 1, FAILED)]) == "19 passed, 1 skipped, 2 failed"

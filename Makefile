# Everything a developer or an operator of a small installation types. Needs Python 3.11 or newer, nothing else.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python

.PHONY: help setup run test check fmt bench lock clean

help:  ## Lists the commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup:  ## Makes .venv and installs what developing and testing need
	@deploy/setup --dev

run:  ## Installs, migrates, loads the demo and starts everything on http://localhost:8000 (PORT=... for another)
	@deploy/setup
	@$(PYTHON) -m deploy.run

test: setup  ## Runs the checks and every test, on SQLite and on PostgreSQL (COVERAGE=1 counts lines)
	@$(PYTHON) -m deploy.test

check: setup  ## Runs what needs no test: style, types, floors, templates, migrations, production settings
	@$(PYTHON) -m deploy.check

fmt: setup  ## Formats the Python code and repairs what can be repaired
	@$(PYTHON) -m ruff check --fix --exit-zero --quiet .
	@$(PYTHON) -m ruff format .

bench: setup  ## Runs each benchmark in benchmarks/ and writes docs/performance.md
	@$(PYTHON) -m deploy.bench

lock: setup  ## Resolves pyproject.toml anew into the two lock files (needs uv)
	@$(PYTHON) -m deploy.lock

clean:  ## Removes what can be made again; var/ (your data) stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov staticfiles
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Everything sets itself up: .venv, and Debian packages only where something is missing (tools/setup.sh).
.DEFAULT_GOAL := help
VENV := .venv/bin
# mkdocs-material's advertisement of its successor, printed at every build.
export NO_MKDOCS_2_WARNING := 1

.PHONY: help run-env dev-env demo test test-xen check bench docs clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 10

run-env:
	@tools/setup.sh run

dev-env:
	@tools/setup.sh dev

demo: run-env ## the main job on shipped examples
	@PATH="$(CURDIR)/$(VENV):$$PATH" examples/demo.sh

test: lint ## everything CI runs
	$(VENV)/mkdocs build --strict --quiet
	$(VENV)/pytest -n auto --dist loadgroup

test-xen: dev-env ## the tests on a real Xen, in qemu
	$(VENV)/pytest tests/xen

check: lint ## the quick loop
	$(VENV)/pytest -q -n auto --dist worksteal -m "not slow"

.PHONY: lint
lint: dev-env
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/lint-imports

bench: dev-env ## speed, as ratios against a reference of the same run
	$(VENV)/python -m bench

docs: dev-env ## bring the generated parts up to date and build the site in site/
	$(VENV)/python tools/generate_docs.py
	$(VENV)/mkdocs build --strict

clean: ## remove what make made
	rm -rf .venv site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find bench src tests tools -name __pycache__ -prune -exec rm -r {} +

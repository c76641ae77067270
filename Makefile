# Needs Python 3.11 or newer and make; everything else is installed into .venv.
# `make` alone lists the targets.

PORT ?= 8000
ONHAND_HOME ?= $(CURDIR)/.onhand

BIN := .venv/bin
# Both cores; each worker has a PostgreSQL server of its own, and takes over from one that is slower.
PARALLEL := -n 2 --dist worksteal
# The quick tests wait so often that a third worker is worth its start.
PARALLEL_QUICK := -n 3 --dist worksteal
COMPILE = $(BIN)/uv --quiet pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock' $(ARGS) pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help run test check bench assets chromium lock clean venv venv-dev
.PHONY: static types tidy style imports dependencies

help: ## list the targets
	@awk -F ':[^#]*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' Makefile

run: venv assets ## start Onhand (PORT=8000 ONHAND_HOME=.onhand)
	@PORT='$(PORT)' ONHAND_HOME='$(ONHAND_HOME)' exec $(BIN)/onhand serve

test: venv-dev assets chromium static ## every check and the whole test suite
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

check: venv-dev assets static ## the quick part of `test`, for while you work
	$(BIN)/python -m pytest $(PARALLEL_QUICK) -m 'not slow' $(ARGS)

bench: venv-dev assets ## measure, beside what others reach (docs/reference/performance.md)
	$(BIN)/python -m benchmarks $(ARGS)

assets: venv ## build what the console's pages load, if anything changed
	@tools/assets.sh

lock: venv-dev ## write the lock files anew from pyproject.toml (ARGS=--upgrade for the newest)
	$(COMPILE) --group build --output-file requirements.lock
	$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## remove what make made; the data in .onhand stays
	rm -rf frontend/node_modules src/onhand/web/console/static
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

venv:
	@PYTHON='$(PYTHON)' tools/venv.sh run

venv-dev:
	@PYTHON='$(PYTHON)' tools/venv.sh dev

chromium:
	@tools/chromium.sh

static:
	@$(MAKE) --no-print-directory -j2 --output-sync types tidy style imports dependencies

types:
	$(BIN)/mypy

tidy:
	$(BIN)/python -m tools.tidy

style:
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet

imports:
	$(BIN)/lint-imports --no-logo

dependencies:
	$(BIN)/deptry src

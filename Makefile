# `make run` and `make test` set everything up by themselves; the rest is for working on it.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
# Whoever starts it many times, as the tests do, spends a third of each start on compiling.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
# Server programs run under another account where root serves: it must be able to read them.
INSTALL := umask 022 && $(BIN)/python -m pip install -qq --disable-pip-version-check \
	--no-input --require-virtualenv

COMPILE := $(BIN)/uv pip compile --quiet pyproject.toml requirements/build.in --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"

.PHONY: help run demo test faults mutants proof check bench setup dev docs lock clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: setup ## Set everything up, then serve on 127.0.0.1:8000 (settings: TASKLEDGER_...).
	@exec $(BIN)/python -m api.cli.main serve --embedded --with-parent

demo: setup ## Serve with a small made sample imported into a data folder of its own.
	@exec $(BIN)/python -m bench.demo

# What is about seconds under load is not run beside anything else; long files are begun first.
SIDE_BY_SIDE := --numprocesses 2 --dist loadfile --no-loadscope-reorder -m "not alone"
ALONE := -m alone tests/faults

test: dev ## Set everything up, then run the tests on real parts.
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest --durations 15 $(SIDE_BY_SIDE)
	$(BIN)/python -m pytest --durations 15 $(ALONE)
endif

faults: dev ## Kill every part in turn under load, five times each.
	$(BIN)/python -m pytest tests/faults --rounds 5 $(ARGS)

mutants: dev ## Change the domain in thousands of small ways: tests must find nine in ten.
	$(BIN)/python -m tests.mutation $(ARGS)

proof: dev ## Tamper with the record in thousands of seeded ways: every one is found; forget 200 names.
	FORGOTTEN_NAMES=200 $(BIN)/python -m pytest -q tests/api/test_forgotten.py \
		tests/opensearch/test_forgotten_words.py
	$(BIN)/python -m pytest tests/proof --share 1 --timeout 0 $(ARGS)

bench: dev ## Measure against a plain CRUD application in the same run.
	$(BIN)/python -m bench $(ARGS)

check: dev ## Linters, strict types, the direction of imports, documents that are made from code.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/python -m infra.settings --table | diff -u docs/settings.md -
	$(BIN)/python -m infra.settings --env | diff -u .env.example -
	$(BIN)/python -m commands.registry | diff -u docs/commands.md -
	$(BIN)/python -m infra.feed.page | diff -u docs/events.md -

docs: dev ## Make the documents that are made from code.
	$(BIN)/python -m infra.settings --table > docs/settings.md
	$(BIN)/python -m infra.settings --env > .env.example
	$(BIN)/python -m commands.registry > docs/commands.md
	$(BIN)/python -m infra.feed.page > docs/events.md

lock: dev ## Take the newest allowed versions of every dependency, with hashes.
	$(COMPILE) --upgrade --extra embedded --extra dev --output-file requirements/dev.txt
	$(COMPILE) --constraint requirements/dev.txt --extra embedded \
		--output-file requirements/runtime.txt
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/managed.txt

clean: ## Remove the environment and every cache; the data folder stays.
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache \
		.hypothesis mutants

setup: $(VENV)/runtime.stamp
dev: $(VENV)/dev.stamp

$(BIN)/python:
	@sh requirements/find_python.sh "$(PYTHON)" | while read -r python; do \
		echo "Making $(VENV) with $$($$python --version) ..."; \
		umask 022 && $$python -m venv --clear $(VENV); \
	done
	@test -x $@

$(VENV)/runtime.stamp: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "Installing what the product needs ..."
	@$(INSTALL) --require-hashes --only-binary :all: --requirement requirements/runtime.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
# Or the first start would do it while somebody waits.
	@umask 022 && $(BIN)/python -m compileall -q api commands domain infra projections
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/runtime.stamp
	@echo "Installing what the tests need ..."
	@$(INSTALL) --require-hashes --only-binary :all: --requirement requirements/dev.txt
	@touch $@

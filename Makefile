# Everything runs in .venv, which the first target that needs it makes: with uv if it is there, else with venv and pip.
EXPERIMENT ?= experiments/learning_rate.yaml
RESULTS ?= results
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help sweep plan explain test lint format docs bench reliability gallery lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

sweep: $(BIN)/.installed  ## train every configuration of EXPERIMENT (default experiments/learning_rate.yaml), and draw it
	@$(BIN)/harness sweep $(EXPERIMENT) --results $(RESULTS) --report

plan: $(BIN)/.installed  ## count what a sweep of EXPERIMENT would do, and run nothing
	@$(BIN)/harness plan $(EXPERIMENT)

explain: $(BIN)/.installed  ## show what back-propagation does to each weight of the question's network
	@$(BIN)/harness explain experiments/question.yaml

test: $(BIN)/.installed-dev  ## run the tests, on all processors
	@$(BIN)/pytest -n auto --dist worksteal

lint: $(BIN)/.installed-dev  ## check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(BIN)/.installed-dev  ## put the sources into the common format
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

docs: $(BIN)/.installed-dev  ## write the pages made from the code, and build the site into build/docs
	@$(BIN)/python -m tests.make_pages
	@$(BIN)/python -m sphinx --builder html --quiet --fail-on-warning --keep-going --fresh-env docs build/docs
	@echo build/docs/index.html

bench: $(BIN)/.installed-bench  ## measure speed against C, JAX, PyTorch and NumPy, and every target: half an hour
	@$(BIN)/python -m benchmarks

gallery: $(BIN)/.installed-dev  ## draw the shipped experiments into docs/gallery
	@$(BIN)/python -m tests.make_gallery

reliability: $(BIN)/.installed-dev  ## inject every fault at full size: kills, crashes, full disks, bad files: 20 minutes
	@$(BIN)/python -m reliability

lock: $(BIN)/.installed-dev  ## pin the newest versions that work together (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --upgrade -q -o requirements.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --upgrade -q --extra dev -o requirements-dev.lock

clean:  ## remove .venv and caches; results stay
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

ifdef UV
INSTALL := uv pip install --quiet --python $(BIN)/python
$(BIN)/python:
	uv venv --quiet --python '>=3.11' .venv
else
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say PYTHON=python3.x")'
	$(PYTHON) -m venv .venv
endif

$(BIN)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(INSTALL) -r requirements.lock
	$(INSTALL) --no-deps --editable .
	@touch $@

$(BIN)/.installed-bench: pyproject.toml $(BIN)/.installed
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

$(BIN)/.installed-dev: requirements-dev.lock $(BIN)/.installed
	$(INSTALL) -r requirements-dev.lock
	@touch $@

# Everything runs in .venv, which the first target that needs it makes: with uv if it is there, else with venv and pip.
# PYTHON=python3.x makes it anew if it has another version of Python; otherwise it stays as it was made.
EXPERIMENT ?= experiments/learning_rate.yaml
RESULTS ?= results
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
LOWEST := .venv-lowest
ASKED := $(filter-out file,$(origin PYTHON))

.DEFAULT_GOAL := help
.PHONY: help sweep plan explain test test-lowest oracle lint format docs bench reliability gallery release lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 13

sweep: $(BIN)/.installed  ## train every configuration of EXPERIMENT (default experiments/learning_rate.yaml), and draw it
	@$(BIN)/harness sweep $(EXPERIMENT) --results $(RESULTS) --report

plan: $(BIN)/.installed  ## count what a sweep of EXPERIMENT would do, and run nothing
	@$(BIN)/harness plan $(EXPERIMENT)

explain: $(BIN)/.installed  ## show what back-propagation does to each weight of the question's network
	@$(BIN)/harness explain experiments/question.yaml

test: $(BIN)/.installed-dev  ## run the tests, on all processors; the last line says what was skipped and why
	@TEST_BROWSER="$$($(BIN)/python -m tests.support.browser)" $(BIN)/pytest -n auto --dist worksteal

test-lowest: $(LOWEST)/.installed  ## run the tests with the lowest versions that pyproject.toml admits
	@TEST_BROWSER="$$($(LOWEST)/bin/python -m tests.support.browser)" $(LOWEST)/bin/pytest -n auto --dist worksteal

oracle: $(BIN)/.installed-oracle  ## install PyTorch, with which the tests then compare

lint: $(BIN)/.installed-dev  ## check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@said=$$($(BIN)/repo-review . --show err) || { echo "$$said"; exit 1; }

format: $(BIN)/.installed-dev  ## put the sources into the common format
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

docs: $(BIN)/.installed-dev  ## write the pages made from the code, and build the site into build/docs
	@$(BIN)/python -m tests.make_pages
	@$(BIN)/python -m sphinx --builder html --quiet --fail-on-warning --keep-going --fresh-env docs build/docs
	@echo build/docs/index.html

bench: $(BIN)/.installed-bench  ## measure speed against C, JAX, PyTorch, NumPy and scikit-learn, and every target: over an hour
	@$(BIN)/python -m benchmarks

gallery: $(BIN)/.installed-dev  ## draw the shipped experiments into docs/gallery
	@$(BIN)/python -m tests.make_gallery

reliability: $(BIN)/.installed-dev  ## inject every fault at full size: kills, crashes, full disks, bad files: an hour or more
	@$(BIN)/python -m reliability

release: $(BIN)/.installed-release  ## build sdist and wheel of the last commit into dist/, twice for the same bytes, and try them
	@$(BIN)/python -m tests.make_release

lock: $(BIN)/.installed-dev  ## pin the newest versions that work together (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --upgrade -q -o requirements.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --upgrade -q --extra dev -o requirements-dev.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --upgrade -q --extra release -o requirements-release.lock

clean:  ## remove .venv and caches; results stay
	rm -rf .venv $(LOWEST) .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

ifdef UV
create = uv venv --quiet --python '$(if $(ASKED),$(PYTHON),$(2))' $(1)
install = uv pip install --quiet --python $(1)/bin/python
else
create = $(PYTHON) -m venv $(1)
install = $(1)/bin/python -m pip install --quiet --disable-pip-version-check
endif

# Its version is in the name of a file that is as new as .venv is.
VERSION := -c 'import sys; print("%d.%d" % sys.version_info[:2])'
ifdef ASKED
MADE := $(BIN)/.python$(or $(shell $(PYTHON) $(VERSION)),$(error PYTHON=$(PYTHON): no such program))
else
MADE := $(BIN)/python
endif
$(MADE):
ifneq ($(ASKED)$(if $(UV),,pip),)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say PYTHON=python3.x")'
endif
	@rm -rf .venv
	$(call create,.venv,>=3.11)
	@touch $(BIN)/.python$$($(BIN)/python $(VERSION))

$(BIN)/.installed: requirements.lock pyproject.toml $(MADE)
	$(call install,.venv) -r requirements.lock
	$(call install,.venv) --no-deps --editable .
	@touch $@

$(BIN)/.installed-release: requirements-release.lock $(BIN)/.installed-dev
	$(call install,.venv) -r requirements-release.lock
	@touch $@

$(BIN)/.installed-dev: requirements-dev.lock $(BIN)/.installed
	$(call install,.venv) -r requirements-dev.lock
	@touch $@

$(BIN)/.installed-oracle $(BIN)/.installed-bench: $(BIN)/.installed-%: pyproject.toml $(BIN)/.installed
	$(call install,.venv) --editable '.[$*]'
	@touch $@

$(LOWEST)/.installed: pyproject.toml tests/lowest.py
	@rm -rf $(LOWEST)
	$(call create,$(LOWEST),3.11)
	@$(LOWEST)/bin/python -m tests.lowest > $(LOWEST)/constraints.txt
	$(call install,$(LOWEST)) --constraint $(LOWEST)/constraints.txt --editable '.[dev]'
	@touch $@

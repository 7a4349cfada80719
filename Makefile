.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python

# Where it is set, each process compiles all that it imports anew: two seconds of its start, and a demo has seven of them.
unexport PYTHONDONTWRITEBYTECODE

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## The main job: a scripted crisis from the first mention to the hold (ARGS=--exit ends by itself)
	@$(BIN)/firebreak demo $(ARGS)

# Two files at a time, each process with brokers of its own, because much of it waits; those with slow tests first.
test: $(VENV)/.dev ## All tests this machine can run; says what it left out and why (ARGS="-n 0": one after the other)
	@$(BIN)/pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder $(ARGS)

check: lint types imports docs test ## What CI runs: lint, types, imports, docs, tests

lint: $(VENV)/.dev ## Format and lint (ruff)
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

format: $(VENV)/.dev ## Write the format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

types: $(VENV)/.dev ## Types (mypy, strict)
	@$(BIN)/mypy

imports: $(VENV)/.dev ## The direction of imports
	@$(BIN)/lint-imports

docs: $(VENV)/.dev ## Examples in docstrings, and what the documents promise
	@$(BIN)/pytest --doctest-modules -q detectors playbooks streams

bench: $(VENV)/.bench ## Throughput beside other readers, on real Kafka (needs Java and Maven)
	@$(BIN)/firebreak bench $(ARGS)

yardsticks: $(VENV)/.dev ## Detection against data with a known truth; writes docs/detection.md (about an hour)
	@$(BIN)/python -m tests.yardsticks.report $(ARGS)

lock: $(VENV)/.uv ## Write the lock files anew from pyproject.toml
	@for set in "runtime" "dev --group dev" "bench --group dev --group bench"; do \
	  set -- $$set; name=$$1; shift; \
	  $(LOCK) pyproject.toml $$@ -o requirements/$$name.lock.txt; done
	@printf 'uv\nsetuptools\n' | $(LOCK) - -o requirements/uv.lock.txt

clean: ## Remove what was made here
	@rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info

$(VENV)/.uv: requirements/uv.lock.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Firebreak needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Say which with: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "Making $(VENV) and installing the pinned packages into it: once, a minute or two"
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "$(PYTHON) cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv"; exit 2; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock.txt
	@touch $@

$(VENV)/.runtime: $(VENV)/.uv requirements/runtime.lock.txt pyproject.toml
	@test -f $(VENV)/.dev || $(INSTALL) --require-hashes -r requirements/runtime.lock.txt
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.uv requirements/dev.lock.txt pyproject.toml
	@$(INSTALL) --require-hashes -r requirements/dev.lock.txt
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.runtime

$(VENV)/.bench: $(VENV)/.dev requirements/bench.lock.txt
	@$(INSTALL) --require-hashes -r requirements/bench.lock.txt
	@touch $@

.PHONY: help demo test check lint format types imports docs bench yardsticks lock clean

# `make run` and `make test` do all the set-up on a fresh Debian machine; the rest is listed by `make help`.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --override requirements/without-torch.txt

.PHONY: help run test lint lock bench-ingest bench-vectors renders-sample model clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(VENV)/run.installed ## start everything on 127.0.0.1 with the sample catalogue (PORT, LOUPE_HOME)
	@exec $(BIN)/loupe up --sample

test: $(VENV)/test.installed lint ## install what the tests need, then run all of them
	tests/install-debian-packages
	$(BIN)/python -m pytest

lint: $(VENV)/test.installed ## style, types and the rules of who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Loupe needs Python 3.11 or newer; $$($(PYTHON) --version) is too old. Set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python cannot make virtual environments here. On Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/run.installed: requirements/local.lock pyproject.toml | $(BIN)/python
	@echo "Installing Loupe into $(VENV) (about a minute)"
	@$(PIP) --no-deps --require-hashes -r requirements/local.lock
	@$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/test.installed: requirements/dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing what the tests need into $(VENV)"
	@$(PIP) torch==2.13.0
	@$(PIP) --no-deps --require-hashes -r requirements/dev.lock
	@$(PIP) --no-deps --editable .
	@touch $@ $(VENV)/run.installed

lock: | $(BIN)/python ## resolve pyproject.toml into the lock files again
	$(PIP) uv
	$(UV_COMPILE) --extra local -o requirements/local.lock
	$(UV_COMPILE) --extra dev -o requirements/dev.lock

bench-ingest: $(VENV)/test.installed ## import rate against the embedder's own rate, in one run (needs ../shared/data)
	$(BIN)/python -m bench.ingest

bench-vectors: $(VENV)/test.installed ## search times of the embedded vector engine
	$(BIN)/python -m bench.vector_engine

renders-sample: $(VENV)/test.installed ## render the sample catalogue again
	$(BIN)/python -m lab render sample --out deploy/local/sample

model: $(VENV)/test.installed ## export the encoder, train the type head, write the reports (needs ../shared/data)
	$(BIN)/python -m lab export
	$(BIN)/python -m lab train-type
	$(BIN)/python -m lab evaluate --suite ringfir

clean: ## remove the environment (never the state in LOUPE_HOME)
	rm -rf $(VENV)

# `make run` and `make test` do all the set-up on a fresh Debian machine; the rest is listed by `make help`.
VENV ?= .venv
N ?= 6000
ITEMS ?= 100000
SECONDS ?= 600
ROUNDS ?= 20
STANDS ?= 1
DOCKERFILES := deploy/docker/Dockerfile tests/containers/substitutes/Dockerfile
MODELS := services/embedder/models
PYTHON ?= python3
BIN := $(VENV)/bin
AUDIT := .venv-audit
SHIPPED := gateway embedder embedder-gpu indexer recommender inventory authenticity local
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
UV_COMPILE_WITH_TORCH := $(BIN)/uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --override requirements/left-out.txt
UV_COMPILE := $(UV_COMPILE_WITH_TORCH) --override requirements/without-torch.txt
# Tests commit thousands of times and no power is cut: their files are in memory where there is plenty of it.
TESTS_IN := $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 8000000 { print "PYTEST_DEBUG_TEMPROOT=/dev/shm" }')
# Services are started hundreds of times; with this set, as images of Python have it, each compiles them again.
unexport PYTHONDONTWRITEBYTECODE
# pip compiles all it installs, on one core: a minute, a third of it for the tests of others and networks nobody uses.
# What is not compiled is when it is imported. Files that are no Python, as templates, are passed over, as pip does.
RARELY_IMPORTED := /tests?/|/transformers/models/(?!auto/)

.PHONY: help run up-processes test tests debian chaos docker-check tests-long fuzz lint lock sbom audit contracts contracts-release bench-ingest bench-vectors bench-search bench-search-quality bench-search-api bench-embedder bench-decoding bench-recommender bench-ledger bench-overload simulate-shop model train evaluate evaluate-recommender evaluate-inventory evaluate-styles stock-trays evaluate-authenticity renders-authenticity fit-authenticity floor clean renders renders-evaluation sample bench-map bench soak profile
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(VENV)/run.installed ## start everything on 127.0.0.1 with the sample catalogue (PORT, LOUPE_HOME)
	@exec $(BIN)/loupe up --sample

up-processes: $(VENV)/test.installed ## the same with each service a process, on servers from Debian's packages (PORT, LOUPE_HOME)
	@exec $(BIN)/loupe up --sample --processes

# Two halves at a time: Python's packages with Debian's, then mypy, which keeps one core busy, with tests that often wait.
test: ## install what the tests need, then run all of them
	@$(MAKE) --no-print-directory --jobs 2 $(VENV)/test.installed debian
	@$(MAKE) --no-print-directory --jobs 2 lint tests

tests: $(VENV)/test.installed
	$(TESTS_IN) $(BIN)/python -m pytest -n 2 --dist loadfile -o tmp_path_retention_policy=failed

debian:
	tests/install-debian-packages

chaos: $(VENV)/test.installed ## break what can break, ROUNDS times each, on STANDS of both stacks, and write bench/reports/chaos.md; GO_ON=--go-on leaves out what that has
	tests/install-debian-packages faketime
	$(BIN)/python -m tests.chaos --rounds $(ROUNDS) --stands $(STANDS) --report bench/reports/chaos.md $(GO_ON)
	CHAOS_MESSAGES=10000 $(BIN)/python -m pytest tests/chaos/test_killing_the_shop_bus.py

docker-check: $(VENV)/test.installed ## build the images, start them by docker-compose, test them and write bench/reports/containers.md (root; about 30 minutes)
	tests/install-debian-packages containers
	$(BIN)/python -m tests.containers

lint: $(VENV)/test.installed ## style, types and the rules of who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint $(DOCKERFILES)

fuzz: $(VENV)/test.installed ## feed what reads bytes from outside with made-up ones, 10 minutes each (SECONDS); what breaks it is kept as a seed
	for target in decoder imports envelope; do $(BIN)/python -m tests.fuzz $$target $(SECONDS) || exit; done

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
	@$(PIP) --no-compile torch==2.13.0
	@$(PIP) --no-compile --no-deps --require-hashes -r requirements/dev.lock
	@$(PIP) --no-deps --editable .
	@$(BIN)/python -m compileall -qq -j 2 -x '$(RARELY_IMPORTED)' $(VENV)/lib || :
	@touch $@ $(VENV)/run.installed

sbom: $(AUDIT)/installed ## what each image and the one-command stack are made of: sbom/*.cdx.json (CycloneDX)
	@mkdir -p sbom
	@for part in $(SHIPPED); do $(AUDIT)/bin/cyclonedx-py requirements requirements/$$part.lock --pyproject pyproject.toml --output-reproducible --output-format JSON --output-file sbom/$$part.cdx.json || exit; done
	@ls sbom/*.cdx.json

audit: $(AUDIT)/installed ## look for known vulnerabilities in what is shipped; ends with 2 where that cannot be known, as without a network
	@$(AUDIT)/bin/python -m deploy.audit $(SHIPPED:%=requirements/%.lock)

$(AUDIT)/installed: requirements/audit.lock
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r requirements/audit.lock
	@touch $@

lock: | $(BIN)/python ## resolve pyproject.toml into the lock files again
	$(PIP) uv
	$(UV_COMPILE) --extra local -o requirements/local.lock
	$(UV_COMPILE) --extra dev -o requirements/dev.lock
	for service in gateway embedder indexer recommender inventory authenticity; do $(UV_COMPILE) --extra $$service -o requirements/$$service.lock || exit; done
	$(BIN)/uv pip compile requirements/audit.in --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet -o requirements/audit.lock
	$(UV_COMPILE_WITH_TORCH) --extra embedder --extra gpu -o requirements/embedder-gpu.lock

contracts: $(VENV)/test.installed ## write docs/contracts again: AsyncAPI and OpenAPI, as the code says them
	$(BIN)/python -m services.gateway.published

contracts-release: $(VENV)/test.installed ## keep them as what this version released; from then on they only grow
	$(BIN)/python -m services.gateway.published --release

tests-long: $(VENV)/test.installed debian ## tests that CI has no minutes for: each service upgraded and taken back under traffic, and more
	$(TESTS_IN) $(BIN)/python -m pytest -n 2 --dist loadfile -m long

bench: $(VENV)/test.installed ## the whole suite: ingest, searches, suggestions, events, memory, peers, in one run (about 15 minutes)
	$(BIN)/python -m bench.suite

soak: $(VENV)/test.installed ## an hour at 70% load: does anything grow?
	$(BIN)/python -m bench.soak

profile: $(VENV)/test.installed ## where the processors' time goes, by py-spy, for each thing that is asked (about 8 minutes)
	$(BIN)/python -m bench.profile

bench-ingest: $(VENV)/test.installed ## import rate against the embedder's own rate, in one run (needs ../shared/data)
	$(BIN)/python -m bench.ingest

bench-vectors: $(VENV)/test.installed ## search times of the embedded vector engine
	$(BIN)/python -m bench.vector_engine

bench-search: $(VENV)/test.installed ## recall and search times of a large index, by engine and by how few items a filter leaves (ITEMS)
	$(BIN)/python -m bench.search --items $(ITEMS)

bench-search-quality: $(VENV)/test.installed ## what searches find among renders of known truth, through the API
	$(BIN)/python -m bench.search_quality

bench-search-api: $(VENV)/test.installed ## search times through the API, how soon changes show, and paging while they happen
	$(BIN)/python -m bench.search_api

bench-decoding: $(VENV)/test.installed ## what it costs to decode in child processes, in one run
	$(BIN)/python -m bench.decoding

bench-embedder: $(VENV)/test.installed ## pictures/s of the embedder, whole and by stage, against a naive torch loop, in one run
	$(BIN)/python -m bench.embedder

bench-recommender: $(VENV)/test.installed ## time of a list of suggestions, events/s, how soon they count, memory of a million users
	$(BIN)/python -m bench.recommender
	OMP_NUM_THREADS=1 $(BIN)/python -m bench.recommender_ranking

bench-ledger: $(VENV)/test.installed ## movements/s of the stock's ledger, alone and from HTTP into the catalogue
	$(BIN)/python -m bench.ledger

bench-map: $(VENV)/test.installed ## how long the map of 50,000 pieces takes to lay out, and how smoothly it moves in Chromium
	$(BIN)/python -m bench.catalogue_map

bench-overload: $(VENV)/test.installed ## search times while 10,000 uploads wait, and what is answered beyond the bound (about 10 minutes)
	$(BIN)/python -m bench.overload

simulate-shop: $(VENV)/test.installed ## suggestions among simulated shoppers of known taste, write lab/reports/recommender/simulation.md
	$(BIN)/python -m lab simulate-shop

renders: $(VENV)/test.installed ## render N pictures of jewelry with ground truth into lab/cache/renders; goes on where it stopped
	$(BIN)/python -m lab render set --count $(N) --out lab/cache/renders

renders-evaluation: $(VENV)/test.installed ## render the evaluation set into lab/evaluation/renders (about 20 minutes)
	$(BIN)/python -m lab render evaluation --out lab/evaluation/renders

sample: $(VENV)/test.installed ## render the sample catalogue again, and make up its sales (about 15 minutes)
	rm -rf deploy/local/sample
	$(BIN)/python -m lab render sample --out deploy/local/sample
	$(BIN)/python -m lab.inventory.sample_stock deploy/local/sample

model: $(VENV)/test.installed ## make efficientnet-lite2-1 again, the default before: the network of ImageNet as ONNX, and its heads (needs ../shared/data and renders)
	$(BIN)/python -m lab export
	$(BIN)/python -m lab train-heads --model $(MODELS)/efficientnet-lite2-1 --sources all

train: $(VENV)/test.installed ## make the loupe models again: renders, networks, heads; goes on where it stopped (needs ../shared/data)
	$(BIN)/python -m lab render set --count 1536 --out lab/cache/renders
	for kind in open wide; do \
		$(BIN)/python -m lab train-embedding --sources clean --out $(MODELS)/loupe-$$kind-3 && \
		$(BIN)/python -m lab add-finder --model $(MODELS)/loupe-$$kind-3 --finder $(MODELS)/finder-$$kind-2 || exit; \
	done
	$(BIN)/python -m lab train-heads --model $(MODELS)/loupe-open-3 --sources clean
	$(BIN)/python -m lab train-heads --model $(MODELS)/loupe-wide-3 --sources all

evaluate: $(VENV)/test.installed ## measure the loupe models against the targets, write lab/reports/targets (needs ../shared/data)
	$(BIN)/python -m lab evaluate --suite targets

floor: $(VENV)/test.installed ## measure the three floors on every suite, write lab/reports/floor (needs ../shared/data)
	$(BIN)/python -m lab evaluate --suite floor

evaluate-recommender: $(VENV)/test.installed simulate-shop ## measure suggestions among simulated shoppers, then against their peers, write lab/reports/recommender (needs ../shared/data)
	OPENBLAS_NUM_THREADS=2 $(BIN)/python -m lab evaluate-recommender

evaluate-inventory: $(VENV)/test.installed $(VENV)-peers/installed ## measure forecasts and advice of the inventory in made-up shops, write lab/reports/inventory
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.inventory.evaluate $(VENV)-peers/bin/python

$(VENV)-peers/installed: requirements/peers.in
	@$(PYTHON) -m venv $(VENV)-peers
	@$(VENV)-peers/bin/python -m pip --disable-pip-version-check --quiet install -r requirements/peers.in
	@touch $@

evaluate-styles: $(VENV)/test.installed ## how right and how steady the inventory's styles are, write lab/reports/inventory/styles.md
	$(BIN)/python -m lab evaluate-styles

stock-trays: $(VENV)/test.installed ## how often a stock-take by photo is right, write lab/reports/inventory/stocktakes.md (about 15 minutes; rendered trays: about 12 more)
	$(BIN)/python -m lab stock-trays --render

renders-authenticity: $(VENV)/test.installed ## render the families that authenticity is fitted and measured on (4,200 pictures, about 70 minutes of two cores); goes on where it stopped
	$(BIN)/python -m lab.authenticity.render --split fit --count 100 --workers 2
	$(BIN)/python -m lab.authenticity.render --split test --count 500 --workers 2

fit-authenticity: $(VENV)/test.installed ## fit what decides of two photos compared, on the fit families alone
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.authenticity.compare --split fit
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.authenticity.fit

evaluate-authenticity: $(VENV)/test.installed ## counterfeits told, the same piece known, copies found: write lab/reports/authenticity; on what is rendered (renders-authenticity)
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.authenticity.compare --split test
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.authenticity.evaluate

clean: ## remove the environment (never the state in LOUPE_HOME)
	rm -rf $(VENV)

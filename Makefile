# `make` prints what there is. Everything installs into $(VENV) and other ignored folders.
VENV ?= .venv
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo $$python; break; }; done)
NO_PYTHON = $(error Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3)

BIN = $(VENV)/bin
SETUP = $(or $(PYTHON),$(NO_PYTHON)) -m tools.setup --venv $(VENV)
NODE = $(PYTHON) -m tools.node
PYTEST = $(BIN)/python -m pytest
# Tests share two cores with other processes in CI: one that fails there is tried once more, and what
# it failed of is printed all the same, as what took longest.
SHARED = $(PYTEST) $(if $(CI),--reruns 1 --rerun-show-tracebacks --durations 12)
HAMMER = $(BIN)/python -m tests.chaos.hammer $(if $(SEED),--seed $(SEED)) $(if $(LOAD),--load $(LOAD))
CODE = inception webapp tasks tools bench clients/python/inception_client

.DEFAULT_GOAL := help
.PHONY: help run test check lint audit fix types unit integration acceptance browser js pictures bench \
	soak hammer chaos matrix docs clean set-up

help: ## Print this
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name does; \
	do printf '  make %-12s %s\n' "$$name" "$$does"; done

run: ## Set everything up and run it, until Ctrl-C
	@$(SETUP) run
	@exec $(BIN)/python -m webapp.supervisor --stop-with-parent

# Two lanes at once: most of these wait for processes. In this order both end at about the same time,
# and what fails quickly comes early. Each prints when it is done.
ALL = hammer lint types unit js docs acceptance integration browser
WHOLE_OUTPUT = $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

test: set-up ## Set up what is needed and run every check and test
	@$(MAKE) --no-print-directory --jobs=2 $(WHOLE_OUTPUT) $(ALL)

check: lint types unit js ## The quick half of the tests

lint: set-up ## Style, likely bugs, the direction of imports, and known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml \
		$(filter-out bench,$(CODE)) wsgi.py celery_worker.py
	$(BIN)/python -m tools.audit

audit: set-up ## Fail if what is pinned has known vulnerabilities, or PyPI can't say
	$(BIN)/python -m tools.audit --required

fix: set-up ## Repair what the linter can repair, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: set-up ## Types, of Python and of the browser's modules
	$(BIN)/mypy $(CODE)
	$(NODE) node_modules/typescript/bin/tsc -p tsconfig.json

unit: set-up ## Tests without network, and what holds the documentation to the code
	$(SHARED) tests/unit

integration: set-up ## Tests with a private real Redis
	$(SHARED) tests/integration -m "not chaos"

acceptance: set-up ## Tests with real processes, which get killed
	$(SHARED) tests/acceptance -m "not chaos and not docs"

browser: set-up ## Tests in a real browser, Chromium on PATH
	$(SHARED) tests/browser

js: set-up ## Tests of the browser's modules
	$(NODE) --test $(sort $(wildcard tests/js/*.test.js tests/js/*.test.mjs))

pictures: set-up ## Take every page in every state and look into build/pictures, or WORDS= of them
	$(BIN)/python -m tests.browser.pictures build/pictures $(WORDS)

bench: ## Measure all rows of docs/benchmarks.md, or ROW=6 alone
	@$(SETUP) bench
	$(BIN)/python -m bench $(ROW)

soak: ## Load everything for MINUTES=60, and see that nothing grows
	@$(SETUP) bench
	$(BIN)/python -m bench.soak $(or $(MINUTES),60)

hammer: set-up ## Kill and freeze processes at random for two minutes (MINUTES=, SEED=, LOAD=4), then judge
	$(HAMMER) --minutes $(or $(MINUTES),2)

chaos: set-up ## The same for ten minutes, and the slow tests of faults
	$(HAMMER) --minutes $(or $(MINUTES),10)
	$(PYTEST) tests -m chaos

matrix: set-up ## The suite on Python 3.11 to 3.13 and in each async mode; CELLS="3.12 gevent" PART=1/4
	$(BIN)/python -m tools.matrix $(CELLS) $(if $(PART),--part $(PART))

docs: set-up ## Build the documentation's site, and run the commands it says
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	$(PYTEST) tests --ignore tests/unit -m docs

clean: ## Remove all that was made here, save the runs in var/
	rm -rf $(VENV) .node-venv .matrix node_modules static/vendor .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache build dist *.egg-info .setup.lock
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

set-up:
	@$(SETUP) test

# Roomgate. `make demo` and `make test` work from a fresh clone; everything else is for people who work on it.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
WORKERS ?= 2
# Tests start the programs some hundred times: without kept byte code each start would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests setup-system setup-npm demo test check unit faults chaos matrix soak break fuzz flood netns bench format lock clean reference parity pictures samples

help:  ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.demo-ready  ## the virtual environment, with `roomgate` in it

demo: setup  ## hub, connector, witness and three simulated rooms; the whole story, then a console to try
	@$(VENV)/bin/roomgate demo $(DEMO)

# A browser is long in coming and needs no Python, and the laws need no browser: so these go on beside each other.
test:  ## the laws and the tests; installs what they need
	@$(MAKE) --no-print-directory --jobs 3 setup-tests check
	@$(MAKE) --no-print-directory unit

setup-tests: setup-system setup-npm

setup-system: | $(VENV)/bin/python  # which may have needed the system's package manager: one at a time
	@tools/setup_tests.sh system

setup-npm: $(VENV)/.dev-ready
	@tools/setup_tests.sh npm
	@tools/setup_editor.sh

check: $(VENV)/.dev-ready  ## laws first: format, lint, types, direction of imports
	@$(VENV)/bin/ruff format --check --quiet src tests tools bench
	@$(VENV)/bin/ruff check --quiet src tests tools bench
	@$(VENV)/bin/lint-imports --no-cache
	@$(VENV)/bin/mypy

unit: $(VENV)/.dev-ready
	@$(VENV)/bin/pytest -n $(WORKERS) --dist loadgroup

faults: setup-tests  ## only the tests that kill, starve and cut off the real programs; `make chaos` does it for long
	@$(VENV)/bin/pytest -n $(WORKERS) --dist loadgroup -m faults

chaos: $(VENV)/.dev-ready  ## 200 rounds of kill -9 while people work, and 200 connectors at once (SEED=, ROUNDS=, MINUTES=)
	@SEED=$(SEED) ROUNDS=$(or $(ROUNDS),200) MINUTES=$(or $(MINUTES),120) CONNECTORS=$(or $(CONNECTORS),200) \
		$(VENV)/bin/pytest -n 0 -s tests/e2e/test_chaos.py tests/e2e/test_many_connectors.py

matrix: setup-tests  ## every cause of a cut under every condition, and everybody's things for everybody (`make test` runs some)
	@ROOMGATE_PAIRS=all $(VENV)/bin/pytest -n 0 -s tests/e2e/test_cut_matrix.py tests/e2e/test_invisible.py

soak: setup-tests  ## the cut for long: 100,000 random lives, then every pair with real processes (SEEDS=, HOURS=)
	@$(PY) tools/soak.py --seeds $(or $(SEEDS),100000) --first $(or $(FIRST),0) --hours $(or $(HOURS),0)

break: $(VENV)/.dev-ready  ## break each promise on purpose in a copy, and see that a test notices
	@$(PY) tools/break.py $(BREAK)

FUZZ_S ?= 60
FUZZ ?= link order gateway jsonrpc xml terminal invite checkpoint path event enrolment policy
fuzz: $(VENV)/.fuzz-ready  ## coverage-guided rubbish for each core that reads what others wrote (FUZZ_S seconds each)
	@for core in $(FUZZ); do $(PY) tools/fuzz/run.py $$core $(FUZZ_S) .fuzz || exit 1; done

$(VENV)/.fuzz-ready: requirements/fuzz.txt $(VENV)/.dev-ready
	@tools/install.sh "$(VENV)" requirements/fuzz.txt
	@touch $@

flood: $(VENV)/.dev-ready  ## 2,000 slow sockets and 200 sign-ins a second while honest users work; says their p99
	@$(PY) tools/flood.py

netns: setup-tests  ## each part in a network namespace of its own, with a firewall and a bad network between (as root)
	@$(PY) tools/netns.py

bench: $(VENV)/.dev-ready  ## what it costs, against the targets; writes docs/performance.md (BENCH="read cut", QUICK=1 to try)
	@tools/setup_bench.sh
	@$(PY) -m bench $(BENCH) $(if $(QUICK),--quick)

format: $(VENV)/.dev-ready  ## mend what can be mended by machine
	@$(VENV)/bin/ruff format src tests tools bench
	@$(VENV)/bin/ruff check --fix src tests tools bench

reference: $(VENV)/.dev-ready  ## docs/reference, written anew from the code
	@$(PY) tools/reference.py

parity: setup-tests  ## docs/xapi/parity.md, written anew by trying jsxapi, xows and our own client
	@PYTHONPATH=src:tests $(PY) -m support.parity

pictures: setup-tests  ## the pictures of the console in docs/pictures
	@$(PY) tools/pictures.py

samples: setup-tests  ## sample reports in docs/checks/samples: the 2019 double, the clean one (SAMPLES="2019 clean name=target.toml")
	@$(PY) tools/samples.py $(SAMPLES)

lock:  ## pin all packages anew (needs uv)
	@tools/lock.sh

clean:  ## away with everything that `make` made
	rm -rf $(VENV) .demo .tools src/roomgate/hub/console/built

$(VENV)/bin/python:
	@tools/make_venv.sh "$(PYTHON)" "$(VENV)"

$(VENV)/.demo-ready: requirements/demo.txt pyproject.toml $(VENV)/bin/python
	@tools/install.sh "$(VENV)" requirements/demo.txt
	@tools/setup_editor.sh
	@touch $@

# It has all of the demonstration's, with the same pins: a fresh clone need not install those first.
$(VENV)/.dev-ready: requirements/dev.txt requirements/demo.txt pyproject.toml $(VENV)/bin/python
	@tools/install.sh "$(VENV)" requirements/dev.txt
	@touch $(VENV)/.demo-ready $@

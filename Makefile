# make ready: set up and run this repository's gate.   make test: set up and run the tests.
PYTHON ?= python3
GATE ?= deploy
VENV := .venv
BIN := $(VENV)/bin

# The tests in three parts, beside each other: the one with real clients and servers waits more than it works.
PROCESSES := tests/run tests/probe tests/isolation tests/lies

.PHONY: ready test test-processes test-e2e test-rooms setup clean

ready: setup
	$(BIN)/readiness run --gate $(GATE)

test: setup
	@$(MAKE) --no-print-directory -j3 test-processes test-e2e test-rooms

test-processes: setup
	$(BIN)/python -m pytest $(PROCESSES)

test-e2e: setup
	$(BIN)/python -m pytest tests/e2e

test-rooms: setup
	$(BIN)/python -m pytest tests --ignore tests/e2e $(PROCESSES:%=--ignore %)

setup: $(VENV)/.complete

$(VENV)/.complete: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "readiness needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,model,relay,agent,telemetry,e2e]'
	@touch $@

clean:
	rm -rf $(VENV) .readiness PROJECT_READY.md

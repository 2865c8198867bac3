# make ready: set up and run this repository's gate.   make test: set up and run the tests.
PYTHON ?= python3
GATE ?= deploy
VENV := .venv
BIN := $(VENV)/bin

# Two cores are enough for two halves of the tests at once: what starts processes and pytest runs, and the rest.
PROCESSES := tests/run tests/probe tests/isolation tests/lies

.PHONY: ready test test-processes test-rooms setup clean

ready: setup
	$(BIN)/readiness run --gate $(GATE)

test: setup
	@$(MAKE) --no-print-directory -j2 test-processes test-rooms

test-processes: setup
	$(BIN)/python -m pytest $(PROCESSES)

test-rooms: setup
	$(BIN)/python -m pytest tests $(PROCESSES:%=--ignore %)

setup: $(VENV)/.complete

$(VENV)/.complete: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "readiness needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,model,relay,agent,telemetry,e2e]'
	@touch $@

clean:
	rm -rf $(VENV) .readiness PROJECT_READY.md

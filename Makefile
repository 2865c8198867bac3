# make ready: set up and run this repository's gate.   make test: set up and run the tests.
PYTHON ?= python3
GATE ?= deploy
VENV := .venv
BIN := $(VENV)/bin

# The tests in three parts, beside each other: the one with real clients and servers waits more than it works.
PARTS := test-processes test-e2e test-rooms
PROCESSES := tests/run tests/probe tests/isolation tests/lies

.PHONY: ready test $(PARTS) setup clean

ready: setup
	$(BIN)/readiness run --gate $(GATE)

# All parts run to their ends; what failed in any of them is told once more as the last thing.
test: setup
	@rm -f $(PARTS:%=$(VENV)/%.log)
	@$(MAKE) --no-print-directory --keep-going -j3 $(PARTS) || { \
	  echo "make test: FAILED" >&2; grep -hE '^(FAILED|ERROR) ' $(PARTS:%=$(VENV)/%.log) >&2; exit 1; }

test-processes: WHAT := $(PROCESSES)
test-e2e: WHAT := tests/e2e
test-rooms: WHAT := tests --ignore tests/e2e $(PROCESSES:%=--ignore %)

# Each part's output as one piece, when it is over.
$(PARTS): setup
	@echo "$@: pytest $(WHAT)"
	@$(BIN)/python -m pytest $(WHAT) > $(VENV)/$@.log 2>&1; code=$$?; cat $(VENV)/$@.log; exit $$code

setup: $(VENV)/.complete

$(VENV)/.complete: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "readiness needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,model,relay,agent,telemetry,e2e]'
	@# Where PYTHONDONTWRITEBYTECODE is set, as in many containers, every start would compile all of it again.
	$(BIN)/python -m compileall -q src
	@touch $@

clean:
	rm -rf $(VENV) .readiness PROJECT_READY.md FINDINGS.md

# make ready: set up and run this repository's gate.   make test: set up and run the tests.
PYTHON ?= python3
GATE ?= deploy
VENV := .venv
BIN := $(VENV)/bin

.PHONY: ready test setup clean

ready: setup
	$(BIN)/readiness run --gate $(GATE)

test: setup
	$(BIN)/python -m pytest tests

setup: $(VENV)/.complete

$(VENV)/.complete: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "readiness needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,model,relay,agent,e2e]'
	@touch $@

clean:
	rm -rf $(VENV) .readiness PROJECT_READY.md

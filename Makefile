# make rehearse: a whole firmware update of a virtual server; needs Python 3.11 or newer and nothing else.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
REHEARSE ?=
PYTEST ?=
FUZZ ?=
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.PHONY: help rehearse test check lint types bench fuzz docs wheel constraints clean

help:
	@echo "make rehearse   update a virtual server, BMC then BIOS (REHEARSE='--board r740' for another)"
	@echo "make test       the tests (PYTEST='-k journal' for some of them)"
	@echo "make check      lint, types and tests: what CI runs"
	@echo "make bench      the benchmarks"
	@echo "make fuzz       a million inputs into the virtual BMC (FUZZ='--inputs 20000' for fewer)"
	@echo "make docs       rewrite the generated parts of the documentation"
	@echo "make wheel      build dist/*.whl"
	@echo "make clean      remove the virtual environment and every cache"

$(BIN)/python:
	@PYTHON='$(PYTHON)' tools/make-venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.test-tools: tools/ensure-test-tools $(BIN)/python
	@tools/ensure-test-tools && touch $@

rehearse: $(VENV)/.installed
	@$(BIN)/fwsim rehearse $(REHEARSE)

# Real clients (ipmitool, FreeIPMI, OpenSSH) are tested where they are installed; FWSIM_REQUIRE_ALL=1 makes their absence fail.
test: $(VENV)/.installed-dev $(VENV)/.test-tools
	$(BIN)/python -m pytest -n 4 --dist loadgroup $(PYTEST)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

check: lint types test

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.bench_startup
	$(BIN)/python -m benchmarks.bench_rehearsal
	$(BIN)/python -m benchmarks.bench_bmc
	$(BIN)/python -m benchmarks.bench_virtual --pairs

# Guided by coverage where atheris has a wheel for this machine, by our own mutations elsewhere.
fuzz: $(VENV)/.installed-dev
	@$(PIP) -c constraints.txt -e '.[fuzz]' || echo "atheris cannot be installed here"
	$(BIN)/python -m tests.fuzz $(FUZZ)

docs: $(VENV)/.installed
	$(BIN)/python tools/make_docs.py

wheel: $(VENV)/.installed-dev
	$(BIN)/hatchling build -t wheel

# Versions that are known to work together. Only names and versions: where packages come from is the machine's own affair.
constraints: $(VENV)/.installed-dev
	$(PIP) pip-tools
	$(BIN)/pip-compile --quiet --all-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras --no-header --no-annotate \
		--output-file constraints.txt pyproject.toml

clean:
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

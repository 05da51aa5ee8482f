# Two commands on a fresh machine with Python 3.11 or newer: make demo, make test.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-for-pyproject

# The first Python that is new enough and can make a virtual environment.
PYTHON = $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Where the tests find the YAML language server.
export DICOMFERRY_YAML_LS := $(CURDIR)/.node/node_modules/yaml-language-server/bin/yaml-language-server

# In continuous integration a test that is skipped is a test that failed.
ifeq ($(CI),true)
export DICOMFERRY_NO_SKIPS := 1
endif

.PHONY: help venv demo test lint pytest wheel-test schemas rooms java-agreement system language-server bench clean

help:
	@echo 'make demo        build a small legacy archive and rehearse its way into XNAT'
	@echo 'make test        install what the tests need and run every gate'
	@echo 'make lint        ruff, mypy, import-linter, deptry'
	@echo 'make pytest      every test, against the checkout'
	@echo 'make wheel-test  install the built wheel away from the checkout and run tests/packaging'
	@echo 'make schemas     write schemas/ from the built-in components'
	@echo 'make rooms       draw docs/rooms.svg from the import graph'
	@echo 'make system      install dcmtk, Orthanc and a C compiler, or say how'
	@echo 'make language-server  install the YAML language server, to test the schemas in'
	@echo 'make bench       measure dicomferry beside the native tools, in under 20 minutes'
	@echo 'make clean       remove what the other targets made'

venv: $(STAMP)

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { \
	  echo 'error: no Python 3.11 or newer with the venv module was found' >&2; \
	  echo 'hint: on Debian or Ubuntu: sudo apt-get install python3 python3-venv' >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

demo: $(STAMP)
	@rm -rf demo
	@$(BIN)/python tests/support/legacy_archive.py demo/legacy
	@echo 'One file of this archive is cut short: it is held back, and the exit code is 1.'
	@echo '$$ dicomferry rehearse recipes/quickstart.yaml --set archive=$$PWD/demo/legacy'
	@$(BIN)/dicomferry rehearse recipes/quickstart.yaml --set 'archive=$(CURDIR)/demo/legacy' \
	  || [ $$? -eq 1 ]

test: system language-server lint pytest wheel-test

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=tests/site_plugin $(BIN)/mypy -p seaside_hospital
	$(BIN)/lint-imports
	$(BIN)/deptry .

pytest: $(STAMP)
	$(BIN)/pytest -n 3 --dist worksteal

wheel-test: $(STAMP)
	bash .ci/wheel-test $(BIN)/python

java-agreement: $(STAMP)
	$(BIN)/python tests/support/ask_java.py

rooms: $(STAMP)
	$(BIN)/python docs/rooms.py

schemas: $(STAMP)
	$(BIN)/dicomferry schema --write schemas

system:
	@bash .ci/system

language-server:
	@bash .ci/language-server .node

bench: $(STAMP) system
	$(BIN)/python -m benchmarks $(BENCH)

clean:
	rm -rf $(VENV) .node demo dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

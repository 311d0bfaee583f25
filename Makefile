# Everything here needs Python >= 3.10 with pip and venv, and reaches PyPI only.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= auto
SOURCES := pyproject.toml $(shell find conda_multiplat hooks -name '*.py')

.PHONY: demo test lint wheel bench clean

# Lock a small project for three platforms and install it for this machine.
demo: $(VENV)/.wheel
	$(BIN)/python tests/demo.py

# All tests, against the built wheel: the sources are not importable from here.
test: $(VENV)/.wheel
	CONDA_MULTIPLAT_TEST_WHEEL=1 $(BIN)/pytest -n $(JOBS) $(ARGS)

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.wheel
	$(BIN)/python -m benchmarks $(ARGS)

wheel: $(VENV)/.wheel

$(VENV)/.base:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

$(VENV)/.deps: $(VENV)/.base pyproject.toml
	$(BIN)/python -m pip install --quiet ".[test]"
	touch $@

$(VENV)/.lint: $(VENV)/.deps
	$(BIN)/python -m pip install --quiet ".[test,lint]"
	touch $@

$(VENV)/.wheel: $(VENV)/.deps $(SOURCES)
	rm -rf build/wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir build/wheel .
	$(BIN)/python -m pip install --quiet --no-deps --force-reinstall build/wheel/*.whl
	touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache

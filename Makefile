# Everything here needs Python >= 3.10 with pip and venv, and reaches PyPI only.
PYTHON ?= python3
# The sources, to work on: `develop` and `lint`. All else is about the built wheel, which is kept apart
# from them in $(WHEEL): in one environment whatever came last would be tested.
VENV ?= .venv
WHEEL := $(VENV)-wheel
BIN := $(WHEEL)/bin
# One more than there are processors: tests wait for servers and terminals, too.
PROCESSORS := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null)
JOBS ?= $(if $(PROCESSORS),$(shell expr $(PROCESSORS) + 1),auto)
# Each process takes tests from another when it has none left: long ones would wait in a row.
PARALLEL = -n $(JOBS) --dist worksteal
# What `make test` leaves to `make test-slow`; `make test ARGS=…` runs what it names.
SLOW := slow or faults
# How many times as many faults `make faults` tries.
FAULTS ?= 10
SOURCES := pyproject.toml $(shell find conda_multiplat hooks -name '*.py')

# The versions of py-rattler for `test-rattlers`: the oldest that we run on, since `make test` has the
# newest. Each of them by hand: make test-rattlers RATTLERS="0.26 0.27 0.28"
RATTLERS ?= 0.26
# What depends on it: lock, install, check, CUDA, PyPI, conflicts, why, outdated, licences, and a lock's bytes.
# conda's door makes no difference to rattler, but to whom a prefix belongs, it does.
CORE := tests/engines tests/solving/test_solve.py $(addprefix tests/cli/commands/test_,\
  lock.py install.py check_command.py cuda.py pypi.py why.py outdated.py image.py licenses.py)
CORE_TESTS := not embedded or test_install.py

# Real condas for `test-condas`, as paths of their executables; our wheel is installed beside them.
CONDAS ?=
CONDA_TESTS := tests/in_conda tests/test_plugin.py $(CORE)
empty :=
COLONS := $(subst $(empty) $(empty),:,$(strip $(CONDAS)))

.PHONY: demo develop test test-slow coverage faults test-rattlers test-condas lint lint-workflows wheel dist publish \
  release-notes docs screens bench clean

# Lock a small project for three platforms and install it for this machine.
demo: $(WHEEL)/.wheel
	$(BIN)/python tests/demo.py

# Against the built wheel: the sources are not importable from here.
test: $(WHEEL)/.wheel
	CONDA_MULTIPLAT_TEST_WHEEL=1 $(BIN)/pytest $(PARALLEL) $(or $(ARGS),-m "not ($(SLOW))")

# The others: each takes longer than a second, or puts other programs to work.
test-slow: $(WHEEL)/.wheel
	CONDA_MULTIPLAT_TEST_WHEEL=1 $(BIN)/pytest $(PARALLEL) -m "$(SLOW)" $(ARGS)

# All of them, with a list of the branches that they do not take: it takes about twice as long.
coverage: $(WHEEL)/.wheel
	$(BIN)/python -m pip install --quiet "coverage>=7.12"
	rm -rf build/coverage && mkdir -p build/coverage
	CONDA_MULTIPLAT_TEST_WHEEL=1 CONDA_MULTIPLAT_TEST_COVERAGE="$(CURDIR)/build/coverage" \
	  $(BIN)/pytest $(PARALLEL) -m "not timed" $(ARGS)
	PYTHONPATH=tests $(BIN)/python -m support.measured build/coverage
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# The faults among them, ten times as many as each run of all tests has; at random, a seed apart:
# make faults CONDA_MULTIPLAT_SEED=7
faults: $(WHEEL)/.wheel
	CONDA_MULTIPLAT_TEST_WHEEL=1 CONDA_MULTIPLAT_FAULTS=$(FAULTS) $(BIN)/pytest $(PARALLEL) -m faults $(ARGS)

# The core of them on other versions of py-rattler, each in an environment of its own.
test-rattlers: $(RATTLERS:%=$(VENV)-rattler/%/.tested)

# What a real conda makes of us: its commands with our hooks, and ours through it.
test-condas: $(WHEEL)/.wheel
	$(if $(strip $(CONDAS)),,$(error say which: make test-condas CONDAS="/opt/conda/bin/conda …"))
	for conda in $(CONDAS); do \
	  python="$$(dirname "$$conda")/python"; \
	  "$$python" -m pip install --quiet build/wheel/*.whl && \
	    "$$python" -m pip install --quiet --no-deps --force-reinstall build/wheel/*.whl || exit; \
	done
	CONDA_MULTIPLAT_TEST_WHEEL=1 CONDA_MULTIPLAT_TEST_CONDAS="$(COLONS)" $(BIN)/pytest $(PARALLEL) \
	  -k "not embedded and not standalone" $(ARGS) $(CONDA_TESTS)

# What `.venv/bin/pytest` and editors need: the sources as they are, and all tools.
develop: $(VENV)/.develop

lint: $(VENV)/.develop
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# What GitHub runs, checked without it: by zizmor, and by actionlint where it is installed.
lint-workflows: $(WHEEL)/.base
	$(BIN)/python -m pip install --quiet zizmor
	$(BIN)/zizmor --offline --quiet .github
	if command -v actionlint >/dev/null; then actionlint; fi

# The wheel and the source archive of a release, built once.
dist: $(WHEEL)/.base
	rm -rf dist
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build --outdir dist .

# From GitHub's release workflow: the index trusts that, and there is no token.
publish: $(WHEEL)/.deps
	$(BIN)/uv publish --trusted-publishing always dist/*

# The documentation as a site, in build/docs; a broken link or anything else odd is an error.
docs: $(WHEEL)/.wheel
	$(BIN)/python -m pip install --quiet ".[docs]"
	$(BIN)/sphinx-build -W --keep-going --quiet -b html docs build/docs

# The pictures of terminals, from what the commands print.
screens: $(WHEEL)/.wheel
	PYTHONPATH=tests $(BIN)/python scripts/screens.py

release-notes:
	@$(PYTHON) scripts/release_notes.py $(VERSION)

bench: $(WHEEL)/.wheel
	$(BIN)/python -m benchmarks $(ARGS)

wheel: $(WHEEL)/.wheel

$(WHEEL)/.base:
	$(PYTHON) -m venv $(WHEEL)
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

$(WHEEL)/.deps: $(WHEEL)/.base pyproject.toml
	$(BIN)/python -m pip install --quiet ".[test]"
	touch $@

$(VENV)/.develop: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --editable ".[test,lint]"
	touch $@

$(WHEEL)/.wheel: $(WHEEL)/.deps $(SOURCES)
	rm -rf build/wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir build/wheel .
	$(BIN)/python -m pip install --quiet --no-deps --force-reinstall build/wheel/*.whl
	touch $@

$(VENV)-rattler/%/.wheel: $(WHEEL)/.wheel
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet "py-rattler==$*.*" "$$(echo build/wheel/*.whl)[test]"
	$(@D)/bin/python -m pip install --quiet --no-deps --force-reinstall build/wheel/*.whl
	touch $@

# Never made: it is to be tested each time.
$(VENV)-rattler/%/.tested: $(VENV)-rattler/%/.wheel
	CONDA_MULTIPLAT_TEST_WHEEL=1 $(@D)/bin/pytest $(PARALLEL) -k "$(CORE_TESTS)" $(ARGS) $(CORE)

.PRECIOUS: $(VENV)-rattler/%/.wheel

clean:
	rm -rf $(VENV) $(WHEEL) $(VENV)-rattler build dist .mypy_cache .pytest_cache .ruff_cache

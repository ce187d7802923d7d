# `make demo` and `make test` do everything on a fresh machine; `make check` is what every commit passes.
# `make heavy` runs the tests that take minutes; `make oracles` fetches others' readers and measures, for the tests that ask them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest
# The CPU build of torch serves the tests; where a package index offers only CUDA builds, those work too.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo check lint types test heavy oracles format clean

demo: $(VENV)/.runtime
	$(BIN)/polyplive demo

check: lint types
	$(MAKE) test

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy -p polyplive
	$(BIN)/mypy export engines assets

# Two processes; each file of tests runs in one of them. For one file, plain pytest is quicker.
test: $(VENV)/.dev
	$(PYTEST) -n 2 --dist loadfile

heavy: $(VENV)/.dev
	$(PYTEST) -m heavy

# They pin other builds of OpenCV than ours, and than each other, and so live in Pythons of their own.
oracles:
	$(PYTHON) -m venv $(VENV)-oracles
	$(VENV)-oracles/bin/pip install -q trackeval datumaro
	$(PYTHON) -m venv $(VENV)-quantus
	$(VENV)-quantus/bin/pip install -q quantus

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install -q -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install -q -e '.[train,dev]'
	@touch $@ $(VENV)/.runtime

clean:
	rm -rf $(VENV) $(VENV)-oracles $(VENV)-quantus build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

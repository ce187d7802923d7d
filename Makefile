# `make demo` and `make test` do everything on a fresh machine; `make check` is what every commit passes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two processes; each file of tests runs in one of them. For one file, plain pytest is quicker.
TESTS := QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n 2 --dist loadfile
# The CPU build of torch serves the tests; where a package index offers only CUDA builds, those work too.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check format lint types clean

demo: $(VENV)/.runtime
	$(BIN)/polyplive demo

test: $(VENV)/.dev
	$(TESTS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p polyplive
	$(BIN)/mypy export engines assets
	$(TESTS)

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
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

# On a machine with only Python 3.11, pip, make and git: `make demo` shows a scan, `make test` checks everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Two checks at a time: the tests leave a core to the types.
MAKEFLAGS += --jobs=2

.PHONY: demo test lint types unit pack docs-check docs golden bench clean

demo: $(READY)
	$(BIN)/dms-lint scan examples/account --exit-zero

test: lint types unit pack docs-check

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/python -m pytest -n 3 --dist worksteal -q

pack: $(READY)
	$(BIN)/dms-lint check-pack rules

docs-check: $(READY)
	$(BIN)/python tools/docs.py --check

# Writes what is generated: what facts ask for, docs/, the read-only role, the help texts in README.md.
docs: $(READY)
	$(BIN)/python -m tools.needs
	$(BIN)/python tools/docs.py

# Writes the expected reports of the whole accounts in tests/accounts; read the difference before committing it.
golden: $(READY)
	$(BIN)/python tools/golden.py

bench: $(READY)
	$(BIN)/python benchmarks/run.py

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

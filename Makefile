# On a machine with only Python 3.11, pip, make and git: `make demo` shows a scan, `make test` checks everything.

PYTHON ?= python3
VENV := .venv
DEMO := .venv-demo
BIN := $(VENV)/bin

# The stamp of a whole environment names the Python that made it: for another Python it is made anew.
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)
READY := $(VENV)/.ready-$(VERSION)
DEMO_READY := $(DEMO)/.ready-$(VERSION)

# What `make quick` tests: the facts, the expected reports, and who imports whom.
# Without test_reads.py, which runs all cases again to watch the facts: that is for `make test`.
FACT_TESTS := tests/facts --ignore tests/facts/test_reads.py
GOLDEN_TESTS := tests/whole_accounts/test_golden.py
LAYER_TESTS := tests/laws/test_layers.py

# Two checks at a time: the tests leave a core to the types.
MAKEFLAGS += --jobs=2

# $(call timed,COMMAND) runs a part, and says how long it took, whether or not it failed; a line of its own among dots.
timed = @echo '$1'; start=$$(date +%s); ($1); code=$$?; printf '\n$@: %d s\n' $$(($$(date +%s) - start)); exit $$code

.PHONY: demo test quick lint types unit quick-unit pack docs-check docs golden bench clean

demo: $(DEMO_READY)
	$(DEMO)/bin/dms-lint scan examples/account --exit-zero

test: lint types unit pack docs-check

# For after every edit: under 40 seconds on two cores.
quick: lint quick-unit pack

lint: $(READY)
	$(call timed,$(BIN)/ruff check . && $(BIN)/ruff format --check .)

types: $(READY)
	$(call timed,$(BIN)/mypy)

unit: $(READY)
	$(call timed,$(BIN)/python -m pytest -n 3 --dist worksteal -q)

quick-unit: $(READY)
	$(call timed,$(BIN)/python -m pytest -n 2 --dist worksteal -q --hypothesis-profile=quick $(FACT_TESTS) $(GOLDEN_TESTS) $(LAYER_TESTS))

pack: $(READY)
	$(call timed,$(BIN)/dms-lint check-pack rules)

docs-check: $(READY)
	$(call timed,$(BIN)/python tools/docs.py --check)

# Writes what is generated: what facts ask for, docs/, the read-only role, the help texts in README.md.
docs: $(READY)
	$(BIN)/python -m tools.reads
	$(BIN)/python tools/docs.py

# Writes the expected reports of the whole accounts in tests/accounts; read the difference before committing it.
golden: $(READY)
	$(BIN)/python tools/golden.py

bench: $(READY)
	$(BIN)/python benchmarks/run.py

# What keeps PYTHON from making an environment, in one line and before anything is changed.
TOO_OLD := 2.% 3.0.% 3.1.% 3.2.% 3.3.% 3.4.% 3.5.% 3.6.% 3.7.% 3.8.% 3.9.% 3.10.%
GOALS = $(or $(MAKECMDGOALS),demo)
FOUND = $(PYTHON) is Python $(VERSION) ($(shell command -v $(PYTHON) 2>/dev/null))
NEEDED = dms-lint needs Python 3.11 or later: run `make $(GOALS) PYTHON=python3.12`
VENV_NEEDED = install it (on Debian and Ubuntu: apt install python$(basename $(VERSION))-venv) and run `make $(GOALS)` again
define check
$(if $(VERSION),,$(error $(PYTHON) runs no Python; $(NEEDED)))
$(if $(filter $(TOO_OLD),$(VERSION)),$(error $(FOUND); $(NEEDED)))
$(if $(shell $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || echo missing),$(error $(FOUND) without venv; $(VENV_NEEDED)))
endef

$(READY): PACKAGES := .[dev]
$(DEMO_READY): PACKAGES := .

$(READY) $(DEMO_READY): %/.ready-$(VERSION): %/bin/python pyproject.toml
	$(check)
	rm -f $*/.ready*
	$(PYTHON) -m venv --clear $*
	$*/bin/python -m pip install --quiet --disable-pip-version-check --editable '$(PACKAGES)'
	touch $@

# Where the Python that an environment links to has gone, this is not there, and the environment is made anew.
$(VENV)/bin/python $(DEMO)/bin/python:

clean:
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

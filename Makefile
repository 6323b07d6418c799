# One command per job. Each makes .venv where it is missing, and installs what it needs, not more.
PYTHON ?= python3
BIN := .venv/bin
RUNS := .venv/.runs
TESTS := .venv/.tests
RIVALS := .venv-bench/.ready
JUDGES := .venv-conform/.ready
# In two processes; not by file, for then ids would count, and schemathesis repeats them.
WHOLE := -n 2 --dist worksteal
# Bytecode is kept, whatever the shell says: the suite starts many a Python.
export PYTHONDONTWRITEBYTECODE :=
INSTALL := $(BIN)/pip install -q --disable-pip-version-check -e

.PHONY: run test check format bench instructions wire conform fuzz soak leaves mutants foreign clean

run: $(RUNS) ## serve the example API on http://127.0.0.1:8000
	$(BIN)/redirflow run examples/accounts.py

test: $(TESTS) ## run the whole suite with branch coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(or $(ARGS),$(WHOLE))
	$(BIN)/coverage combine -q
	$(BIN)/coverage report $(if $(ARGS),--fail-under=0)

check: $(TESTS) ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright

format: $(TESTS) ## mend what a machine can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(RIVALS) ## a short form of all benchmarks: results and plots in benchmarks/results
	.venv-bench/bin/python -m benchmarks --short

instructions: $(RIVALS) ## instructions a request against the recorded ones (needs valgrind)
	.venv-bench/bin/python -m benchmarks.instructions --check

wire: $(TESTS) ## the battery of bytes over every server
	$(BIN)/pip install -q "hypercorn[trio]" granian gunicorn uvicorn-worker
	WIRE=all $(BIN)/python -m pytest tests/wire -q

conform: $(JUDGES) ## others judge: make conform EXAMPLES=100 PARTS="httplint redbot notes"
	.venv-conform/bin/python tests/conform/conform.py --cases $(or $(EXAMPLES),1000) $(PARTS)

fuzz: $(TESTS) ## inputs that break a parser: make fuzz SECONDS=600 TARGETS="location media"
	$(BIN)/python tests/fuzz/fuzz.py --seconds $(or $(SECONDS),60) $(TARGETS)
	$(BIN)/python tests/fuzz/fuzz.py --linear

soak: $(TESTS) ## half an hour of load, abuse and signals; SECONDS=60 for the short form
	$(BIN)/python tests/soak/soak.py --seconds $(or $(SECONDS),1800)

leaves: $(TESTS) ## 10 000 clients that leave in each place where it hurts, and nothing left over
	$(BIN)/python tests/soak/soak.py --leaves $(or $(LEAVES),10000)

mutants: $(TESTS) ## small changes of the code that no test notices: make mutants TARGETS=http/cookies
	$(BIN)/python tests/fuzz/mutants.py --jobs 2 $(TARGETS)

foreign: $(TESTS) ## hold the examples' documents against others' tools; npm and pip fetch them
	sh tests/foreign/run.sh $(or $(WORK),/tmp/redirflow-foreign)

clean: ## remove what the other targets made
	rm -rf .venv .venv-bench .venv-conform .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(BIN)/pip:
	$(PYTHON) -m venv .venv

$(RUNS): pyproject.toml | $(BIN)/pip
	$(INSTALL) ".[forms,fast]"
	touch $@

# The tests' set holds that of running, so it stamps both.
$(TESTS): pyproject.toml | $(BIN)/pip
	$(INSTALL) ".[test]"
	touch $(RUNS) $@

# Other frameworks bring plugins and versions of their own: they stay out of .venv.
$(RIVALS): pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install -q --disable-pip-version-check -e . -r benchmarks/requirements.txt
	touch $@

# Those who judge what leaves: not the suite's, and pinned, for each release has new opinions.
$(JUDGES): pyproject.toml tests/conform/requirements.txt
	$(PYTHON) -m venv .venv-conform
	.venv-conform/bin/pip install -q --disable-pip-version-check -e ".[examples,fast]" \
		-r tests/conform/requirements.txt
	touch $@

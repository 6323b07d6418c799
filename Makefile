# One command per job. Each sets up its own .venv when it is missing.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: run test check format bench clean

run: $(READY) ## serve the example API on http://127.0.0.1:8000
	$(BIN)/redirflow run examples/accounts.py

test: $(READY) ## run the whole suite with branch coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

check: $(READY) ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright

format: $(READY) ## mend what a machine can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(READY) ## in-process cost against hand-written ASGI and peers
	$(BIN)/pip install -q -r benchmarks/requirements.txt
	$(BIN)/python benchmarks/inprocess.py

clean: ## remove what the other targets made
	rm -rf .venv .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check -e ".[forms,fast,test]"
	touch $@

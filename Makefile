# `make` alone says what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test soak mutate bench lint train format lock packages

BIN := .venv/bin
CHECKED := assistant handlers intents tests
# More arguments for pytest: make test ARGS="-k erasure -x"
ARGS ?=
# The soak runs what measures time by itself, after the rest; a choice of ARGS may leave nothing for one of the two (5).
# Words of the names of safeguards: make mutate ONLY=hold
ONLY ?=
export FULL
# Every test that starts a desk would compile all of it again. Empty means: keep what was compiled.
export PYTHONDONTWRITEBYTECODE :=

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: .venv/.runtime ## run the whole desk on sample data, on 127.0.0.1
	$(BIN)/assistant demo

test: .venv/.dev packages ## run the tests (all but soak and benchmarks)
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder tests --ignore=tests/soak --ignore=tests/benchmarks $(ARGS)

soak: .venv/.dev packages ## run the long tests; FULL=1 runs all of them
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not quiet" tests/soak $(ARGS) || [ $$? -eq 5 ]
	$(BIN)/python -m pytest -m quiet tests/soak $(ARGS) || [ $$? -eq 5 ]

mutate: .venv/.dev packages ## take each safeguard of the threat model out and see which tests notice; ONLY="hold code" chooses
	$(BIN)/python -m tests.mutate $(ONLY)

bench: .venv/.dev packages ## measure against the budgets, as ratios within one run
	$(BIN)/python -m tests.benchmarks

lint: .venv/.dev ## check style, types, import layers, spelling and that every text exists
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(CHECKED)
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	$(BIN)/python -m pytest -q tests/meta/test_texts_exist.py

train: .venv/.runtime ## train the reader on intents/examples
	$(BIN)/assistant train

format: .venv/.dev ## lay the code out as `make lint` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.runtime ## lock the requirements again after a change to requirements/*.in; UPGRADE=1 takes newer releases
	UPGRADE=$(UPGRADE) sh scripts/lock-requirements

# What the targets above need. A stamp is as old as the locked file that it installed.

.venv/.runtime: requirements/runtime.txt scripts/make-venv
	sh scripts/make-venv runtime

.venv/.dev: requirements/dev.txt scripts/make-venv
	sh scripts/make-venv dev

packages:
	@sh scripts/install-test-packages

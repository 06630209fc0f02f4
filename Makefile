# The commands of the project. `make up` runs everything on this machine, `make test` checks everything.
.DEFAULT_GOAL := help
SHELL := /bin/sh
# Another project's interpreter settings must not reach ours.
unexport PYTHONPATH PYTHONHOME PYTHONWARNINGS VIRTUAL_ENV

prepare := @sh scripts/python.sh scripts/prepare.py
bin := .venv/bin
stack = $(or $(STACK),$(error name the stack, for example STACK=dev))
pytest := $(bin)/pytest --durations=10 --durations-min=0.5

.PHONY: help up test check static shape setup lock fmt unit contract wire infra e2e console web deploy destroy bench soak tool voice-report clean

help: ## show this list
	@grep -E '^[a-z0-9 -]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9 -]+):.*## (.*)/  \1	\2/' | expand -t 27

up: ## set up what is missing and start everything on this machine
	$(prepare) python web
	@exec $(bin)/python -m localcloud

test: ## set up what is missing and check everything: static checks, console tests, Python tests
	$(prepare) python web browser
	@$(MAKE) --no-print-directory static
	cd webapp && npm test
	$(pytest)

check: ## static checks alone: format, lint, types, import rules, shape, console
	$(prepare) python web
	@$(MAKE) --no-print-directory static shape

static:
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports --no-logo
	cd webapp && npm run check

shape:
	$(bin)/pytest -q tests/unit/test_shape.py tests/unit/test_repository.py

setup: ## set up what is missing, start nothing
	$(prepare) python web

lock: ## resolve requirements/*.lock anew from pyproject.toml (make lock UPGRADE=1 takes newer releases)
	$(prepare) lock $(if $(UPGRADE),--upgrade)

fmt: ## format and mend what can be mended
	$(prepare) python web
	$(bin)/ruff check --fix-only -q .
	$(bin)/ruff format .
	cd webapp && npm run format

unit contract wire infra: ## one layer of Python tests
	$(prepare) python web
	$(pytest) tests/$@

e2e: ## a person's path, in Chromium
	$(prepare) python web browser
	$(pytest) tests/e2e

console: ## console tests
	$(prepare) web
	cd webapp && npm test

web: ## the console with reloading, against `make up` or the deployment named in webapp/.env.local
	$(prepare) web
	cd webapp && npm run dev

deploy: ## deploy to AWS: make deploy STACK=dev (YES=1 does not ask, SAMPLE=1 loads sample customers)
	$(prepare) python web
	@$(bin)/python -m scripts.deploy up $(stack) $(if $(YES),--yes) $(if $(SAMPLE),--sample-customers)

destroy: ## take a deployment away: make destroy STACK=dev
	$(prepare) python
	@$(bin)/python -m scripts.deploy destroy $(stack) $(if $(YES),--yes)

soak: ## thousands of scripted calls against the Sonic emulator (make soak STREAMS=5000)
	$(prepare) python
	$(bin)/python -m tests.soak --streams $(or $(STREAMS),2000)

tool: ## write a new tool and its test: make tool NAME=storeNews
	@sh scripts/python.sh scripts/tool.py '$(NAME)'

voice-report: ## measure hearing and speaking of the local emulator (four minutes), write docs/voice-report.md
	$(prepare) python
	$(bin)/python -m localcloud.voice_report

bench: ## whether one caller's hanging tool is heard by twenty others
	$(prepare) python
	$(bin)/python -m tests.bench.slow_tool

clean: ## remove everything that was made here
	rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf webapp/node_modules webapp/dist tests/wire/node/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

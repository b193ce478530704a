# Everything a developer or a first-time user needs. `make help` lists it.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.DEFAULT_GOAL := help
.PHONY: help run test install bench bench-claims train-tagger clean lint schemas kafka kafka-stop

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(INSTALLED)  ## install, run the main job on the bundled examples (no network needed), show who said what
	@rm -rf out/state out/records
	@$(BIN)/claimwire run --source examples/feeds.opml --source examples/articles --source examples/wire.jsonl \
		--sink jsonl:out/records --state out/state; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 3 ] || exit $$code
	@$(BIN)/claimwire show out/records

test: $(INSTALLED) lint  ## every test, ruff, mypy --strict, and that the published schemas and docs match the code
	$(BIN)/python -m pytest -n 2 $(ARGS)

lint: $(INSTALLED)  ## ruff, mypy --strict, published schemas and configuration reference against the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m claimwire.schemas --check schemas/json
	$(BIN)/python -m claimwire.pipelines.cli.reference --check docs/configuration.md

install: $(INSTALLED)  ## make .venv and install claimwire into it, editable, with what the tests need

$(INSTALLED): setup.py pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "claimwire needs Python 3.11 to 3.13: make PYTHON=/path/to/python"; exit 1; }
	@echo "Installing claimwire into $(VENV): a minute or two, once."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

schemas: $(INSTALLED)  ## write the published JSON Schemas and the configuration reference anew from the code
	$(BIN)/python -m claimwire.schemas schemas/json
	$(BIN)/python -m claimwire.pipelines.cli.reference docs/configuration.md

bench: $(INSTALLED)  ## every benchmark; DATA=folder adds those on real data
	$(BIN)/python benchmarks/run_all.py $(if $(DATA),--data $(DATA))

bench-claims: $(INSTALLED)  ## claims, speakers and names beside the best known systems; DATA=folder with attribution/ and entities/
	@missed=0; $(BIN)/python benchmarks/claims.py --data $(DATA) $(if $(RULE),--rule $(RULE)) || missed=1; \
	for each in speakers entities; do $(BIN)/python benchmarks/$$each.py --data $(DATA) || missed=1; done; exit $$missed

train-tagger: $(INSTALLED)  ## train the tagger's weights anew; DATA=folder; an hour or two on one core
	$(BIN)/python -m pip install --quiet --editable '.[train]'
	$(BIN)/python -m training --data $(DATA) --work out/training \
		--out pipelines/extract/tagger/weights $(ARGS)
	$(BIN)/python -m training.calibrate --data $(DATA)

kafka:  ## start a real Apache Kafka on a free port of this machine, and print its address (Java 17 and Maven)
	@deploy/kafka/kafka.sh start

kafka-stop:  ## stop the broker that make kafka started, and remove its data
	@deploy/kafka/kafka.sh stop

clean:  ## remove what the other targets made
	rm -rf $(VENV) .kafka out build dist .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

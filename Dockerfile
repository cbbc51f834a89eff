# The image: `make image`. Where the rest goes from here: docs/deployment.md.
ARG RUST_VERSION=1.94
# Any Debian 12 will do that has glibc and libgcc: this one has no shell, debian:12-slim has.
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

FROM docker.io/library/rust:${RUST_VERSION}-slim-bookworm AS build
WORKDIR /build
# First the dependencies alone, with nothing of ours to compile: a layer that is built again only
# when Cargo.toml or Cargo.lock changes. Tests and benchmarks are not part of the build.
COPY .cargo/config.toml .cargo/
COPY Cargo.toml Cargo.lock ./
COPY migration/Cargo.toml migration/
COPY bench/Cargo.toml bench/
RUN sed -i '/^\[\[\(test\|bench\)\]\]/,/^$/d' Cargo.toml \
    && mkdir -p src migration/src bench/src/peer \
    && touch src/lib.rs migration/src/lib.rs bench/src/main.rs bench/src/peer/main.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --profile dist --locked
# For `mula --version`: there is no git here.
ARG REVISION=
ARG REVISION_DATE=
ENV MULA_COMMIT=${REVISION} MULA_COMMIT_DATE=${REVISION_DATE}
COPY build.rs ./
COPY knowledge knowledge
COPY mail mail
COPY migration/src migration/src
COPY src src
# Cargo compares times, and what was copied may be older than what stood in for it.
RUN touch src/lib.rs src/main.rs migration/src/lib.rs \
    && cargo build --profile dist --locked \
    && install --directory --mode 0700 /data

FROM ${BASE}
ARG VERSION=dev
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="mula" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.description="Mula: The Root. One GraphQL API from one binary." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# For the TLS of language models; not every base has it.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /build/target/dist/mula /usr/local/bin/mula
# The number of distroless's user `nonroot`. Only /data is ever written to.
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
# Docker kills what has not stopped 10 seconds after it was told to.
ENV HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data \
    SHUTDOWN_TIMEOUT=8s
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=12s --start-period=10s --retries=2 CMD ["mula", "health"]
ENTRYPOINT ["mula"]
CMD ["serve"]

# syntax=docker/dockerfile:1
FROM rust:1.94-slim-bookworm AS build
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked && cp target/release/mula /usr/local/bin/mula

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --no-create-home mula && install -d -o mula -g mula -m 0700 /data
# What a language model's server is known by.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/bin/mula /usr/local/bin/mula
USER mula
# Docker kills what has not stopped 10 seconds after it was told to.
ENV HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data \
    SHUTDOWN_TIMEOUT=8s
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=12s --start-period=10s CMD ["mula", "health"]
ENTRYPOINT ["mula"]
CMD ["serve"]

# The program in an image:
#
#     docker build --tag leakwright .
#     docker run --rm --volume "$PWD:/code" leakwright check .
#
# Git is there for `check --diff-base` and `notes add`.

ARG DEBIAN=trixie

FROM rust:${DEBIAN} AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY crates crates
COPY docs/rules docs/rules
COPY tests tests
COPY xtask xtask
RUN cargo build --release --locked --package leakwright

FROM debian:${DEBIAN}-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*'
COPY --from=build /source/target/release/leakwright /usr/local/bin/leakwright
WORKDIR /code
ENTRYPOINT ["leakwright"]
CMD ["--help"]

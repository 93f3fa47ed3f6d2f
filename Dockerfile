# The program in an image:
#
#     docker build --tag leakwright .
#     docker run --rm --volume "$PWD:/code" leakwright check .
#
# Git is there for `check --diff-base` and `notes add`.

ARG DEBIAN=trixie
ARG PROFILE=release

# Runs where the build runs and compiles for where the image shall run: under emulation it would take hours.
FROM --platform=$BUILDPLATFORM rust:${DEBIAN} AS build
ARG PROFILE
ARG TARGETARCH
ENV CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=x86_64-linux-gnu-gcc
RUN here="$(dpkg --print-architecture)" && there="${TARGETARCH:-$here}" \
    && case "$there" in \
        amd64) name=x86_64 gcc=gcc-x86-64-linux-gnu libc=libc6-dev-amd64-cross ;; \
        arm64) name=aarch64 gcc=gcc-aarch64-linux-gnu libc=libc6-dev-arm64-cross ;; \
        *) echo "there is no image for $there" >&2; exit 1 ;; \
    esac \
    && echo "$name-unknown-linux-gnu" > /target \
    && if [ "$there" != "$here" ]; then \
        apt-get update \
        && apt-get install --yes --no-install-recommends "$gcc" "$libc" \
        && rustup target add "$(cat /target)"; \
    fi
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY crates crates
COPY docs/rules docs/rules
COPY tests tests
COPY xtask xtask
RUN --mount=type=cache,target=/source/target \
    cargo install --locked --path crates/leakwright --profile "$PROFILE" --target "$(cat /target)" --root /built

FROM debian:${DEBIAN}-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*'
COPY --from=build /built/bin/leakwright /usr/local/bin/leakwright
WORKDIR /code
ENTRYPOINT ["leakwright"]
CMD ["--help"]

//! End-to-end tests over the built program; they are all under `tests/`.

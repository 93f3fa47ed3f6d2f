//! What the tests share. Failures panic, as tests do.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says why"
)]

mod binary;
mod folder;
mod lsp_client;
mod markdown;
mod marks;
mod python;
mod random;
mod spec;

pub use binary::{binary, leakwright, repository};
pub use folder::Folder;
pub use lsp_client::{LspClient, file_uri};
pub use markdown::{Fence, fences};
pub use marks::{Leak, found_leaks, marked_leaks};
pub use python::{Python, python};
pub use random::Random;
pub use spec::{check_fences, check_specs};

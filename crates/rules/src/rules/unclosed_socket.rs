//! # LW302 unclosed-socket
//!
//! ## What it does
//!
//! Finds sockets, socket pairs, selectors, servers, web sockets and clients of mail, file transfer and
//! remote shells that are opened and never closed.
//!
//! ## Why it leaks
//!
//! Each one holds a file descriptor, and the other side holds a connection. CPython closes most of them
//! with the last reference; a traceback or a cycle keeps them open, and selectors are part of a cycle
//! themselves.
//!
//! ## Example
//!
//! ```python
//! import socket
//!
//!
//! def probe(host):
//!     s = socket.create_connection((host, 80))  # error: [LW302]
//!     s.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
//!     return s.recv(64)
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import socket
//!
//!
//! def probe(host):
//!     with socket.create_connection((host, 80)) as s:
//!         s.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
//!         return s.recv(64)
//! ```
//!
//! ## Fix safety
//!
//! The `with` block reaches to the last use of the socket and of whatever reads from it; it closes it
//! earlier than it was, so the fix is *unsafe*.
//!
//! ## Known limits
//!
//! A file made by `socket.makefile()` keeps the descriptor open until it is closed too. A resource that
//! is returned, stored in an attribute or a container, captured by a function or given to code that
//! cannot be seen is somebody else's to release, and silent. In test code only what outlives its last
//! reference is reported.
//!
//! ## References
//!
//! - [`socket`](https://docs.python.org/3/library/socket.html#socket-objects)

use leakwright_catalogue::Family as Kind;

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::releasing;
use crate::rule::{Family, Metadata, Rule};

pub(crate) struct UnclosedSocket;

static METADATA: Metadata = Metadata {
    code: "LW302",
    name: "unclosed-socket",
    summary: "a socket, server or network client is opened and never closed",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW302,
};

impl Rule for UnclosedSocket {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let kinds = [Kind::Socket, Kind::Selector, Kind::Client, Kind::Server, Kind::Websocket];
        releasing::forgotten(&METADATA, &kinds, context, findings);
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        releasing::fixes(finding, context, sources)
    }
}

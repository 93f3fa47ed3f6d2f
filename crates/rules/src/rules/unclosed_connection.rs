//! # LW303 unclosed-connection
//!
//! ## What it does
//!
//! Finds connections, sessions, drivers and pools of databases, vector stores and message brokers that
//! are opened and never closed. `with` counts where it closes: that of `sqlite3`, `psycopg2` and
//! `pyodbc` ends a transaction and leaves the connection open.
//!
//! ## Why it leaks
//!
//! A connection holds a slot on the server, often a thread or a lock on a file. A service that opens
//! one per request and forgets it runs into the limit of the server, not its own.
//!
//! ## Example
//!
//! ```python
//! import sqlite3
//!
//!
//! def count(path):
//!     with sqlite3.connect(path) as connection:  # error: [LW303]
//!         return connection.execute("select count(*) from t").fetchone()
//! ```
//!
//! ## Use instead
//!
//! ```python
//! import sqlite3
//! from contextlib import closing
//!
//!
//! def count(path):
//!     with closing(sqlite3.connect(path)) as connection:
//!         return connection.execute("select count(*) from t").fetchone()
//! ```
//!
//! ## Fix safety
//!
//! A connection is put into `with` where that closes it, else into `with closing(…)`. Cursors and
//! results stop working where it is closed, so the fix is *unsafe*.
//!
//! ## Known limits
//!
//! Cursors are not followed: they go with their connection. A resource that is returned, stored in an
//! attribute or a container, captured by a function or given to code that cannot be seen is somebody
//! else's to release, and silent. In test code only what outlives its last reference is reported.
//!
//! ## References
//!
//! - [How to use the connection context manager](https://docs.python.org/3/library/sqlite3.html#how-to-use-the-connection-context-manager)

use leakwright_catalogue::Family as Kind;

use crate::context::Context;
use crate::finding::{Finding, LeakType, Severity};
use crate::fix::{Fix, Sources};
use crate::registry::docs;
use crate::releasing;
use crate::rule::{Family, Metadata, Rule};

pub(crate) struct UnclosedConnection;

static METADATA: Metadata = Metadata {
    code: "LW303",
    name: "unclosed-connection",
    summary: "a connection to a database, store or broker is opened and never closed",
    family: Family::Resource,
    severity: Severity::Warning,
    leak_type: LeakType::Resource,
    is_default: true,
    docs: docs::LW303,
};

impl Rule for UnclosedConnection {
    fn metadata(&self) -> &'static Metadata {
        &METADATA
    }

    fn check(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        let kinds = [Kind::Connection];
        releasing::forgotten(&METADATA, &kinds, context, findings);
    }

    fn fixes(&self, finding: &Finding, context: &Context<'_>, sources: &dyn Sources) -> Vec<Fix> {
        releasing::fixes(finding, context, sources)
    }
}

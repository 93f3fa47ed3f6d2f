//! What a leak costs, and what that number rests on.
//!
//! Bytes are lower bounds, for CPython on 64 bits: what the container itself needs for one more element,
//! and what an object of the class that is kept takes at the least. Where the code does not say what is
//! kept, there is no number.

use leakwright_analysis::growth::{Growing, GrowthForm};
use leakwright_catalogue::{ContainerKind, Family as Kind};

use crate::checklist::{Question, acquired_kind};
use crate::context::Context;
use crate::finding::{Finding, LeakType};
use crate::growing::Words;
use crate::subject::Subject;

/// What a leak costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// How much, per unit of work.
    pub amount: String,
    /// What that rests on.
    pub basis: String,
}

/// A slot of a list or deque: one reference.
pub const SLOT: u64 = 8;
/// An entry of a dict: hash, key and value.
pub const ENTRY: u64 = 24;
/// An entry of a set: hash and element.
pub const ELEMENT: u64 = 16;
/// An object with a dict for its attributes.
pub const OBJECT: u64 = 48;

/// What the leak of a finding costs.
pub fn estimate(finding: &Finding, context: &Context<'_>) -> Estimate {
    let of_resource = |kind: Option<Kind>| resource(finding, kind);
    match &finding.subject {
        Subject::Growing(growing) => container(&Words::new(context, growing), growing, finding),
        Subject::Acquired { .. } | Subject::Owned { .. } => of_resource(acquired_kind(finding, context)),
        _ => {
            let basis = match (finding.leak_type, crate::question(finding, context)) {
                (LeakType::Resource, _) => return of_resource(None),
                (LeakType::Tensor, _) => {
                    "a graph holds what each operation needs to be differentiated: as a rule the inputs of \
                     all layers, so that it is as large as a forward pass"
                }
                (LeakType::Task, Question::Threads) => {
                    "a thread has a stack of its own, of which 8 MiB are reserved on Linux, and holds what its \
                     function refers to"
                }
                (LeakType::Task, _) => {
                    "a task holds its coroutine, with the variables of all that it waits in"
                }
                (LeakType::EventHandler, _) => {
                    "a bound method or closure holds its object, and that all its attributes"
                }
                (LeakType::CircularReference, _) => {
                    "counted until the collector comes by, which it does after a number of new objects, not of \
                     bytes"
                }
                (LeakType::Cache, _) => "the code does not say how large a result and its arguments are",
                (LeakType::UnboundedCollection, _) => "the code does not say how large an element is",
            };
            Estimate { amount: finding.impact.clone(), basis: basis.to_owned() }
        }
    }
}

fn container(words: &Words<'_, '_>, growing: &Growing, finding: &Finding) -> Estimate {
    let main = &growing.growth[0];
    let (bytes, what) = match growing.container {
        ContainerKind::List | ContainerKind::Deque => (SLOT, "a slot"),
        ContainerKind::Dict | ContainerKind::DefaultDict | ContainerKind::Counter => (ENTRY, "an entry"),
        ContainerKind::Set => (ELEMENT, "an entry"),
        ContainerKind::Bytes | ContainerKind::Text | ContainerKind::Weak => {
            let basis = "the code does not say how long the text is that is added".to_owned();
            return Estimate { amount: finding.impact.clone(), basis };
        }
    };
    if !matches!(
        main.form,
        GrowthForm::AddOne | GrowthForm::AssignKey | GrowthForm::SetDefault | GrowthForm::ReadKey
    ) {
        let basis =
            format!("{bytes} bytes for {what} in the {}, on 64-bit CPython", growing.container.word());
        return Estimate {
            amount: finding.impact.clone(),
            basis: format!("{basis}; how many are added the code does not say"),
        };
    }
    let (sum, element) = match words.kept() {
        Some((name, true)) => (bytes + OBJECT, format!(" and at least {OBJECT} for the `{name}` in it")),
        Some((name, false)) => (bytes, format!("; how large the `{name}` in it is, the code does not say")),
        None => (bytes, "; how large an element is, the code does not say".to_owned()),
    };
    let basis =
        format!("on 64-bit CPython {bytes} bytes for {what} in the {}{element}", growing.container.word());
    let per_million = mebibytes(sum * 1_000_000);
    Estimate {
        amount: format!(
            "{}: at least {sum} bytes, {per_million} per million",
            finding.impact.split(';').next().unwrap_or_default()
        ),
        basis,
    }
}

/// `53.4 MiB`
fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1 << 20);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

fn resource(finding: &Finding, kind: Option<Kind>) -> Estimate {
    let basis = match kind {
        Some(Kind::File | Kind::Archive | Kind::Temporary) => {
            "a descriptor, of which a process has 1,024 by default on Linux, and a buffer of 8 KiB"
        }
        Some(Kind::Descriptor | Kind::Selector) => {
            "a descriptor, of which a process has 1,024 by default on Linux"
        }
        Some(Kind::Socket | Kind::Client | Kind::Server | Kind::Websocket | Kind::Http) => {
            "a descriptor, of which a process has 1,024 by default on Linux, and what the other side keeps open \
             for it"
        }
        Some(Kind::Connection) => {
            "a descriptor, and what the database or store keeps for each of its clients, of which it takes a limited \
             number"
        }
        Some(Kind::Pool) => {
            "a thread or process per worker; a thread has a stack of which 8 MiB are reserved on Linux"
        }
        Some(Kind::Process) => "a process, or its entry in the table of processes once it has ended",
        Some(Kind::Figure) => "all that is drawn in it: the library keeps figures until they are closed",
        Some(Kind::Memory) => "as much as is mapped",
        Some(Kind::Loop) => "a selector and a pair of sockets: three descriptors",
        Some(Kind::Directory) => "what is in the directory, on disk",
        _ => "what the operating system or library keeps for each",
    };
    Estimate { amount: finding.impact.clone(), basis: basis.to_owned() }
}

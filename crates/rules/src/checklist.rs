//! What a checklist for leaks asks about, and what was looked at for each question.

use leakwright_analysis::growth::Growing;
use leakwright_analysis::obligation;
use leakwright_analysis::project::Project;
use leakwright_catalogue::{ContainerKind, Family as Kind, Words};
use serde::Serialize;

use crate::context::Context;
use crate::finding::{Finding, LeakType};
use crate::rule::Family;
use crate::subject::Subject;

/// A question of a checklist for leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Lists.
    Lists,
    /// Lists and deques of what happened.
    Histories,
    /// Dicts.
    Dicts,
    /// Sets.
    Sets,
    /// Deques.
    Deques,
    /// Strings and byte arrays that are added to.
    Texts,
    /// Queues.
    Queues,
    /// Arrays that are concatenated.
    Arrays,
    /// Dicts that remember results.
    Memos,
    /// Caching decorators.
    Decorators,
    /// Files, archives, descriptors.
    Files,
    /// Connections to databases and the like.
    Connections,
    /// HTTP sessions and responses.
    Sessions,
    /// Sockets, servers, clients of protocols.
    Sockets,
    /// Pools of threads or processes.
    Pools,
    /// Processes.
    Processes,
    /// Everything else that has to be given back.
    Handles,
    /// Objects that refer to each other.
    Cycles,
    /// Callbacks that are handed over.
    Callbacks,
    /// Closures that are kept.
    Closures,
    /// What a call leaves in a module variable.
    GlobalTemporaries,
    /// Exceptions that are stored.
    Tracebacks,
    /// Tensors that are kept.
    Tensors,
    /// Tasks.
    Tasks,
    /// Threads and timers.
    Threads,
}

impl Question {
    /// All questions, in the order of a checklist.
    pub const ALL: [Self; 25] = [
        Self::Lists,
        Self::Histories,
        Self::Dicts,
        Self::Sets,
        Self::Deques,
        Self::Texts,
        Self::Queues,
        Self::Arrays,
        Self::Memos,
        Self::Decorators,
        Self::Files,
        Self::Connections,
        Self::Sessions,
        Self::Sockets,
        Self::Pools,
        Self::Processes,
        Self::Handles,
        Self::Cycles,
        Self::Callbacks,
        Self::Closures,
        Self::GlobalTemporaries,
        Self::Tracebacks,
        Self::Tensors,
        Self::Tasks,
        Self::Threads,
    ];

    /// The question in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Lists => "Lists that only append",
            Self::Histories => "History and event lists without a limit",
            Self::Dicts => "Dicts that only add keys",
            Self::Sets => "Sets that only add",
            Self::Deques => "Deques without `maxlen`",
            Self::Texts => "Strings and byte arrays that are only added to",
            Self::Queues => "Queues without `maxsize`",
            Self::Arrays => "Arrays and tensors concatenated onto themselves",
            Self::Memos => "Dicts that remember results, without size, TTL or finite keys",
            Self::Decorators => "Caching decorators without size, TTL or finite arguments",
            Self::Files => "Files, archives and descriptors that are not closed",
            Self::Connections => "Database connections that are not closed",
            Self::Sessions => "HTTP sessions and responses that are not closed",
            Self::Sockets => "Sockets, servers and clients that are not closed",
            Self::Pools => "Thread and process pools that are not shut down",
            Self::Processes => "Processes that nobody waits for",
            Self::Handles => "Other handles that are not given back",
            Self::Cycles => "Reference cycles",
            Self::Callbacks => "Callbacks that are never taken back",
            Self::Closures => "Closures that keep large objects",
            Self::GlobalTemporaries => "Temporaries left in module variables",
            Self::Tracebacks => "Exceptions kept with their frames",
            Self::Tensors => "Tensors kept with their graph",
            Self::Tasks => "Tasks that nothing refers to",
            Self::Threads => "Threads and timers that are never joined",
        }
    }

    /// The question about a resource.
    pub(crate) const fn of_resource(kind: Kind) -> Self {
        match kind {
            Kind::File | Kind::Archive | Kind::Temporary | Kind::Descriptor => Self::Files,
            Kind::Connection => Self::Connections,
            Kind::Http => Self::Sessions,
            Kind::Socket | Kind::Selector | Kind::Client | Kind::Server | Kind::Websocket => Self::Sockets,
            Kind::Pool => Self::Pools,
            Kind::Process => Self::Processes,
            _ => Self::Handles,
        }
    }

    /// The question about a container, by what it is and what it is called.
    pub(crate) fn of_container(project: &Project, kind: ContainerKind, name: &str) -> Self {
        let words = &project.catalogue().words;
        match kind {
            ContainerKind::List | ContainerKind::Deque if Words::last(&words.history, name) => {
                Self::Histories
            }
            ContainerKind::List => Self::Lists,
            ContainerKind::Deque => Self::Deques,
            ContainerKind::Set => Self::Sets,
            ContainerKind::Dict
            | ContainerKind::DefaultDict
            | ContainerKind::Counter
            | ContainerKind::Weak => {
                if Words::any(&words.cache, name) {
                    Self::Memos
                } else {
                    Self::Dicts
                }
            }
            ContainerKind::Bytes | ContainerKind::Text => Self::Texts,
        }
    }

    pub(crate) fn of_growing(project: &Project, growing: &Growing, name: &str) -> Self {
        if growing.memo.is_some() {
            Self::Memos
        } else {
            Self::of_container(project, growing.container, name)
        }
    }
}

/// The question that a finding answers with yes.
pub fn question(finding: &Finding, context: &Context<'_>) -> Question {
    let project = context.project;
    let code = finding.rule.metadata().code;
    match (&finding.subject, code) {
        (Subject::Growing(growing), _) => {
            let name = finding.symbol.rsplit('.').next().unwrap_or_default();
            Question::of_growing(project, growing, name)
        }
        (Subject::Acquired { .. } | Subject::Owned { .. }, _) => {
            acquired_kind(finding, context).map_or(Question::Handles, Question::of_resource)
        }
        (_, "LW103") => Question::Queues,
        (_, "LW104") => Question::Arrays,
        (_, "LW403") => Question::Closures,
        (_, "LW404") => Question::Tracebacks,
        (_, "LW405") => Question::GlobalTemporaries,
        (_, "LW602") => Question::Threads,
        _ => match (finding.leak_type, finding.family()) {
            (LeakType::Cache, _) | (_, Family::Cache) => Question::Decorators,
            (LeakType::EventHandler, _) => Question::Callbacks,
            (LeakType::CircularReference, _) => Question::Cycles,
            (LeakType::Tensor, _) => Question::Tensors,
            (LeakType::Task, _) => Question::Tasks,
            (LeakType::Resource, _) => Question::Handles,
            (LeakType::UnboundedCollection, _) => Question::Lists,
        },
    }
}

/// What the resource is that a finding is about.
pub(crate) fn acquired_kind(finding: &Finding, context: &Context<'_>) -> Option<Kind> {
    let project = context.project;
    match &finding.subject {
        Subject::Acquired { code, call, .. } => {
            let mut acquired = obligation::acquired(project, *code).iter().map(|(found, _)| found);
            acquired.find(|found| found.call == *call).map(|found| found.resource.family)
        }
        Subject::Owned { store, .. } => {
            let owned = obligation::owned(project, store.code);
            owned.iter().find(|owned| owned.store == *store).map(|owned| owned.acquisition.resource.family)
        }
        _ => None,
    }
}

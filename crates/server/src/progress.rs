//! Work that the client shows as a bar, and may end.
//!
//! Who works never waits for the client: what is done is noted, and a task tells the client of it now and
//! then, once the client has agreed to show it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use leakwright_engine::Progress;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tower_lsp::Client as Connection;

use crate::lsp::notification::Progress as ProgressNotification;
use crate::lsp::request::WorkDoneProgressCreate;
use crate::lsp::{
    ProgressParams, ProgressParamsValue, ProgressToken, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressCreateParams, WorkDoneProgressEnd, WorkDoneProgressReport,
};

/// The least time between two reports.
const REPORTS_EVERY: Duration = Duration::from_millis(100);

/// How far work is. A bar for it ends when this goes.
#[derive(Default)]
pub(crate) struct Bar {
    shared: Arc<Shared>,
}

/// Where work is, as the client is told.
#[derive(Default)]
struct Shared {
    token: OnceLock<ProgressToken>,
    /// The client has made the bar itself, and told us where.
    is_clients: bool,
    /// Files that are read; then the same number is judged.
    total: AtomicUsize,
    read: AtomicUsize,
    judged: AtomicUsize,
    is_told: AtomicBool,
    is_ended: AtomicBool,
    is_cancelled: AtomicBool,
    ended: Notify,
    #[expect(dead_code, reason = "who waits hears that it is gone")]
    told: Option<oneshot::Sender<()>>,
}

impl Bar {
    /// One that the client has made itself. `told` goes when nothing more is told there.
    pub(crate) fn on(token: ProgressToken, told: oneshot::Sender<()>) -> Self {
        let shared = Shared { token: token.into(), is_clients: true, told: Some(told), ..Shared::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Asks the client to show it, once.
    pub(crate) fn tell(&self, connection: &Connection, runtime: &Handle) {
        if !self.shared.is_told.swap(true, Ordering::SeqCst) {
            runtime.spawn(tell(connection.clone(), Arc::clone(&self.shared)));
        }
    }

    /// A number of files is to be judged.
    pub(crate) fn judging(&self, files: usize) {
        let total = self.shared.total.fetch_max(files, Ordering::Relaxed).max(files);
        self.shared.read.store(total, Ordering::Relaxed);
        self.shared.judged.store(total - files, Ordering::Relaxed);
    }

    /// Another file is judged.
    pub(crate) fn judged(&self) {
        self.shared.judged.fetch_add(1, Ordering::Relaxed);
    }

    /// The client ends the work behind a bar; whether it is this one.
    pub(crate) fn cancel(&self, token: &ProgressToken) -> bool {
        let is_own = self.shared.token.get() == Some(token);
        if is_own {
            self.shared.is_cancelled.store(true, Ordering::SeqCst);
            self.shared.end();
        }
        is_own
    }
}

impl Progress for Bar {
    fn found(&self, files: usize) {
        self.shared.total.fetch_max(files, Ordering::Relaxed);
    }

    fn done(&self) {
        self.shared.read.fetch_add(1, Ordering::Relaxed);
    }
}

impl std::ops::Drop for Bar {
    fn drop(&mut self) {
        self.shared.end();
    }
}

impl Shared {
    fn end(&self) {
        self.is_ended.store(true, Ordering::SeqCst);
        self.ended.notify_one();
    }

    /// The step that work is at, and per cent of all. Reading and judging count half each.
    fn report(&self) -> (String, u32) {
        let total = self.total.load(Ordering::Relaxed);
        let read = self.read.load(Ordering::Relaxed).min(total);
        let judged = self.judged.load(Ordering::Relaxed).min(total);
        let message = if read < total {
            format!("{read} of {total} files read")
        } else {
            format!("{judged} of {total} files checked")
        };
        (message, u32::try_from((read + judged) * 50 / total.max(1)).unwrap_or(100))
    }
}

/// Tells the client until the work has ended.
async fn tell(connection: Connection, shared: Arc<Shared>) {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let new = || ProgressToken::String(format!("leakwright/{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    let token = shared.token.get_or_init(new).clone();
    if !shared.is_clients {
        let create = WorkDoneProgressCreateParams { token: token.clone() };
        if let Err(error) = connection.send_request::<WorkDoneProgressCreate>(create).await {
            tracing::debug!("no progress is shown: {error}");
            return;
        }
    }
    let send = |value| {
        let value = ProgressParamsValue::WorkDone(value);
        connection.send_notification::<ProgressNotification>(ProgressParams { token: token.clone(), value })
    };
    let (message, mut shown) = shared.report();
    send(WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: "Leakwright".to_owned(),
        cancellable: Some(true),
        message: Some(message),
        percentage: Some(shown),
    }))
    .await;
    let mut last = String::new();
    while !shared.is_ended.load(Ordering::SeqCst) {
        let _ = tokio::time::timeout(REPORTS_EVERY, shared.ended.notified()).await;
        let (message, percentage) = shared.report();
        if message != last {
            // It never goes back, though judging may start again after an edit.
            shown = shown.max(percentage);
            last.clone_from(&message);
            send(WorkDoneProgress::Report(WorkDoneProgressReport {
                cancellable: Some(true),
                message: Some(message),
                percentage: Some(shown),
            }))
            .await;
        }
    }
    let is_cancelled = shared.is_cancelled.load(Ordering::SeqCst);
    let message = if is_cancelled { "cancelled".to_owned() } else { shared.report().0 };
    send(WorkDoneProgress::End(WorkDoneProgressEnd { message: Some(message) })).await;
}

//! `$/setTrace` and `$/logTrace`: what is said, and how long it took, for clients that ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tower_lsp::Client as Connection;
use tower_lsp::jsonrpc::{Request, Response};

use crate::lsp::notification::LogTrace;
use crate::lsp::{LogTraceParams, TraceValue};

/// Characters of a message that are told.
const LONGEST: usize = 20_000;

/// Tells the client what is said, if it asks for that. Cloning gives another handle to the same.
#[derive(Clone)]
pub(crate) struct Tracer {
    level: Arc<AtomicU8>,
    queue: UnboundedSender<LogTraceParams>,
}

/// A message of the client that is being dealt with.
pub(crate) struct Traced {
    tracer: Tracer,
    what: String,
    since: Instant,
}

impl Tracer {
    /// Must be called within the runtime.
    pub(crate) fn start(connection: Connection) -> Self {
        let (queue, mut messages) = unbounded_channel();
        tokio::spawn(async move {
            while let Some(message) = messages.recv().await {
                connection.send_notification::<LogTrace>(message).await;
            }
        });
        Self { level: Arc::default(), queue }
    }

    /// One that nobody hears.
    #[cfg(test)]
    pub(crate) fn unheard() -> Self {
        Self { level: Arc::default(), queue: unbounded_channel().0 }
    }

    /// Sets how much the client wants to hear.
    pub(crate) fn set(&self, level: TraceValue) {
        let level = match level {
            TraceValue::Off => 0,
            TraceValue::Messages => 1,
            TraceValue::Verbose => 2,
        };
        self.level.store(level, Ordering::Relaxed);
    }

    fn level(&self) -> u8 {
        self.level.load(Ordering::Relaxed)
    }

    /// Whether the client wants to hear anything.
    pub(crate) fn is_heard(&self) -> bool {
        self.level() > 0
    }

    /// Tells something; more of it only to a client that wants all.
    pub(crate) fn tell(&self, message: impl FnOnce() -> String, more: impl FnOnce() -> String) {
        let level = self.level();
        if level == 0 {
            return;
        }
        let verbose = (level > 1).then(|| shortened(more()));
        let _ = self.queue.send(LogTraceParams { message: message(), verbose });
    }

    /// A message of the client has come in. `None` if the client does not want to hear of it.
    pub(crate) fn received(&self, message: &Request) -> Option<Traced> {
        if self.level() == 0 || message.method() == "$/setTrace" {
            return None;
        }
        let what = match message.id() {
            Some(id) => format!("request '{} - ({id})'", message.method()),
            None => format!("notification '{}'", message.method()),
        };
        let params =
            || message.params().map_or_else(|| "no parameters".to_owned(), |it| format!("Params: {it}"));
        self.tell(|| format!("Received {what}."), params);
        Some(Traced { tracer: self.clone(), what, since: Instant::now() })
    }
}

impl Traced {
    /// It is dealt with.
    pub(crate) fn done(self, response: Option<&Response>) {
        let took = self.since.elapsed();
        let (message, more) = match response {
            Some(response) => {
                let more = match (response.result(), response.error()) {
                    (Some(result), _) => format!("Result: {result}"),
                    (_, Some(error)) => format!("Error: {error}"),
                    _ => "no result".to_owned(),
                };
                (format!("Sending response to {}. Processing took {took:.1?}.", self.what), more)
            }
            None => (format!("Processed {} in {took:.1?}.", self.what), String::new()),
        };
        self.tracer.tell(|| message, || more);
    }
}

/// As much of a text as is told.
fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

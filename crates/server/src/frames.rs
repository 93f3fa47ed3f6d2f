//! The frames of the protocol, checked before the server sees them.
//!
//! The library behind the server stops reading at the first frame that is no message. Here it is logged and
//! left out, and after a wrong length the next header is looked for, so one bad
//! message costs just itself.
//!
//! Two threads take turns at reading: one that has read a change of a document deals with it itself, by the
//! [`Shortcut`], while the other one reads on.

use std::io::{BufRead, BufReader, Read};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use leakwright_engine::STACK_SIZE;
use leakwright_syntax::Parser;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::documents::Document;
use crate::shortcut::{self, Shortcut};

/// Longest message that is read. Editors send whole files, not more.
const MAX_LENGTH: usize = 256 << 20;

/// Messages that may wait to be dealt with.
const WAITING: usize = 64;

/// The well-formed messages of a pipe.
pub(crate) struct Input {
    messages: Receiver<Vec<u8>>,
    current: std::io::Cursor<Vec<u8>>,
    /// How many messages have come out.
    received: usize,
    done: Arc<AtomicUsize>,
}

/// What the threads that read share.
struct Readers<R> {
    turn: Mutex<Turn<R>>,
    /// Threads that wait for their turn.
    waiting: AtomicUsize,
    /// How many of the messages that were handed on have taken effect.
    done: Arc<AtomicUsize>,
    shortcut: Shortcut,
}

/// What the thread has whose turn it is.
struct Turn<R> {
    pipe: BufReader<R>,
    /// Where messages go; gone with the end of the pipe.
    sender: Option<Sender<Vec<u8>>>,
    /// How many were handed on.
    handed_on: usize,
}

impl Input {
    /// Starts the threads that read.
    pub(crate) fn start(pipe: impl Read + Send + 'static, shortcut: Shortcut) -> std::io::Result<Self> {
        let (sender, messages) = channel(WAITING);
        let pipe = BufReader::with_capacity(64 << 10, pipe);
        let done = Arc::<AtomicUsize>::default();
        let readers = Arc::new(Readers {
            turn: Mutex::new(Turn { pipe, sender: Some(sender), handed_on: 0 }),
            waiting: AtomicUsize::new(0),
            done: Arc::clone(&done),
            shortcut,
        });
        for index in 0..2 {
            let readers = Arc::clone(&readers);
            let thread = std::thread::Builder::new().name(format!("input-{index}")).stack_size(STACK_SIZE);
            thread.spawn(move || readers.take_turns())?;
        }
        Ok(Self { messages, current: std::io::Cursor::default(), received: 0, done })
    }
}

impl<R: Read> Readers<R> {
    /// Reads until the pipe ends.
    fn take_turns(&self) {
        let mut parser = Parser::new();
        loop {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            if turn.sender.is_none() {
                return;
            }
            match read(&mut turn.pipe) {
                Ok(Some(message)) => {
                    let Some(document) = self.deal_with(&mut turn, &message) else { continue };
                    if self.waiting.load(Ordering::SeqCst) > 0 {
                        // Whoever waits reads on.
                        drop(turn);
                        self.shortcut.analyze(&document, &mut parser);
                    } else {
                        self.shortcut.hand_on(&document);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!("standard input ended: {error}");
                    turn.sender = None;
                }
            }
        }
    }

    /// Hands a message on, unless it is a change of a document that can take effect at once: then the document is to
    /// be analysed.
    fn deal_with(&self, turn: &mut Turn<R>, message: &Message) -> Option<Arc<Document>> {
        let is_next = || turn.handed_on == self.done.load(Ordering::SeqCst);
        if message.is_change && is_next() {
            let document = self.shortcut.take(&message.body);
            if document.is_some() {
                return document;
            }
        }
        let mut framed = format!("Content-Length: {}\r\n\r\n", message.body.len()).into_bytes();
        framed.extend_from_slice(&message.body);
        turn.handed_on += 1;
        if turn.sender.as_ref().is_none_or(|sender| sender.blocking_send(framed).is_err()) {
            turn.sender = None;
        }
        None
    }
}

impl AsyncRead for Input {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.current.position() as usize >= self.current.get_ref().len() {
            // The next message is asked for once those before it have taken effect.
            self.done.store(self.received, Ordering::SeqCst);
            match self.messages.poll_recv(context) {
                Poll::Ready(Some(message)) => {
                    self.current = std::io::Cursor::new(message);
                    self.received += 1;
                }
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
        Pin::new(&mut self.current).poll_read(context, buffer)
    }
}

/// A message.
struct Message {
    body: Vec<u8>,
    /// It says that a document is changed.
    is_change: bool,
}

/// The next message; nothing for one that is left out; an error at the end of the pipe.
fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Message>> {
    let length = header(reader)?;
    if length > MAX_LENGTH {
        tracing::error!("a message of {length} bytes is left out");
        return Ok(None);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    match Envelope::read(&body) {
        Ok(envelope) => {
            let is_change = envelope.id.is_null() && envelope.method == shortcut::METHOD;
            Ok(Some(Message { body, is_change }))
        }
        Err(error) => {
            tracing::error!("what is no message is left out: {error}");
            Ok(None)
        }
    }
}

/// What the library has to find in a message to read it.
#[derive(Deserialize)]
struct Envelope {
    jsonrpc: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    id: Value,
}

impl Envelope {
    /// What is in the body of a frame, or why it is no message.
    fn read(body: &[u8]) -> Result<Self, String> {
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err("it is not a JSON object".to_owned());
        }
        let envelope: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if envelope.jsonrpc != "2.0" {
            return Err(format!("it is of version {:?}", envelope.jsonrpc));
        }
        let is_named = envelope.id.is_null() || envelope.id.is_string() || envelope.id.is_i64();
        if is_named { Ok(envelope) } else { Err(format!("its id is {}", envelope.id)) }
    }
}

/// The length that the next header tells; lines that belong to no header are passed over.
fn header(reader: &mut impl BufRead) -> std::io::Result<usize> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        // What a wrong length left behind may run into the next header.
        if let Some(at) = line.to_ascii_lowercase().rfind("content-length:") {
            length = line[at + "content-length:".len()..].trim().parse().ok();
        } else if let (true, Some(length)) = (line.is_empty(), length) {
            return Ok(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    async fn pass(input: &str) -> String {
        let mut output = String::new();
        let pipe = std::io::Cursor::new(input.to_owned());
        Input::start(pipe, Shortcut::default()).unwrap().read_to_string(&mut output).await.unwrap();
        output
    }

    #[tokio::test]
    async fn good_messages_pass_and_bad_ones_are_left_out() {
        let good = "Content-Length: 17\r\n\r\n{\"jsonrpc\":\"2.0\"}";
        assert_eq!(pass(&good.repeat(2)).await, good.repeat(2));
        assert_eq!(pass(&format!("Content-Length: 3\r\n\r\n{{x}}{good}")).await, good, "not JSON");
        assert_eq!(pass(&format!("Content-Length: 1\r\n\r\n{{}}{good}")).await, good, "too short a length");
        assert_eq!(pass(&format!("Content-Length: pi\r\n\r\n{{}}\r\n\r\n{good}")).await, good, "no number");
        assert_eq!(pass(&format!("garbage\n{good}")).await, good);
        let typed = "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length: 17\r\n\r\n{\"jsonrpc\":\"2.0\"}";
        assert_eq!(pass(typed).await, good, "other headers, other case");
        for body in [
            "[]",
            "{}",
            "7",
            r#"{"jsonrpc":2}"#,
            r#"{"jsonrpc":"2.0","id":{}}"#,
            r#"{"jsonrpc":"2.0","method":1}"#,
        ] {
            let message = format!("Content-Length: {}\r\n\r\n{body}", body.len());
            assert_eq!(pass(&format!("{message}{good}")).await, good, "{body}");
        }
        assert_eq!(pass("Content-Length: 99\r\n\r\n{}").await, "", "the end in the middle");
    }
}

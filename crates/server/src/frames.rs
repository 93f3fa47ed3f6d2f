//! The frames of the protocol, checked before the server sees them.
//!
//! The library behind the server stops reading at the first frame that is no message. Here it is logged and
//! left out, and after a wrong length the next header is looked for, so one bad
//! message costs just itself.

use std::io::{BufRead, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc::{Receiver, channel};

/// Longest message that is read. Editors send whole files, not more.
const MAX_LENGTH: usize = 256 << 20;

/// Messages that may wait to be dealt with.
const WAITING: usize = 64;

/// The well-formed messages of a pipe.
pub(crate) struct Input {
    messages: Receiver<Vec<u8>>,
    current: std::io::Cursor<Vec<u8>>,
}

impl Input {
    /// Starts a thread that reads.
    pub(crate) fn start(pipe: impl Read + Send + 'static) -> std::io::Result<Self> {
        let (sender, messages) = channel(WAITING);
        let read_all = move || {
            let mut pipe = std::io::BufReader::with_capacity(64 << 10, pipe);
            loop {
                match read(&mut pipe) {
                    Ok(Some(body)) => {
                        let mut message = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
                        message.extend_from_slice(&body);
                        if sender.blocking_send(message).is_err() {
                            return;
                        }
                    }
                    Ok(None) => {}
                    Err(error) => {
                        tracing::debug!("standard input ended: {error}");
                        return;
                    }
                }
            }
        };
        std::thread::Builder::new().name("input".to_owned()).spawn(read_all)?;
        Ok(Self { messages, current: std::io::Cursor::default() })
    }
}

impl AsyncRead for Input {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.current.position() as usize >= self.current.get_ref().len() {
            match self.messages.poll_recv(context) {
                Poll::Ready(Some(message)) => self.current = std::io::Cursor::new(message),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
        Pin::new(&mut self.current).poll_read(context, buffer)
    }
}

/// The next message; nothing for one that is left out; an error at the end of the pipe.
fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let length = header(reader)?;
    if length > MAX_LENGTH {
        tracing::error!("a message of {length} bytes is left out");
        return Ok(None);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    match Envelope::read(&body) {
        Ok(()) => Ok(Some(body)),
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
    #[expect(dead_code, reason = "it is a string, if it is there")]
    method: String,
    #[serde(default)]
    id: Value,
}

impl Envelope {
    /// Why the body of a frame is no message, if it is none.
    fn read(body: &[u8]) -> Result<(), String> {
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err("it is not a JSON object".to_owned());
        }
        let envelope: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if envelope.jsonrpc != "2.0" {
            return Err(format!("it is of version {:?}", envelope.jsonrpc));
        }
        let is_named = envelope.id.is_null() || envelope.id.is_string() || envelope.id.is_i64();
        if is_named { Ok(()) } else { Err(format!("its id is {}", envelope.id)) }
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
        Input::start(pipe).unwrap().read_to_string(&mut output).await.unwrap();
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

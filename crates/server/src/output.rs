//! Standard output: whole messages, in the order in which they are handed in.
//!
//! A thread that may wait for the client writes its message itself, which is the quickest way; for everybody else
//! a thread of its own writes. A client that does not read holds up nobody who answers others.

use std::collections::VecDeque;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::AsyncWrite;

/// Where messages to the client go. Cloning gives another handle to the same.
#[derive(Clone)]
pub(crate) struct Output {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<VecDeque<Vec<u8>>>,
    ready: Condvar,
    pipe: Mutex<Box<dyn Write + Send>>,
}

/// The output as the library behind the server writes to it, a message at a time.
pub(crate) struct Sink {
    output: Output,
    unsent: Vec<u8>,
}

impl Output {
    /// To a pipe. Starts the thread.
    pub(crate) fn start(pipe: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (queue, ready) = (Mutex::default(), Condvar::new());
        let output = Self { shared: Arc::new(Shared { queue, ready, pipe: Mutex::new(Box::new(pipe)) }) };
        let own = output.clone();
        let write = move || {
            loop {
                own.wait();
                own.write();
            }
        };
        std::thread::Builder::new().name("output".to_owned()).spawn(write)?;
        Ok(output)
    }

    /// Has messages written, header and all.
    pub(crate) fn send(&self, messages: Vec<u8>) {
        self.queue().push_back(messages);
        self.shared.ready.notify_one();
    }

    /// Hands in a message that is written with the next one, or by [`Output::write`].
    pub(crate) fn put(&self, message: Vec<u8>) {
        self.queue().push_back(message);
    }

    /// Writes what was handed in. Waits for a client that does not read: no lock may be held that others need.
    pub(crate) fn write(&self) {
        let mut pipe = self.shared.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(message) = self.queue().pop_front() else { return };
            if let Err(error) = pipe.write_all(&message).and_then(|()| pipe.flush()) {
                tracing::debug!("the client is gone: {error}");
            }
        }
    }

    /// For the library to write to.
    pub(crate) fn sink(&self) -> Sink {
        Sink { output: self.clone(), unsent: Vec::new() }
    }

    /// Waits until all is written, within a limit.
    pub(crate) fn flush(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        let is_done = || self.shared.pipe.try_lock().is_ok() && self.queue().is_empty();
        while !is_done() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Vec<u8>>> {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) {
        let mut queue = self.queue();
        while queue.is_empty() {
            queue = self.shared.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl AsyncWrite for Sink {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.unsent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            self.output.send(unsent);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.poll_flush(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn messages_come_out_whole_and_in_order_whoever_writes_them() {
        let written = Written::default();
        let output = Output::start(written.clone()).unwrap();
        let mut sink = output.sink();
        let mut expected = Vec::new();
        for index in 0..300_u32 {
            let message = format!("<{index}>").into_bytes();
            expected.extend_from_slice(&message);
            match index % 3 {
                0 => output.send(message),
                1 => {
                    output.put(message);
                    output.write();
                }
                _ => {
                    let (a, b) = message.split_at(2);
                    sink.write_all(a).await.unwrap();
                    sink.write_all(b).await.unwrap();
                    sink.flush().await.unwrap();
                }
            }
        }
        output.flush(Duration::from_secs(60));
        assert_eq!(String::from_utf8(written.0.lock().unwrap().clone()), String::from_utf8(expected));
    }
}

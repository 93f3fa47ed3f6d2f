//! Order, and what outlives a panic.
//!
//! tower-lsp runs handlers concurrently and starts them late: under load a notification could take
//! effect after one that came later, or not at all while slow requests hold all places. This layer
//! polls each handler once as its message is read. What a handler does before its first wait therefore
//! happens in the order of arrival, whatever else is running.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::task::noop_waker;
use serde_json::Value;
use tokio::sync::Notify;
use tower::Service;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};

use crate::modern;
use crate::trace::Tracer;

/// How far the conversation with the client is.
#[derive(Default)]
pub(crate) struct Lifecycle {
    /// The client has said `shutdown`.
    pub(crate) was_shut_down: AtomicBool,
    /// The client has said `exit`, or is gone.
    pub(crate) exit: Notify,
}

/// The layer around the service.
pub(crate) struct Ordered<S> {
    inner: S,
    lifecycle: Arc<Lifecycle>,
    tracer: Tracer,
}

impl<S> Ordered<S> {
    pub(crate) fn new(inner: S, lifecycle: Arc<Lifecycle>, tracer: Tracer) -> Self {
        Self { inner, lifecycle, tracer }
    }

    fn note(&self, method: &str) {
        match method {
            "shutdown" => self.lifecycle.was_shut_down.store(true, Ordering::SeqCst),
            "exit" => self.lifecycle.exit.notify_one(),
            _ => {}
        }
    }
}

type Answer<E> = Pin<Box<dyn Future<Output = Result<Option<Response>, E>> + Send>>;

impl<S> Service<Request> for Ordered<S>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Option<Response>;
    type Error = S::Error;
    type Future = Answer<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (request, kept) = as_the_library_knows(request);
        let (method, id) = (request.method().to_owned(), request.id().cloned());
        let traced = self.tracer.received(&request);
        let handler = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let name = method.clone();
        let mut answer: Answer<S::Error> = Box::pin(handler.map(move |result| {
            let response = match result {
                Ok(response) => response?.map(|response| answered(&name, response, kept)),
                Err(panic) => failure(&name, id, &panic),
            };
            if let Some(traced) = traced {
                traced.done(response.as_ref());
            }
            Ok(response)
        }));
        let first = answer.as_mut().poll(&mut Context::from_waker(&noop_waker()));
        self.note(&method);
        match first {
            Poll::Ready(response) => Box::pin(futures::future::ready(response)),
            // Polled again by the server, with a waker that wakes it.
            Poll::Pending => answer,
        }
    }
}

/// Requests whose parameters are not as the library has them.
const UNLIKE: [&str; 3] = ["initialize", "workspace/executeCommand", "codeAction/resolve"];

/// `"params": null` means none; the library takes it for a wrong parameter of those that have none. Some
/// names are newer than it. Also what it would not keep as it is.
fn as_the_library_knows(request: Request) -> (Request, Option<Value>) {
    let is_null = request.params().is_some_and(Value::is_null);
    if !is_null && !UNLIKE.contains(&request.method()) {
        return (request, None);
    }
    let mut kept = None;
    let (method, id, params) = request.into_parts();
    let mut built = Request::build(method.clone());
    if let Some(id) = id {
        built = built.id(id);
    }
    if let Some(mut params) = params.filter(|_| !is_null) {
        match &*method {
            "initialize" => modern::initialize_params(&mut params),
            "codeAction/resolve" => kept = modern::take_edit(&mut params),
            _ => modern::command_params(&mut params),
        }
        built = built.params(params);
    }
    (built.finish(), kept)
}

/// An answer with what the library's types lack, or did not keep.
fn answered(method: &str, response: Response, kept: Option<Value>) -> Response {
    if method != "initialize" && kept.is_none() {
        return response;
    }
    let (id, result) = response.into_parts();
    let result = result.map(|mut result| {
        match kept {
            Some(edit) => modern::give_back(&mut result, edit),
            None => modern::initialize_result(&mut result),
        }
        result
    });
    Response::from_parts(id, result)
}

/// The answer to a request whose handler panicked; a notification has none.
fn failure(method: &str, id: Option<Id>, panic: &(dyn Any + Send)) -> Option<Response> {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!("{method} failed: {text}");
    let error =
        Error { code: ErrorCode::InternalError, message: format!("{method} failed").into(), data: None };
    id.map(|id| Response::from_error(id, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Notes each message before and after a wait; panics when asked to.
    struct Recorder(Arc<Mutex<Vec<String>>>);

    impl Service<Request> for Recorder {
        type Response = Option<Response>;
        type Error = std::convert::Infallible;
        type Future = Answer<Self::Error>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request) -> Self::Future {
            let log = Arc::clone(&self.0);
            Box::pin(async move {
                let method = request.method().to_owned();
                assert!(method != "panic", "asked to");
                log.lock().unwrap().push(format!("start {method}"));
                tokio::task::yield_now().await;
                log.lock().unwrap().push(format!("end {method}"));
                Ok(None)
            })
        }
    }

    #[tokio::test]
    async fn handlers_start_in_the_order_of_arrival_even_if_they_are_awaited_in_another() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut service = Ordered::new(Recorder(Arc::clone(&log)), Arc::default(), Tracer::unheard());
        let mut answers: Vec<_> =
            (0..100).map(|n| service.call(Request::build(n.to_string()).finish())).collect();
        let starts: Vec<String> = (0..100).map(|n| format!("start {n}")).collect();
        assert_eq!(*log.lock().unwrap(), starts, "before anything is awaited");
        while let Some(answer) = answers.pop() {
            answer.await.unwrap();
        }
        assert_eq!(log.lock().unwrap().len(), 200);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_response_and_the_next_message_is_served() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut service = Ordered::new(Recorder(Arc::clone(&log)), Arc::default(), Tracer::unheard());
        let response = service.call(Request::build("panic").id(1).finish()).await.unwrap().unwrap();
        assert_eq!(response.error().map(|error| error.code), Some(ErrorCode::InternalError));
        assert_eq!(service.call(Request::build("panic").finish()).await.unwrap(), None);
        assert_eq!(service.call(Request::build("fine").finish()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn exit_is_noticed_as_it_is_read() {
        let lifecycle = Arc::new(Lifecycle::default());
        let mut service = Ordered::new(Recorder(Arc::default()), Arc::clone(&lifecycle), Tracer::unheard());
        drop(service.call(Request::build("shutdown").id(1).finish()));
        assert!(lifecycle.was_shut_down.load(Ordering::SeqCst));
        drop(service.call(Request::build("exit").finish()));
        lifecycle.exit.notified().await;
    }
}

//! A language client that drives the built server as a child process.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::binary::leakwright;

/// A running server and the pipes to it. A server that is still running when the client goes is ended.
pub struct LspClient {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Messages that were read while looking for another.
    waiting: VecDeque<Value>,
    /// What was published last for each document.
    shown: BTreeMap<String, Vec<Value>>,
    /// What is answered when the server asks for settings.
    settings: Value,
    /// The same, for folders that have their own.
    settings_of: BTreeMap<String, Value>,
    next_id: i64,
    /// How long to wait for any one message.
    timeout: Duration,
}

impl LspClient {
    /// Starts a server in a directory and initialises it with the given capabilities.
    pub fn start(directory: &Path, capabilities: &Value) -> Self {
        Self::start_with(directory, &json!({ "rootUri": null, "capabilities": capabilities }))
    }

    /// Starts a server for a folder that is open in the editor.
    pub fn start_in(folder: &Path, capabilities: &Value) -> Self {
        let folders = json!([{ "uri": file_uri(folder), "name": "folder" }]);
        Self::start_with(folder, &json!({ "workspaceFolders": folders, "capabilities": capabilities }))
    }

    /// Starts a server in a directory and initialises it with the given parameters.
    pub fn start_with(directory: &Path, params: &Value) -> Self {
        Self::start_set(directory, params, Value::Null)
    }

    /// The same, for an editor in which the user has set something.
    pub fn start_set(directory: &Path, params: &Value, settings: Value) -> Self {
        let mut client = Self::spawn(directory);
        client.settings = settings;
        client.initialize(params);
        client
    }

    /// Initialises the server with the given parameters; what it says it can do.
    pub fn initialize(&mut self, params: &Value) -> Value {
        let mut params = params.clone();
        params["processId"] = json!(std::process::id());
        let mut result = self.request("initialize", &params);
        self.notify("initialized", &json!({}));
        result["capabilities"].take()
    }

    /// Sets what is answered when the server asks for settings, and tells the server.
    pub fn set(&mut self, settings: Value) {
        self.settings = settings;
        self.notify("workspace/didChangeConfiguration", &json!({ "settings": null }));
    }

    /// Sets what is answered for a folder when the server asks for settings, without telling the server.
    pub fn set_for(&mut self, folder: &Path, settings: Value) {
        self.settings_of.insert(file_uri(folder), settings);
    }

    /// Starts a server and says nothing to it.
    pub fn spawn(directory: &Path) -> Self {
        Self::spawn_with(directory, &[])
    }

    /// The same, with variables in its environment.
    pub fn spawn_with(directory: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = leakwright(directory)
            .args(["server", "--stdio"])
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the server starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("there is a pipe");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stdout);
            while let Some(message) = read_message(&mut reader) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let seconds = std::env::var("LEAKWRIGHT_TEST_TIMEOUT").ok().and_then(|text| text.parse().ok());
        let timeout = Duration::from_secs(seconds.unwrap_or(60));
        Self {
            child,
            stdin,
            messages,
            waiting: VecDeque::new(),
            shown: BTreeMap::new(),
            settings: Value::Null,
            settings_of: BTreeMap::new(),
            next_id: 0,
            timeout,
        }
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("the pipe is open");
        stdin.write_all(bytes).and_then(|()| stdin.flush()).expect("the server reads");
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request; its id.
    pub fn send_request(&mut self, method: &str, params: &Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Waits for the response to a request: its result, or its error.
    #[track_caller]
    pub fn response(&mut self, id: i64) -> Result<Value, Value> {
        let mut message = self.wait_for(|message| message["id"] == id && message.get("method").is_none());
        match message.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(message["result"].take()),
        }
    }

    /// Sends a request and waits for its result.
    #[track_caller]
    pub fn request(&mut self, method: &str, params: &Value) -> Value {
        let id = self.send_request(method, params);
        self.response(id).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Waits for the diagnostics of a version of a document.
    #[track_caller]
    pub fn diagnostics(&mut self, uri: &str, version: i64) -> Vec<Value> {
        let mut message = self.wait_for(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["version"] == version
        });
        match message["params"]["diagnostics"].take() {
            Value::Array(diagnostics) => diagnostics,
            other => panic!("diagnostics are a list, not {other}"),
        }
    }

    /// Messages that have come in, without waiting.
    pub fn drain(&mut self) -> Vec<Value> {
        while let Ok(message) = self.messages.try_recv() {
            self.note(&message);
            self.waiting.push_back(message);
        }
        self.waiting.drain(..).collect()
    }

    /// Waits until nothing more comes for a while; what is then published for a document.
    pub fn shown_after(&mut self, pause: Duration, uri: &str) -> Vec<Value> {
        while let Ok(message) = self.messages.recv_timeout(pause) {
            self.note(&message);
            self.waiting.push_back(message);
        }
        self.shown.get(uri).cloned().unwrap_or_default()
    }

    /// Waits until the server has nothing more to do; what is then published for a document.
    #[track_caller]
    pub fn shown_at_rest(&mut self, uri: &str) -> Vec<Value> {
        let deadline = Instant::now() + self.timeout;
        let state = json!({ "command": "leakwright.showState" });
        while self.request("workspace/executeCommand", &state)["isAtRest"] != json!(true) {
            assert!(Instant::now() < deadline, "the server does not come to rest");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.shown.get(uri).cloned().unwrap_or_default()
    }

    /// Waits until what is published for a document is as wanted.
    #[track_caller]
    pub fn wait_until_shown(&mut self, uri: &str, mut is_wanted: impl FnMut(&[Value]) -> bool) {
        let deadline = Instant::now() + self.timeout;
        while !self.shown.get(uri).is_some_and(|shown| is_wanted(shown)) {
            match self.messages.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(message) => {
                    self.note(&message);
                    self.waiting.push_back(message);
                }
                Err(error) => panic!("not published in time ({error}); got {:#?}", self.shown),
            }
        }
    }

    /// Keeps what a message publishes, and answers it if it is a request.
    fn note(&mut self, message: &Value) {
        let Some(method) = message["method"].as_str() else { return };
        if message.get("id").is_some() {
            let is_question = method == "workspace/configuration";
            let result = if is_question { self.answer(&message["params"]["items"]) } else { Value::Null };
            self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
        }
        if method == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().unwrap_or_default().to_owned();
            let diagnostics = message["params"]["diagnostics"].as_array().cloned().unwrap_or_default();
            self.shown.insert(uri, diagnostics);
        }
    }

    /// What is set, for each thing that the server asks for.
    fn answer(&self, items: &Value) -> Value {
        let of = |item: &Value| {
            let own = item["scopeUri"].as_str().and_then(|scope| self.settings_of.get(scope));
            own.unwrap_or(&self.settings).clone()
        };
        items.as_array().into_iter().flatten().map(of).collect()
    }

    /// Waits for a notification or request of the server that is as wanted; its parameters.
    #[track_caller]
    pub fn message(&mut self, method: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait_for(|message| message["method"] == method && is_wanted(&message["params"]))["params"].take()
    }

    /// The next message that fits; others are kept.
    #[track_caller]
    fn wait_for(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.waiting.iter().position(&fits) {
            return self.waiting.remove(at).expect("the position was just found");
        }
        let deadline = Instant::now() + self.timeout;
        loop {
            match self.messages.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(message) => {
                    self.note(&message);
                    if fits(&message) {
                        return message;
                    }
                    self.waiting.push_back(message);
                }
                Err(RecvTimeoutError::Timeout) => panic!("no such message in time; got {:#?}", self.waiting),
                Err(RecvTimeoutError::Disconnected) => panic!("the server is gone; got {:#?}", self.waiting),
            }
        }
    }

    /// Opens a document.
    pub fn open(&mut self, uri: &str, text: &str, version: i64) {
        self.notify(
            "textDocument/didOpen",
            &json!({ "textDocument": { "uri": uri, "languageId": "python", "version": version, "text": text } }),
        );
    }

    /// Sends changes of a document.
    pub fn change(&mut self, uri: &str, version: i64, changes: &Value) {
        self.notify(
            "textDocument/didChange",
            &json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": changes }),
        );
    }

    /// Closes the server's standard input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits for the server's process to end.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("the process can be asked") {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// The server's process id.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }
}

/// The address of a file.
pub fn file_uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

impl std::ops::Drop for LspClient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_message(reader: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length:") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let mut body = vec![0; length?];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

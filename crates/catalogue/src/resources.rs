//! Resources: what has to be given back, and how.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

/// A call that hands out something which has to be given back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Resource {
    /// The call, by its import path.
    pub constructor: String,
    /// Other import paths of the same call.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Class of the value, by which its methods are looked up.
    #[serde(default)]
    pub returns: Option<String>,
    /// Methods, any one of which gives it back.
    #[serde(default)]
    pub release: Vec<String>,
    /// Functions that take the value and give it back.
    #[serde(default)]
    pub release_by: Vec<String>,
    /// Methods whose result gives it back once it has been iterated to its end.
    #[serde(default)]
    pub drained_by: Vec<String>,
    /// Functions that take the value over.
    #[serde(default)]
    pub transfer_to: Vec<String>,
    /// Whether leaving a `with` block gives it back.
    #[serde(default = "yes")]
    pub with: bool,
    /// Methods that give it back only where they are awaited.
    #[serde(default)]
    pub awaited: Vec<String>,
    /// Whether it is entered by `async with`.
    #[serde(default, rename = "async")]
    pub is_async: bool,
    /// What it is.
    pub family: Family,
    /// What happens when it is forgotten.
    pub on_drop: OnDrop,
    /// Whether CPython, from 3.9 on, warns when it is dropped open.
    #[serde(default)]
    pub warns: bool,
    /// Arguments with which it owns nothing.
    #[serde(default)]
    pub unless: Vec<Unless>,
    /// The argument without which it owns nothing.
    #[serde(default)]
    pub when: Option<When>,
    /// The method that makes it own something.
    #[serde(default)]
    pub after: Option<String>,
    /// Whether the method of this name hands it out, whatever object it is called on.
    #[serde(default)]
    pub any_receiver: bool,
    /// Indices of the result that are resources, if it is a tuple of several.
    #[serde(default)]
    pub parts: Vec<u32>,
    /// Whether the result is a list, each element of which is one.
    #[serde(default, rename = "list")]
    pub is_list: bool,
    /// Whether it is an exception: the handler that catches it has it, not the code that makes one.
    #[serde(default)]
    pub caught: bool,
}

fn yes() -> bool {
    true
}

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// An open file.
    File,
    /// An open archive or compressed file.
    Archive,
    /// A temporary file.
    Temporary,
    /// A raw file descriptor.
    Descriptor,
    /// A socket, pipe or channel between processes.
    Socket,
    /// A selector.
    Selector,
    /// A client of a network protocol, such as mail or remote shells.
    Client,
    /// A server.
    Server,
    /// A web socket.
    Websocket,
    /// A connection to a database, store or message broker.
    Connection,
    /// A session of an HTTP client, or a response that is still being read.
    Http,
    /// A pool of threads or processes, or a thread that runs on.
    Pool,
    /// A process.
    Process,
    /// A figure that a plotting library keeps.
    Figure,
    /// A device: camera, microphone, serial line.
    Device,
    /// A memory map or shared memory.
    Memory,
    /// A browser that runs for a test or a scraper.
    Browser,
    /// An event loop.
    Loop,
    /// A temporary directory.
    Directory,
    /// A handler of a log, which has a file or socket open.
    Handler,
    /// A handle of the operating system.
    Handle,
}

impl Family {
    /// What one is called.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Archive => "archive",
            Self::Temporary => "temporary file",
            Self::Descriptor => "file descriptor",
            Self::Socket => "socket",
            Self::Selector => "selector",
            Self::Client => "client connection",
            Self::Server => "server",
            Self::Websocket => "web socket",
            Self::Connection => "connection",
            Self::Http => "HTTP session or response",
            Self::Pool => "pool",
            Self::Process => "process",
            Self::Figure => "figure",
            Self::Device => "device",
            Self::Memory => "memory map",
            Self::Browser => "browser",
            Self::Loop => "event loop",
            Self::Directory => "temporary directory",
            Self::Handler => "log handler",
            Self::Handle => "handle",
        }
    }
}

/// What CPython does when the last reference to an open resource goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDrop {
    /// Closes it at once. Other implementations do so some time later.
    Closed,
    /// Closes it when the cyclic collector comes by.
    Collected,
    /// Keeps it open for ever.
    Kept,
    /// Loses what was written.
    Lost,
}

/// An argument with which a constructor owns nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Unless {
    /// A keyword is given.
    Keyword(String),
    /// The argument at a position is an open stream, not a path.
    Stream(usize),
    /// A keyword is given that is a connection, and not what makes connections.
    Connection(String),
}

impl TryFrom<String> for Unless {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            None => Ok(Self::Keyword(text)),
            Some((keyword, "connection")) => Ok(Self::Connection(keyword.to_owned())),
            Some((position, "stream")) => {
                position.parse().map(Self::Stream).map_err(|_| format!("`{position}` is not a position"))
            }
            Some(_) => {
                Err(format!("`{text}` is neither a keyword, `<position>:stream` nor `<keyword>:connection`"))
            }
        }
    }
}

/// A keyword argument with a value, as in `stream=True`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct When {
    /// The keyword.
    pub keyword: String,
    /// Whether its value is true.
    pub value: bool,
}

impl TryFrom<String> for When {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('=') {
            Some((keyword, "True")) => Ok(Self { keyword: keyword.to_owned(), value: true }),
            Some((keyword, "False")) => Ok(Self { keyword: keyword.to_owned(), value: false }),
            _ => Err(format!("`{text}` is not `<keyword>=True` or `<keyword>=False`")),
        }
    }
}

/// `resources.toml`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) resource: Vec<Resource>,
}

/// Resources by import path.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    entries: Vec<Arc<Resource>>,
    by_path: FxHashMap<String, usize>,
    takers: FxHashSet<String>,
    by_method: FxHashMap<String, usize>,
    by_exception: FxHashMap<String, usize>,
    last_names: FxHashSet<String>,
}

impl Resources {
    pub(crate) fn new(entries: Vec<Resource>) -> Self {
        let mut resources = Self::default();
        resources.extend(entries);
        resources
    }

    pub(crate) fn extend(&mut self, more: Vec<Resource>) {
        for entry in more {
            let index = self.entries.len();
            for path in std::iter::once(&entry.constructor).chain(&entry.aliases) {
                if entry.caught {
                    self.by_exception.insert(path.clone(), index);
                    continue;
                }
                self.last_names.insert(path.rsplit('.').next().unwrap_or(path).to_owned());
                self.by_path.insert(path.clone(), index);
            }
            if let Some((_, method)) = entry.constructor.rsplit_once('.').filter(|_| entry.any_receiver) {
                self.by_method.insert(method.to_owned(), index);
            }
            self.takers.extend(entry.release_by.iter().chain(&entry.transfer_to).cloned());
            self.entries.push(Arc::new(entry));
        }
    }

    /// The resource that a call of an import path hands out.
    pub fn get(&self, path: &str) -> Option<&Arc<Resource>> {
        self.by_path.get(path).map(|&index| &self.entries[index])
    }

    /// The resource that a method of this name hands out on whatever object.
    pub fn of_any_receiver(&self, method: &str) -> Option<&Arc<Resource>> {
        self.by_method.get(method).map(|&index| &self.entries[index])
    }

    /// The resource that comes with an exception.
    pub fn caught(&self, path: &str) -> Option<&Arc<Resource>> {
        self.by_exception.get(path).map(|&index| &self.entries[index])
    }

    /// Whether some resource is handed out by a call of this name, whatever comes before it.
    pub fn is_last_name(&self, name: &str) -> bool {
        self.last_names.contains(name)
    }

    /// Whether the function at an import path gives back or takes over some resource.
    pub fn takes(&self, path: &str) -> bool {
        self.takers.contains(path)
    }

    /// All resources.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.entries.iter().map(|entry| &**entry)
    }
}

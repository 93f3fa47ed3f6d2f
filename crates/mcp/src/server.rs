//! The server: which tools there are, and what they are told.

use std::sync::Arc;

use leakwright_engine::Scope;
use rmcp::handler::server::router::prompt::PromptRouter;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, Implementation, JsonObject, ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, prompt_handler, tool, tool_handler, tool_router};
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal, told};
use crate::folders::Folders;
use crate::tools::{check, explain, fix, memory, report};

/// A server for some folders.
#[derive(Clone)]
pub(crate) struct Server {
    folders: Arc<Folders>,
    tools: ToolRouter<Self>,
    prompts: PromptRouter<Self>,
}

/// The tools that answer with findings.
const FINDING: [&str; 3] = ["mem.leaks", "mem.scan", "mem.handles"];

const INSTRUCTIONS: &str = "\
Finds memory leaks, unbounded growth and unreleased resources in Python code, shows why each one lasts, and mends it. \
Paths are relative to the first folder the server was started with, or absolute within one of them. \
`mem.leaks` finds all kinds, `mem.scan` growth and caches, `mem.handles` resources. `mem.fix` shows a diff, and changes files \
only with `apply`. `memory.search` finds what the team learnt before, `memory.share_learning` keeps it.";

impl Server {
    pub(crate) fn new(folders: Folders) -> Self {
        let mut tools = Self::tool_router();
        let schema = findings_schema();
        for name in FINDING {
            if let Some(tool) = tools.map.get_mut(name) {
                tool.attr.output_schema = Some(Arc::clone(&schema));
            }
        }
        Self { folders: Arc::new(folders), tools, prompts: Self::prompt_router() }
    }

    /// Works on a thread that may block. A fault in there ends this call, not the server.
    async fn work(&self, work: impl FnOnce(&Folders) -> Answer + Send + 'static) -> CallToolResult {
        let folders = Arc::clone(&self.folders);
        let answer = tokio::task::spawn_blocking(move || work(&folders)).await;
        told(answer.unwrap_or_else(|_| Err(Refusal::new(&"internal error; please report it with the file"))))
    }
}

#[tool_router]
impl Server {
    /// Find memory leaks of all kinds in Python code: containers and caches that grow without end, resources that are not
    /// released, references, tensors and tasks that are kept. Each finding has its evidence, its risk, and how to mend it.
    #[tool(
        name = "mem.leaks",
        annotations(title = "Find memory leaks", read_only_hint = true, open_world_hint = false)
    )]
    async fn leaks(&self, Parameters(params): Parameters<check::Params>) -> CallToolResult {
        self.work(move |folders| check::run(folders, &params, Scope::All)).await
    }

    /// Find containers and caches that grow without end: lists, dicts, queues, memo tables, `lru_cache` without a limit.
    #[tool(
        name = "mem.scan",
        annotations(title = "Find unbounded growth", read_only_hint = true, open_world_hint = false)
    )]
    async fn scan(&self, Parameters(params): Parameters<check::Params>) -> CallToolResult {
        self.work(move |folders| check::run(folders, &params, Scope::Growth)).await
    }

    /// Find resources that are opened and not released on every way: files, sockets, connections, sessions, pools, processes.
    #[tool(
        name = "mem.handles",
        annotations(title = "Find unreleased resources", read_only_hint = true, open_world_hint = false)
    )]
    async fn handles(&self, Parameters(params): Parameters<check::Params>) -> CallToolResult {
        self.work(move |folders| check::run(folders, &params, Scope::Resources)).await
    }

    /// Show how leaks can be mended, as a diff. With `apply` the files are changed and checked again; `leakwright undo` takes
    /// it back.
    #[tool(
        name = "mem.fix",
        annotations(
            title = "Mend leaks",
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn fix(&self, Parameters(params): Parameters<fix::Params>) -> CallToolResult {
        self.work(move |folders| fix::run(folders, &params)).await
    }

    /// The audit of a path as Markdown: a summary, and for each finding what leaks, how it grows, what shows it, and how to
    /// mend it.
    #[tool(
        name = "mem.report",
        annotations(title = "Write the leak audit", read_only_hint = true, open_world_hint = false)
    )]
    async fn report(&self, Parameters(params): Parameters<report::Params>) -> CallToolResult {
        self.work(move |folders| report::run(folders, &params)).await
    }

    /// Explain a rule, with what the team learnt where it fired before; or, given a path and a line, say why nothing is
    /// reported there.
    #[tool(
        name = "mem.explain",
        annotations(
            title = "Explain a rule or a silent line",
            read_only_hint = true,
            open_world_hint = false
        )
    )]
    async fn explain(&self, Parameters(params): Parameters<explain::Params>) -> CallToolResult {
        self.work(move |folders| explain::run(folders, &params)).await
    }

    /// Keep what was learnt about a leak as a note in the repository, where the editor and `mem.explain` show it when the same
    /// rule fires again.
    #[tool(
        name = "memory.share_learning",
        annotations(
            title = "Keep what was learnt",
            read_only_hint = false,
            destructive_hint = false,
            open_world_hint = false
        )
    )]
    async fn share_learning(&self, Parameters(params): Parameters<memory::Share>) -> CallToolResult {
        self.work(move |folders| memory::share(folders, params)).await
    }

    /// Find what the team learnt about leaks before, by words, tags and rule, the best first.
    #[tool(
        name = "memory.search",
        annotations(title = "Find what was learnt", read_only_hint = true, open_world_hint = false)
    )]
    async fn search(&self, Parameters(params): Parameters<memory::Search>) -> CallToolResult {
        self.work(move |folders| memory::search(folders, &params)).await
    }
}

#[tool_handler(router = self.tools)]
#[prompt_handler(router = self.prompts)]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_prompts().build();
        let implementation =
            Implementation::new("leakwright", env!("CARGO_PKG_VERSION")).with_title("Leakwright");
        ServerConfig::new(capabilities).with_server_info(implementation).with_instructions(INSTRUCTIONS)
    }
}

/// The schema of the command line's JSON, and which part of the findings it is.
fn findings_schema() -> Arc<JsonObject> {
    let mut schema: Value = serde_json::from_str(leakwright_report::SCHEMA).unwrap_or_default();
    let Some(schema) = schema.as_object_mut() else { return Arc::default() };
    for key in ["$schema", "$id", "description"] {
        schema.remove(key);
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let count = |what: &str| json!({ "type": "integer", "minimum": 0, "description": what });
        properties.insert("total".to_owned(), count("How many findings there are in all."));
        properties.insert("offset".to_owned(), count("How many of them come before those that are here."));
    }
    Arc::new(std::mem::take(schema))
}

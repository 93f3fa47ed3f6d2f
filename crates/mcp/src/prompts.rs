//! The prompts that a user may choose.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{ContentBlock, GetPromptResult, PromptMessage, Role};
use rmcp::schemars::JsonSchema;
use rmcp::{prompt, prompt_router};
use serde::Deserialize;

use crate::server::Server;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub(crate) struct Hunt {
    /// The file or folder to look at; the whole project if it is not said.
    path: Option<String>,
}

#[prompt_router(vis = "pub(crate)")]
impl Server {
    /// Find the memory leaks of a path, understand each, and write the report.
    #[expect(clippy::unused_self, reason = "the router calls methods")]
    #[prompt(name = "hunt_memory_leaks", title = "Hunt memory leaks and write the report")]
    fn hunt_memory_leaks(&self, Parameters(Hunt { path }): Parameters<Hunt>) -> GetPromptResult {
        let path = path.filter(|path| !path.trim().is_empty()).unwrap_or_else(|| ".".to_owned());
        let text = HUNT.replace("{path}", &path);
        GetPromptResult::new(vec![PromptMessage::new(Role::User, ContentBlock::text(text))])
            .with_description(format!("Hunts memory leaks in {path}"))
    }
}

const HUNT: &str = "\
Hunt memory leaks in {path}, and write the report.

1. Call `mem.scan` with the path {path} for containers and caches that grow without end, `mem.handles` for resources that \
are not released, and `mem.leaks` for everything, references, tensors and tasks included. Page through the findings \
with `offset` until you have seen all.
2. Call `memory.search` for what the team learnt about the rules that fired, and `mem.explain` for each rule that you \
do not know.
3. Read the code around each finding, and its callers. Decide whether it is a leak in this program: what holds it, what makes \
it grow or acquires it, why that repeats, and why nothing releases it. Where a line looks leaky and nothing is \
reported, ask `mem.explain` with its path and line why.
4. Call `mem.report` with the path {path}, and write `LEAK_AUDIT.md` from it. Keep its sections for each finding: File, Leak type, Growth \
pattern, Memory impact, Evidence, Detection, Fix. Add what you found out, and say of each finding whether you confirm it. \
Begin with a summary: how many of each type and risk, the worst files, what was looked at.
5. Show what `mem.fix` would change. Do not apply anything before you are asked to; then call it with `apply`, run the \
tests of the project, and call `mem.leaks` again. `leakwright undo` takes it back.
6. Keep what is worth knowing next time with `memory.share_learning`.
";

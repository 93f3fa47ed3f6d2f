//! Which instructions raise exceptions that are worth thinking of.
//!
//! Almost every instruction of Python can raise. Following all of them would report code for a lookup that
//! never fails; what is followed is what fails in practice: calls, waiting, and explicit `raise`.

use crate::ir::{Op, Val};
use crate::project::{CodeId, Project};

/// Whether an exception raised here may lead to a handler of the function.
pub(super) fn may_be_caught(project: &Project, code: CodeId, at: Val) -> bool {
    let op = project.facts(code).body.op(at);
    if matches!(op, Op::Call { .. }) {
        return is_fallible(project, code, at);
    }
    match op {
        Op::Yield(_) => !is_fixture(project, code),
        Op::Await(_) | Op::YieldFrom(_) | Op::Raise(_) | Op::Enter { .. } => true,
        _ => false,
    }
}

/// Whether a function is a fixture: what a test raises does not come out of its `yield`.
fn is_fixture(project: &Project, code: CodeId) -> bool {
    is_decorated_with(project, code, &["fixture"])
}

/// Whether a function has a decorator with one of some last names.
pub(super) fn is_decorated_with(project: &Project, code: CodeId, names: &[&str]) -> bool {
    let facts = project.facts(code);
    facts.decorators.iter().any(|decorator| {
        let called = match facts.body.op(*decorator) {
            Op::Call { callee, .. } => callee,
            _ => *decorator,
        };
        let path = project.import_path(code, called);
        path.as_deref().and_then(|path| path.rsplit('.').next()).is_some_and(|last| names.contains(&last))
    })
}

/// Whether an instruction fails often enough that code has to be ready for it.
pub(super) fn is_fallible(project: &Project, code: CodeId, at: Val) -> bool {
    let facts = project.facts(code);
    match facts.body.op(at) {
        Op::Yield(_) => !is_fixture(project, code),
        Op::Raise(_) | Op::Await(_) | Op::YieldFrom(_) => true,
        Op::Call { callee, .. } => match facts.body.op(callee) {
            Op::Attr { base, name } => {
                let name = facts.str(name);
                !is_harmless_method(name)
                    && !is_log(project, code, base)
                    && project.import_path(code, callee).is_none_or(|path| !is_harmless_function(&path))
            }
            Op::Load(_) => project.import_path(code, callee).is_none_or(|path| !is_harmless_function(&path)),
            _ => true,
        },
        _ => false,
    }
}

fn is_harmless_method(name: &str) -> bool {
    matches!(
        name,
        "append"
            | "pop"
            | "add"
            | "extend"
            | "update"
            | "insert"
            | "encode"
            | "debug"
            | "info"
            | "warning"
            | "warn"
            | "error"
            | "exception"
            | "critical"
            | "log"
            | "appendleft"
            | "discard"
            | "clear"
            | "get"
            | "items"
            | "keys"
            | "values"
            | "copy"
            | "setdefault"
            | "startswith"
            | "endswith"
            | "strip"
            | "lstrip"
            | "rstrip"
            | "lower"
            | "upper"
            | "replace"
            | "join"
            | "split"
            | "format"
            | "settimeout"
            | "setsockopt"
            | "setblocking"
            | "set_debuglevel"
            | "fileno"
            | "getsockname"
            | "tell"
            | "isatty"
            | "isdigit"
            | "poll"
            | "is_set"
            | "set"
            | "cancel"
            | "close"
            | "flush_headers"
            | "set_inheritable"
    )
}

/// Functions that do not fail on what they are given in practice.
fn is_harmless_function(path: &str) -> bool {
    matches!(
        path,
        "len"
            | "isinstance"
            | "issubclass"
            | "print"
            | "str"
            | "repr"
            | "bool"
            | "list"
            | "dict"
            | "set"
            | "tuple"
            | "frozenset"
            | "range"
            | "enumerate"
            | "zip"
            | "map"
            | "filter"
            | "reversed"
            | "iter"
            | "hasattr"
            | "getattr"
            | "setattr"
            | "id"
            | "type"
            | "super"
            | "callable"
            | "bytearray"
            | "time.time"
            | "time.monotonic"
            | "time.perf_counter"
            | "time.sleep"
            | "os.getpid"
            | "os.path.join"
            | "os.path.basename"
            | "os.path.dirname"
            | "os.path.exists"
            | "os.path.abspath"
            | "os.fspath"
            | "functools.partial"
            | "threading.Lock"
            | "threading.Event"
            | "contextlib.suppress"
            | "contextlib.closing"
            | "contextlib.aclosing"
            | "os.close"
            | "os.fdopen"
            | "os.set_blocking"
            | "os.set_inheritable"
            | "fcntl.fcntl"
            | "re.escape"
            | "re.compile"
            | "sys.audit"
            | "warnings.filterwarnings"
            | "os.dup2"
            | "os.fork"
            | "os.setsid"
            | "os.umask"
            | "asyncio.set_event_loop"
    ) || path.starts_with("logging.")
        || path.starts_with("warnings.")
}

/// Whether an object is a logger, by its name.
fn is_log(project: &Project, code: CodeId, base: Val) -> bool {
    let facts = project.facts(code);
    let named = |name: &str| {
        let name = name.trim_start_matches('_').to_ascii_lowercase();
        matches!(name.as_str(), "log" | "logger" | "logging" | "app_log" | "access_log" | "gen_log")
    };
    match facts.body.op(base) {
        Op::Load(var) => named(facts.var_name(var)),
        Op::Attr { name, .. } => named(facts.str(name)),
        _ => false,
    }
}

//! Much at once: files that the editor moves, a branch that is switched, hundreds of open documents.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use leakwright_testkit::{Folder, LspClient};
use serde_json::{Value, json};

const LEAK: &str = "def load(path):\n    handle = open(path)\n    return handle.read()\n";
const SOUND: &str = "def load(path):\n    with open(path) as handle:\n        return handle.read()\n";
const USER: &str = "from factory import connect\n\n\ndef load(path):\n    handle = connect(path)\n    return handle.read()\n";

fn start(folder: &Folder) -> LspClient {
    LspClient::start_in(folder.path(), &json!({ "workspace": { "workspaceFolders": true } }))
}

fn leaks(shown: &[Value]) -> bool {
    shown.len() == 1 && shown[0]["code"] == "LW301"
}

fn run(client: &mut LspClient, command: &str) -> Value {
    client.request("workspace/executeCommand", &json!({ "command": command }))
}

/// How often the disk was looked at.
fn scans(client: &mut LspClient) -> u64 {
    run(client, "leakwright.showState")["timings"]["scan"]["count"].as_u64().unwrap()
}

#[test]
fn what_the_editor_makes_renames_and_removes_counts() {
    let folder = Folder::new(&[("a.py", LEAK), ("pkg/b.py", LEAK), ("pkg/c.py", SOUND)]);
    let mut client = LspClient::spawn(folder.path());
    let folders = json!([{ "uri": leakwright_testkit::file_uri(folder.path()), "name": "folder" }]);
    let capabilities = client.initialize(&json!({ "workspaceFolders": folders, "capabilities": {} }));
    for operation in ["didCreate", "didRename", "didDelete"] {
        let filters = &capabilities["workspace"]["fileOperations"][operation]["filters"];
        assert_eq!(filters.as_array().unwrap().len(), 3, "{operation}");
    }
    client.wait_until_shown(&folder.uri("pkg/b.py"), leaks);
    std::fs::rename(folder.file("a.py"), folder.file("z.py")).unwrap();
    let renamed = json!({ "files": [{ "oldUri": folder.uri("a.py"), "newUri": folder.uri("z.py") }] });
    client.notify("workspace/didRenameFiles", &renamed);
    client.wait_until_shown(&folder.uri("z.py"), leaks);
    client.wait_until_shown(&folder.uri("a.py"), <[Value]>::is_empty);
    std::fs::rename(folder.file("pkg"), folder.file("lib")).unwrap();
    let renamed = json!({ "files": [{ "oldUri": folder.uri("pkg"), "newUri": folder.uri("lib") }] });
    client.notify("workspace/didRenameFiles", &renamed);
    client.wait_until_shown(&folder.uri("lib/b.py"), leaks);
    client.wait_until_shown(&folder.uri("pkg/b.py"), <[Value]>::is_empty);
    folder.write("new.py", LEAK);
    client.notify("workspace/didCreateFiles", &json!({ "files": [{ "uri": folder.uri("new.py") }] }));
    client.wait_until_shown(&folder.uri("new.py"), leaks);
    std::fs::remove_dir_all(folder.file("lib")).unwrap();
    client.notify("workspace/didDeleteFiles", &json!({ "files": [{ "uri": folder.uri("lib") }] }));
    client.wait_until_shown(&folder.uri("lib/b.py"), <[Value]>::is_empty);
    // What makes no sense is passed over.
    client
        .notify("workspace/didDeleteFiles", &json!({ "files": [{ "uri": "no address" }, { "uri": "x:y" }] }));
    folder.write("leakwright.toml", "ignore = ['LW301']\n");
    client
        .notify("workspace/didCreateFiles", &json!({ "files": [{ "uri": folder.uri("leakwright.toml") }] }));
    client.wait_until_shown(&folder.uri("new.py"), <[Value]>::is_empty);
}

#[test]
fn a_branch_that_changes_thousands_of_files_is_looked_at_once_and_edits_are_answered_meanwhile() {
    const FILES: usize = 3000;
    let folder = Folder::new(&[]);
    let name = |index: usize| format!("pkg{}/m{index}.py", index % 30);
    let text = |index: usize, branch: usize| if (index + branch).is_multiple_of(2) { LEAK } else { SOUND };
    (0..FILES).for_each(|index| folder.write(&name(index), text(index, 0)));
    folder.write("open.py", LEAK);
    let open = folder.uri("open.py");
    let mut client = start(&folder);
    client.open(&open, LEAK, 1);
    client.diagnostics(&open, 1);
    let counts = run(&mut client, "leakwright.scanWorkspace");
    assert_eq!(
        (&counts["files"], &counts["findings"]),
        (&json!(FILES + 1), &json!(FILES / 2 + 1)),
        "{counts}"
    );
    let before = scans(&mut client);
    (0..FILES).for_each(|index| folder.write(&name(index), text(index, 1)));
    let changes: Vec<Value> =
        (0..FILES).map(|index| json!({ "uri": folder.uri(&name(index)), "type": 2 })).collect();
    client.notify("workspace/didChangeWatchedFiles", &json!({ "changes": changes }));
    for version in 2..30 {
        let wanted = if version % 2 == 0 { SOUND } else { LEAK };
        client.change(&open, version, &json!([{ "text": wanted }]));
        assert_eq!(client.diagnostics(&open, version).len(), usize::from(version % 2 == 1));
    }
    for index in 0..FILES {
        client.wait_until_shown(&folder.uri(&name(index)), |shown| leaks(shown) == (text(index, 1) == LEAK));
    }
    assert_eq!(scans(&mut client) - before, 1);
    // Told of one after the other, they are looked at as they come, not one by one.
    for change in &changes {
        client.notify("workspace/didChangeWatchedFiles", &json!({ "changes": [change] }));
    }
    client.change(&open, 30, &json!([{ "text": LEAK }]));
    assert_eq!(client.diagnostics(&open, 30).len(), 1);
    let counts = run(&mut client, "leakwright.scanWorkspace");
    assert_eq!(counts["findings"], FILES / 2 + 1, "{counts}");
    let after = scans(&mut client) - before;
    assert!(after < 200, "{after} looks at the disk");
}

#[test]
fn hundreds_of_documents_are_open() {
    const OPEN: usize = 300;
    let factory = "def connect(path):\n    return path\n";
    let folder = Folder::new(&[("factory.py", factory)]);
    let name = |index: usize| format!("m{index}.py");
    (0..OPEN).for_each(|index| folder.write(&name(index), if index % 3 == 0 { USER } else { LEAK }));
    let mut client = start(&folder);
    for index in 0..OPEN {
        client.open(&folder.uri(&name(index)), if index % 3 == 0 { USER } else { LEAK }, 1);
    }
    let shown = |client: &mut LspClient, is_opened: bool| {
        for index in 0..OPEN {
            let uri = folder.uri(&name(index));
            client.wait_until_shown(&uri, |shown| leaks(shown) == (is_opened || index % 3 != 0));
        }
    };
    shown(&mut client, false);
    // One edit changes what is found in a hundred of them.
    client.open(&folder.uri("factory.py"), factory, 1);
    client.change(
        &folder.uri("factory.py"),
        2,
        &json!([{ "text": factory.replace("return path", "return open(path)") }]),
    );
    shown(&mut client, true);
    for index in 0..OPEN {
        client.change(&folder.uri(&name(index)), 2, &json!([{ "text": SOUND }]));
    }
    for index in 0..OPEN {
        assert_eq!(client.diagnostics(&folder.uri(&name(index)), 2), Vec::<Value>::new());
    }
    for index in 0..OPEN {
        let uri = folder.uri(&name(index));
        client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": uri } }));
    }
    client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": folder.uri("factory.py") } }));
    shown(&mut client, false);
    let state = run(&mut client, "leakwright.showState");
    assert_eq!(state["documents"], json!([]));
}

#[cfg(unix)]
#[test]
fn programs_without_an_ending_are_found_by_their_first_line() {
    use std::os::unix::fs::PermissionsExt;
    let script = format!("#!/usr/bin/env python3\n{LEAK}");
    let folder = Folder::new(&[
        ("tool", &script),
        ("unmarked", &script),
        ("shell", "#!/bin/sh\n# python\n"),
        ("tool.py", "def load(path):\n    return open(path)\n"),
        (
            "user.py",
            "from tool import load\n\n\ndef read(path):\n    handle = load(path)\n    return handle.read()\n",
        ),
    ]);
    for name in ["tool", "shell"] {
        std::fs::set_permissions(folder.file(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let check = |paths: &[&str]| {
        let mut command = leakwright_testkit::leakwright(folder.path());
        let output = command.args(["check", "--format", "concise"]).args(paths).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let found = check(&[]);
    // `tool` is run; what is imported is `tool.py`.
    assert!(
        found.contains("tool:3") && found.contains("user.py:5") && !found.contains("unmarked"),
        "{found}"
    );
    assert!(
        check(&["unmarked"]).contains("unmarked:3"),
        "a file that is named is taken whatever it is called"
    );
    let mut client = start(&folder);
    client.wait_until_shown(&folder.uri("tool"), leaks);
    client.open(&folder.uri("tool"), &script, 1);
    client.open(&folder.uri("unmarked"), &script, 1);
    assert!(leaks(&client.diagnostics(&folder.uri("tool"), 1)));
    client.wait_until_shown(&folder.uri("unmarked"), leaks);
}

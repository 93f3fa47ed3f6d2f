//! `leakwright report --format html`: one page that needs nothing else, and in which nothing of the code is markup. In a
//! browser it is tested by `cargo xtask test editors --only report`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use leakwright_testkit::{leakwright, python, repository};
use serde_json::Value;

fn print(folder: &Path, arguments: &[&str]) -> String {
    let output = leakwright(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What stands between the first pair of tags after a place.
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

#[test]
fn a_page_has_every_finding_and_asks_for_nothing_else() {
    let page = print(repository(), &["report", "examples", "--format", "html"]);
    assert_eq!(page, print(repository(), &["report", "examples", "--format", "html"]), "the same every time");
    let found = leakwright(repository()).args(["check", "examples", "--format", "json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    let findings = found["findings"].as_array().unwrap();
    assert_eq!(page.matches("<article ").count(), findings.len());
    for finding in findings {
        let text = |name: &str| finding[name].as_str().unwrap();
        for part in [
            format!("<code>{}</code>", text("fingerprint")),
            format!("data-rule=\"{}\"", text("code")),
            format!("<code>{}:{}</code>", text("path"), finding["range"]["start"]["line"]),
        ] {
            assert!(page.contains(&part), "{part}");
        }
    }
    for part in [
        "Evidence",
        "Detection",
        "Fix",
        "<h2 id=\"checklist-title\">Checklist</h2>",
        "By family",
        "By folder",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // All that is loaded is in the page, and no place in it needs what its policy forbids.
    for part in ["<link", " src=", "@import", "url(", " style=", " onclick=", "<img", "<iframe", "<base"] {
        assert!(!page.contains(part), "{part}");
    }
}

#[test]
fn the_policy_of_a_page_names_its_own_style_and_script() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("page.html"),
        print(repository(), &["report", "examples", "--format", "html"]),
    )
    .unwrap();
    let program = "import base64, hashlib, re\n\
        page = open('page.html', encoding='utf-8').read()\n\
        for tag in ['style', 'script']:\n    \
            (text,) = re.findall(f'<{tag}>(.*?)</{tag}>', page, re.S)\n    \
            hash = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()\n    \
            assert f\"{tag}-src 'sha256-{hash}'\" in page.replace('&#39;', \"'\"), tag\n\
        print('same')\n";
    assert_eq!(python.print(program, folder.path()).trim(), "same");
}

#[test]
fn nothing_of_the_code_is_markup() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = "seen = []  # </script><img src=x onerror=alert(1)> `\n\n\n\
        def handle(event):\n    seen.append((event, \"</pre><script>alert(2)</script>\"))  # \u{202e} \u{7}\n";
    for name in ["a`b<b>.py", "x \"q\" onclick='y'.py", "new\nline.py", "class.py"] {
        std::fs::write(folder.path().join(name), hostile).unwrap();
    }
    let page = print(folder.path(), &["report", "--format", "html"]);
    assert_eq!(page.matches("<article ").count(), 4);
    assert_eq!((page.matches("<script>").count(), page.matches("</script>").count()), (1, 1));
    let shown = format!("{}{}", page.split("<style>").next().unwrap(), between(&page, "<body>", "<script>"));
    for part in ["<img", "<b>", "\" onclick", "\u{202e}", "\u{7}"] {
        assert!(!shown.contains(part), "{part:?}");
    }
    assert!(shown.contains("new\\u{a}line.py") && shown.contains("a`b&lt;b&gt;.py"), "paths are written out");
}

#[test]
fn a_page_is_written_into_a_folder_and_replaces_its_own_only() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sound.py"), "x = 1\n").unwrap();
    let write =
        || leakwright(folder.path()).args(["report", "--format", "html", "--out", "audit"]).output().unwrap();
    for _ in 0..2 {
        let output = write();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "audit/LEAK_AUDIT.html\n");
        assert_eq!(output.stderr, b"");
    }
    let path = folder.path().join("audit/LEAK_AUDIT.html");
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page.contains("No leaks detected in 1 file.") && !page.contains("<article"), "{page}");
    // Each form knows the other's documents for reports, and says nothing of them.
    let markdown = leakwright(folder.path()).args(["report", "--out", "audit"]).output().unwrap();
    assert_eq!((markdown.status.code(), markdown.stderr), (Some(0), Vec::new()));
    std::fs::write(&path, "<!DOCTYPE html><p>my own").unwrap();
    assert_eq!(write().status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "<!DOCTYPE html><p>my own");
}

//! What suppression comments say.
//!
//! A comment can hold several remarks, each behind a `#` of its own: for us, for other tools, for people. Ours are
//! `leakwright: ignore[LW101] reason`, `leakwright: ignore-file[LW101] reason`, and `noqa: LW101`.

use serde::{Deserialize, Serialize};

/// A remark that silences findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Directive {
    /// How it is written.
    pub(crate) form: Form,
    /// What it silences, as it is written: codes, prefixes of codes, names or families of rules. Empty for all.
    pub(crate) codes: Vec<String>,
    /// Whether it says why.
    pub(crate) has_reason: bool,
}

/// How a remark is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Form {
    /// `leakwright: ignore`.
    Line,
    /// `leakwright: ignore-file`.
    File,
    /// `noqa: LW101`.
    Noqa,
}

/// The remarks of a comment: where they begin and end in it, trailing space left out.
pub(super) fn remarks(comment: &str) -> impl Iterator<Item = (usize, usize)> {
    let bytes = comment.as_bytes();
    let begins = |at: &usize| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(at + 1);
        // `#123` is the number of an issue, within a reason.
        bytes[*at] == b'#'
            && before.is_none_or(u8::is_ascii_whitespace)
            && !after.is_some_and(u8::is_ascii_digit)
    };
    let starts: Vec<usize> = (0..bytes.len()).filter(begins).collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([comment.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| (start, start + comment[start..end].trim_end().len()))
}

/// What a remark silences; `None` if it is about something else.
pub(super) fn directive(remark: &str) -> Option<Directive> {
    match remark.split_once("leakwright:") {
        Some((_, rest)) => own(rest.trim_start()),
        None => noqa(remark),
    }
}

fn own(said: &str) -> Option<Directive> {
    let rest = said.strip_prefix("ignore")?;
    let (form, rest) = match rest.strip_prefix("-file") {
        Some(rest) => (Form::File, rest),
        None => (Form::Line, rest),
    };
    let (codes, rest) = match rest.strip_prefix('[') {
        Some(list) => {
            let (list, rest) = list.split_once(']')?;
            let codes: Vec<String> = split(list).map(str::to_owned).collect();
            if codes.is_empty() {
                return None;
            }
            (codes, rest)
        }
        None if rest.is_empty() || rest.starts_with([' ', '\t', ':']) => (Vec::new(), rest),
        None => return None,
    };
    Some(Directive { form, codes, has_reason: has_words(rest) })
}

/// `noqa: E501, LW101 reason`: codes until something that is none.
fn noqa(remark: &str) -> Option<Directive> {
    let (_, rest) = remark.split_once("noqa")?;
    let list = rest.trim_start().strip_prefix(':')?;
    let all: Vec<&str> = split(list).take_while(|code| is_code(code)).collect();
    let after = all.last().and_then(|last| list.rsplit_once(last)).map(|(_, after)| after);
    let codes: Vec<String> = all.into_iter().filter(|code| is_own(code)).map(str::to_owned).collect();
    let has_reason = after.is_some_and(has_words);
    (!codes.is_empty()).then_some(Directive { form: Form::Noqa, codes, has_reason })
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t']).filter(|code| !code.is_empty())
}

/// Whether it looks like the code of some tool.
fn is_code(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    digits.len() < word.len() && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_own(code: &str) -> bool {
    code.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("LW"))
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Where the codes stand in a remark that names some.
fn list(remark: &str, directive: &Directive) -> Option<(usize, usize)> {
    if directive.codes.is_empty() {
        return None;
    }
    if directive.form == Form::Noqa {
        let word = remark.find("noqa")?;
        let start = word + remark[word..].find(':')? + 1;
        let mut end = start;
        for code in split(&remark[start..]).take_while(|code| is_code(code)) {
            end += remark[end..].find(code)? + code.len();
        }
        return Some((start, end));
    }
    let word = remark.find("leakwright:")?;
    let start = word + remark[word..].find('[')? + 1;
    Some((start, start + remark[start..].find(']')?))
}

/// A remark without some of its codes; `None` if nothing of it is left.
pub(super) fn without(remark: &str, directive: &Directive, unused: &[String]) -> Option<String> {
    let is_unused = |code: &str| unused.iter().any(|unused| unused.eq_ignore_ascii_case(code));
    let (start, end) = list(remark, directive)?;
    let kept: Vec<&str> = split(&remark[start..end]).filter(|code| !is_unused(code)).collect();
    let space = if directive.form == Form::Noqa { " " } else { "" };
    (!kept.is_empty()).then(|| format!("{}{space}{}{}", &remark[..start], kept.join(", "), &remark[end..]))
}

/// A remark of ours that silences further codes, and says why if it did not.
pub(super) fn extended(remark: &str, directive: &Directive, codes: &[&str], reason: Option<&str>) -> String {
    let mut out = remark.to_owned();
    let is_new = |code: &&&str| !directive.codes.iter().any(|known| known.eq_ignore_ascii_case(code));
    if let Some((_, end)) = list(remark, directive) {
        let new: String = codes.iter().filter(is_new).map(|code| format!(", {code}")).collect();
        out.insert_str(end, &new);
    }
    match reason.filter(|_| !directive.has_reason) {
        Some(reason) => format!("{} {reason}", out.trim_end()),
        None => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(comment: &str) -> Vec<(Form, Vec<String>, bool)> {
        let found = remarks(comment).filter_map(|(start, end)| directive(&comment[start..end]));
        found.map(|found| (found.form, found.codes, found.has_reason)).collect()
    }

    #[test]
    fn remarks_are_told_apart() {
        let codes = |list: &[&str]| list.iter().map(|&code| code.to_owned()).collect::<Vec<String>>();
        for (comment, expected) in [
            ("# leakwright: ignore[LW101, lw202] why", vec![(Form::Line, codes(&["LW101", "lw202"]), true)]),
            ("# leakwright:ignore", vec![(Form::Line, vec![], false)]),
            ("# leakwright: ignore: see #12", vec![(Form::Line, vec![], true)]),
            ("# leakwright: ignore-file[cache] -", vec![(Form::File, codes(&["cache"]), false)]),
            ("#noqa:E501,LW301", vec![(Form::Noqa, codes(&["LW301"]), false)]),
            ("# noqa: LW301 is closed by its caller", vec![(Form::Noqa, codes(&["LW301"]), true)]),
            (
                "# noqa: LW301  # leakwright: ignore[LW101]",
                vec![(Form::Noqa, codes(&["LW301"]), false), (Form::Line, codes(&["LW101"]), false)],
            ),
        ] {
            assert_eq!(said(comment), expected, "{comment}");
        }
        for comment in
            ["# noqa", "# noqa: E501", "# leakwright: ignored", "# leakwright: ignore[]", "# leakwright: x"]
        {
            assert_eq!(said(comment), [], "{comment}");
        }
    }

    #[test]
    fn codes_are_taken_out_and_put_in() {
        let change =
            |remark: &str, unused: &str| without(remark, &directive(remark).unwrap(), &[unused.to_owned()]);
        assert_eq!(
            change("# leakwright: ignore[LW101,LW202] why", "LW101").as_deref(),
            Some("# leakwright: ignore[LW202] why")
        );
        assert_eq!(change("# noqa: E501, LW101 why", "LW101").as_deref(), Some("# noqa: E501 why"));
        assert_eq!(change("# leakwright: ignore[LW101] why", "lw101"), None);
        let extend =
            |remark: &str, reason| extended(remark, &directive(remark).unwrap(), &["LW301", "LW101"], reason);
        assert_eq!(
            extend("# leakwright: ignore[LW101] why", Some("x")),
            "# leakwright: ignore[LW101, LW301] why"
        );
        assert_eq!(extend("# leakwright: ignore", Some("meant")), "# leakwright: ignore meant");
    }
}

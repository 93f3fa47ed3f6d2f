//! What `IPython` understands and Python does not: lines for the shell, magics, questions. Their lines are
//! given something harmless in their place, so that all else stays where it is.

/// Magics whose cell is Python that runs in the notebook.
const IN_PLACE: [&str; 5] = ["capture", "debug", "prun", "time", "timeit"];

/// The text of a cell as Python, with as many lines, and the lines that were replaced.
pub(super) fn mask(text: &str) -> (String, Vec<u32>) {
    let first = text.lines().position(|line| !line.trim().is_empty());
    let magic = first.and_then(|index| text.lines().nth(index)?.trim_start().strip_prefix("%%"));
    let name = magic.map(|magic| magic.split_whitespace().next().unwrap_or_default());
    let is_foreign = name.is_some_and(|name| !IN_PLACE.contains(&name));
    let mut scanner = Scanner::default();
    let mut out = String::with_capacity(text.len());
    let mut masked = Vec::new();
    for (number, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.trim_end_matches(['\n', '\r']);
        let replacement = if is_foreign { Some(String::new()) } else { scanner.line(line) };
        if let Some(replacement) = &replacement {
            out.push_str(replacement);
            masked.push(number as u32);
        } else {
            out.push_str(line);
        }
        out.push_str(&whole[line.len()..]);
    }
    (out, masked)
}

/// Knows whether a line begins a statement, or goes on with a string or brackets.
#[derive(Default)]
struct Scanner {
    brackets: u32,
    /// The quotes that end the string that is open.
    string: Option<&'static str>,
    /// The line before ends in a backslash.
    goes_on: bool,
    /// The line before was replaced.
    was_replaced: bool,
}

impl Scanner {
    /// What stands for a line; nothing if it is Python.
    fn line(&mut self, line: &str) -> Option<String> {
        let begins = self.brackets == 0 && self.string.is_none() && !self.goes_on;
        let replacement = if self.goes_on && self.was_replaced {
            Some(String::new())
        } else {
            Some(line).filter(|_| begins).and_then(replacement)
        };
        self.was_replaced = replacement.is_some();
        self.goes_on = line.ends_with('\\');
        if replacement.is_none() {
            self.skip(line);
        }
        replacement
    }

    fn skip(&mut self, line: &str) {
        let mut rest = line;
        while let Some(next) = rest.chars().next() {
            let mut length = next.len_utf8();
            match self.string {
                Some(quotes) if rest.starts_with(quotes) => {
                    self.string = None;
                    length = quotes.len();
                }
                Some(_) if next == '\\' => length += rest[1..].chars().next().map_or(0, char::len_utf8),
                Some(_) => {}
                None => match next {
                    '#' => break,
                    '(' | '[' | '{' => self.brackets += 1,
                    ')' | ']' | '}' => self.brackets = self.brackets.saturating_sub(1),
                    _ => {
                        let quotes = ["\"\"\"", "'''", "\"", "'"];
                        if let Some(quotes) = quotes.into_iter().find(|quotes| rest.starts_with(quotes)) {
                            self.string = Some(quotes);
                            length = quotes.len();
                        }
                    }
                },
            }
            rest = &rest[length..];
        }
        // Only strings in three quotes go on in the next line.
        self.string = self.string.filter(|quotes| quotes.len() == 3 || line.ends_with('\\'));
    }
}

/// What stands for a line that begins a statement; nothing if it is Python.
fn replacement(line: &str) -> Option<String> {
    let statement = line.trim_start();
    let indent = &line[..line.len() - statement.len()];
    if is_magic(statement) || is_question(statement) {
        return Some(format!("{indent}pass"));
    }
    let value = assigned(line)?;
    is_magic(value).then(|| format!("{}None", &line[..line.len() - value.len()]))
}

fn is_magic(text: &str) -> bool {
    let name = text.trim_start_matches('%');
    text.starts_with('!')
        || (name.len() < text.len() && name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
}

/// `name?`, `?name`, `name??`: shows help.
fn is_question(text: &str) -> bool {
    let text = text.trim_end();
    let asked = text.trim_start_matches('?').trim_end_matches('?');
    asked.len() < text.len()
        && !asked.is_empty()
        && asked.trim().chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '*' | '%'))
}

/// What is assigned by a statement such as `files = !ls`.
fn assigned(line: &str) -> Option<&str> {
    let at = line.find('=')?;
    let is_target = |c: char| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '_' | '.' | ',');
    (line[..at].chars().all(is_target) && !line[at + 1..].starts_with('='))
        .then(|| line[at + 1..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str, lines: &[u32]) {
        assert_eq!(mask(text), (expected.to_owned(), lines.to_vec()), "{text}");
    }

    #[test]
    fn magics_and_shell_lines_are_replaced() {
        check("%matplotlib inline\nx = 1\n", "pass\nx = 1\n", &[0]);
        check("if a:\n    !ls -l\n    %cd x", "if a:\n    pass\n    pass", &[1, 2]);
        check("files = !ls *.py\nt = %time f()\n", "files = None\nt = None\n", &[0, 1]);
        check("!cat \\\n  a.txt\nx = 1\n", "pass\n\nx = 1\n", &[0, 1]);
        check("open?\n?open\nopen??\r\nx.y?\n", "pass\npass\npass\r\npass\n", &[0, 1, 2, 3]);
        check("%%time\nx = open(p)\n", "pass\nx = open(p)\n", &[0]);
        check("\n%%bash\nls (\n", "\n\n\n", &[0, 1, 2]);
        check("%%writefile a.py\nx = '''", "\n", &[0, 1]);
    }

    #[test]
    fn python_stays_as_it_is() {
        for text in [
            "x = (a\n     %b)\n",
            "x = a \\\n  %b\n",
            "s = '''\n%s\n!x\n''' % y\n%time",
            "x != y\nx == !y\nd['a'] = '!'\nx %= 3\n",
            "s = \"a\\\"(\" # ('''\n",
            "",
            "\n",
        ] {
            let expected =
                text.strip_suffix("%time").map_or_else(|| text.to_owned(), |kept| format!("{kept}pass"));
            assert_eq!(mask(text).0, expected);
        }
        check("x = '(\n%time f()", "x = '(\npass", &[1]);
    }
}

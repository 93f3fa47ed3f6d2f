//! Annotations, taken apart.

/// An annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// A name, dotted, with its parameters.
    Name(String, Vec<Type>),
    /// Alternatives, `None` among them left out.
    Union(Vec<Type>),
    /// Anything else that stands in an annotation: `...`, a literal.
    Other(String),
}

/// Takes an annotation apart, quoted or not. What is no type in its form is `None`.
pub(super) fn parse(text: &str) -> Option<Type> {
    let mut parser = Parser { rest: text.trim(), depth: 0 };
    let found = parser.union()?;
    parser.rest.trim().is_empty().then_some(found)
}

struct Parser<'t> {
    rest: &'t str,
    depth: u32,
}

/// How deep annotations are followed.
const MAX_DEPTH: u32 = 20;

impl Parser<'_> {
    fn union(&mut self) -> Option<Type> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut parts = vec![self.one()?];
        while self.eat('|') {
            parts.push(self.one()?);
        }
        self.depth -= 1;
        Some(joined(parts))
    }

    fn one(&mut self) -> Option<Type> {
        self.rest = self.rest.trim_start();
        if let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let inner = &self.rest[1..];
            let end = inner.find(quote)?;
            let (inside, rest) = (&inner[..end], &inner[end + 1..]);
            self.rest = rest;
            // A quoted type, or the value of a literal.
            return Some(parse(inside).unwrap_or_else(|| Type::Other(super::program::literal(inside))));
        }
        if self.eat('[') {
            // `Callable[[int], str]`
            while !self.eat(']') {
                self.union()?;
                self.eat(',');
            }
            return Some(Type::Other("[]".to_owned()));
        }
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-')))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name.is_empty() {
            return None;
        }
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Some(Type::Other(name.to_owned()));
        }
        let mut parameters = Vec::new();
        if self.eat('[') {
            while !self.eat(']') {
                parameters.push(self.union()?);
                self.eat(',');
            }
        }
        Some(match name.rsplit('.').next().unwrap_or(name) {
            "Optional" | "Union" if !parameters.is_empty() => joined(parameters),
            "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" | "InitVar"
                if !parameters.is_empty() =>
            {
                parameters.swap_remove(0)
            }
            _ => Type::Name(name.to_owned(), parameters),
        })
    }

    fn eat(&mut self, wanted: char) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(wanted) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }
}

fn joined(parts: Vec<Type>) -> Type {
    let mut some: Vec<Type> = Vec::new();
    for part in parts {
        match part {
            Type::Name(name, _) if name == "None" => {}
            Type::Union(inner) => some.extend(inner),
            other => some.push(other),
        }
    }
    match some.len() {
        0 => Type::Name("None".to_owned(), Vec::new()),
        1 => some.swap_remove(0),
        _ => Type::Union(some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str, parameters: Vec<Type>) -> Type {
        Type::Name(name.to_owned(), parameters)
    }

    #[test]
    fn annotations_are_taken_apart() {
        let text = || name("str", vec![]);
        assert_eq!(parse("str"), Some(text()));
        assert_eq!(parse("\"Thought | None\""), Some(name("Thought", vec![])));
        assert_eq!(parse("typing.Optional[str]"), Some(text()));
        assert_eq!(
            parse("dict[str, list[int]]"),
            Some(name("dict", vec![text(), name("list", vec![name("int", vec![])])]))
        );
        assert_eq!(parse("int | str"), Some(Type::Union(vec![name("int", vec![]), text()])));
        assert_eq!(
            parse("Callable[[int], str]"),
            Some(name("Callable", vec![Type::Other("[]".to_owned()), text()]))
        );
        assert_eq!(parse("None"), Some(name("None", vec![])));
        assert_eq!(parse("Literal['r w', -1]").map(|found| matches!(found, Type::Name(..))), Some(true));
    }

    #[test]
    fn what_is_no_type_is_none() {
        for text in ["", "f(x)", "[", "x[", "a b", "\"", &"[".repeat(10_000), &"x[".repeat(10_000)] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

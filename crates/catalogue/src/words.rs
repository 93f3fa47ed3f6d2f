//! What the words in names say about lifetime, keys and duty.

use rustc_hash::FxHashSet;
use serde::Deserialize;

type Set = FxHashSet<String>;

/// Words by what they say.
#[derive(Clone, Debug)]
pub struct Words {
    /// Words of classes whose objects live long.
    pub long_lived_class: Set,
    /// Words of classes whose objects are made for one piece of work.
    pub short_lived_class: Set,
    /// Words of containers that work passes through.
    pub accumulating: Set,
    /// Words of lists of what happened.
    pub history: Set,
    /// Words of dicts that remember results.
    pub cache: Set,
    /// Words of containers that gather what one piece of work gives.
    pub gathered: Set,
    /// Words of containers that describe something fixed.
    pub descriptive: Set,
    /// Words of methods called for each piece of work.
    pub repeated: Set,
    /// Words of methods called while something is set up.
    pub configuring: Set,
    /// Words of methods at the end of an object's life.
    pub teardown: Set,
    /// Words of keys that are new again and again.
    pub fresh_key: Set,
    /// Words of keys from a set that does not grow with the work.
    pub finite_key: Set,
    /// Words of keys for things that are installed: a set that hardly grows.
    pub installed_key: Set,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    class: Lifetimes,
    attribute: Attributes,
    method: Methods,
    key: Keys,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Lifetimes {
    long_lived: Set,
    short_lived: Set,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attributes {
    accumulating: Set,
    history: Set,
    cache: Set,
    gathered: Set,
    descriptive: Set,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Methods {
    repeated: Set,
    configuring: Set,
    teardown: Set,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    fresh: Set,
    finite: Set,
    installed: Set,
}

impl Words {
    pub(crate) fn new(file: File) -> Self {
        Self {
            long_lived_class: file.class.long_lived,
            short_lived_class: file.class.short_lived,
            accumulating: file.attribute.accumulating,
            history: file.attribute.history,
            cache: file.attribute.cache,
            gathered: file.attribute.gathered,
            descriptive: file.attribute.descriptive,
            repeated: file.method.repeated,
            configuring: file.method.configuring,
            teardown: file.method.teardown,
            fresh_key: file.key.fresh,
            finite_key: file.key.finite,
            installed_key: file.key.installed,
        }
    }

    /// Whether some word of a name is in a set, in the singular or the plural.
    pub fn any(set: &Set, name: &str) -> bool {
        split_words(name).any(|word| has(set, &word))
    }

    /// Whether the last word of a name, the one that says what it is, is in a set.
    pub fn last(set: &Set, name: &str) -> bool {
        split_words(name).last().is_some_and(|word| has(set, &word))
    }

    /// Whether the first word of a name, the one that says what it does, is in a set.
    pub fn first(set: &Set, name: &str) -> bool {
        split_words(name).next().is_some_and(|word| has(set, &word))
    }
}

fn has(set: &Set, word: &str) -> bool {
    let singular = |ending: &str, instead: &str| {
        word.strip_suffix(ending).is_some_and(|stem| set.contains(&format!("{stem}{instead}")))
    };
    set.contains(word) || singular("s", "") || singular("es", "") || singular("ies", "y")
}

/// The words of a name, in lower case: `_messageQueue2` is `message`, `queue`.
pub fn split_words(name: &str) -> impl Iterator<Item = String> {
    let mut chars = name.chars().peekable();
    let mut word = String::new();
    let mut previous_lower = false;
    std::iter::from_fn(move || {
        while let Some(c) = chars.next() {
            let next_lower = chars.peek().is_some_and(|next| next.is_lowercase());
            let boundary = !c.is_alphabetic() || (c.is_uppercase() && (previous_lower || next_lower));
            let done = if boundary { std::mem::take(&mut word) } else { String::new() };
            if c.is_alphabetic() {
                word.extend(c.to_lowercase());
            }
            previous_lower = c.is_lowercase();
            if !done.is_empty() {
                return Some(done);
            }
        }
        Some(std::mem::take(&mut word)).filter(|last| !last.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words() {
        let words = |name: &str| split_words(name).collect::<Vec<_>>().join(" ");
        assert_eq!(words("_messageQueue2"), "message queue");
        assert_eq!(words("HTTPServer"), "http server");
        assert_eq!(words("on_new_TCPMessage"), "on new tcp message");
        assert_eq!(words("__x__"), "x");
    }

    #[test]
    fn plurals_count_as_their_singular() {
        let set: Set = ["history", "box"].map(str::to_owned).into_iter().collect();
        for name in ["history", "histories", "old_boxes", "box"] {
            assert!(Words::last(&set, name), "{name}");
        }
        assert!(!Words::last(&set, "history_size"));
    }
}

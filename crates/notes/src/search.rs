//! Finding notes by their words.
//!
//! The ranking is BM25 with weighted fields (Robertson and Zaragoza, *The Probabilistic Relevance Framework:
//! BM25 and Beyond*, 2009): a word counts more the fewer notes have it, in a title more than in a tag and there
//! more than in the text, and less each time it comes up again. Words are compared without case; the beginning
//! of a word counts half.

use std::collections::BTreeMap;

use crate::note::Note;

/// Which notes are looked at.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Tags that a note must have, all of them.
    pub tags: Vec<String>,
    /// Codes of rules, one of which a note must be about.
    pub rules: Option<Vec<String>>,
}

/// A note that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The note.
    pub note: Note,
    /// How well it fits; more is better.
    pub score: f64,
}

const IN_TITLE: f64 = 3.0;
const IN_TAGS: f64 = 2.0;
const IN_TEXT: f64 = 1.0;

/// How soon a word that comes up again counts for nothing.
const SATURATION: f64 = 1.2;
/// How much the length of a note counts.
const LENGTH: f64 = 0.75;

/// Beginnings of words count from so many letters on.
const SHORTEST_PREFIX: usize = 3;

impl Filter {
    /// Whether a note is looked at.
    pub fn accepts(&self, note: &Note) -> bool {
        let has = |tag: &String| note.tags.iter().any(|own| own.to_lowercase() == tag.to_lowercase());
        let is_about = |rules: &Vec<String>| rules.iter().any(|code| note.is_about(code));
        self.tags.iter().all(has) && self.rules.as_ref().is_none_or(is_about)
    }
}

/// The notes that have any of the words, the best first.
pub fn search(notes: Vec<Note>, query: &str, filter: &Filter) -> Vec<Hit> {
    let notes: Vec<Note> = notes.into_iter().filter(|note| filter.accepts(note)).collect();
    let indexes: Vec<Index> = notes.iter().map(Index::new).collect();
    let mut terms = words(query);
    terms.sort();
    terms.dedup();
    let average = indexes.iter().map(|index| index.length).sum::<f64>() / count(indexes.len().max(1));
    let mut scores = vec![0.0; notes.len()];
    for term in &terms {
        let weights: Vec<f64> = indexes.iter().map(|index| index.weight(term)).collect();
        let having = count(weights.iter().filter(|weight| **weight > 0.0).count());
        let rarity = (1.0 + (count(notes.len()) - having + 0.5) / (having + 0.5)).ln();
        for ((score, weight), index) in scores.iter_mut().zip(weights).zip(&indexes) {
            let longer = 1.0 - LENGTH + LENGTH * index.length / average.max(1.0);
            *score += rarity * weight / (weight + SATURATION * longer);
        }
    }
    let mut hits: Vec<Hit> = notes
        .into_iter()
        .zip(scores)
        .filter(|(_, score)| *score > 0.0)
        .map(|(note, score)| Hit { note, score })
        .collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.note.name.cmp(&b.note.name)));
    hits
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The words of a note, with their weights.
struct Index {
    weights: BTreeMap<String, f64>,
    length: f64,
}

impl Index {
    fn new(note: &Note) -> Self {
        let mut index = Self { weights: BTreeMap::new(), length: 0.0 };
        index.add(&note.title, IN_TITLE);
        index.add(&note.tags.join(" "), IN_TAGS);
        for identity in [&note.rule, &note.fingerprint, &note.commit].into_iter().flatten() {
            index.add(identity, IN_TITLE);
        }
        index.add(&note.content, IN_TEXT);
        index
    }

    fn add(&mut self, text: &str, weight: f64) {
        for word in words(text) {
            *self.weights.entry(word).or_default() += weight;
            self.length += 1.0;
        }
    }

    fn weight(&self, term: &str) -> f64 {
        let exact = self.weights.get(term).copied().unwrap_or_default();
        if term.chars().count() < SHORTEST_PREFIX {
            return exact;
        }
        let longer = self.weights.range(term.to_owned()..).take_while(|(word, _)| word.starts_with(term));
        let begun: f64 =
            longer.filter(|(word, _)| word.as_str() != term).map(|(_, weight)| weight / 2.0).sum();
        exact + begun
    }
}

/// The words of a text in lower case: runs of letters and digits, and the parts of names in `CamelCase`.
fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        found.push(word.to_lowercase());
        let parts = camel_parts(word);
        if parts.len() > 1 {
            found.extend(parts);
        }
    }
    found
}

fn camel_parts(word: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut was_lower = false;
    for letter in word.chars() {
        if parts.is_empty() || (letter.is_uppercase() && was_lower) {
            parts.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if let Some(last) = parts.last_mut() {
            last.extend(letter.to_lowercase());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes() -> Vec<Note> {
        let note = |name: &str, title: &str, tags: &[&str], rule: &str, content: &str| Note {
            name: name.to_owned(),
            title: title.to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            rule: Some(rule.to_owned()),
            content: content.to_owned(),
            ..Note::default()
        };
        vec![
            note(
                "a",
                "Replay buffers need a limit",
                &["RL"],
                "LW101",
                "An EpisodeBuffer lives as long as its agent.",
            ),
            note("b", "Caches of embeddings", &["cache"], "LW201", "A buffer of vectors is a cache as well."),
            note(
                "c",
                "Sessions are closed by the client",
                &["http"],
                "LW304",
                "The pool is shared. Größe zählt.",
            ),
        ]
    }

    fn found(query: &str, filter: &Filter) -> Vec<String> {
        search(notes(), query, filter).into_iter().map(|hit| hit.note.name).collect()
    }

    #[test]
    fn the_best_comes_first_whatever_the_case() {
        let all = Filter::default();
        assert_eq!(found("BUFFER", &all), ["a", "b"], "names are taken apart, and beginnings of words count");
        assert_eq!(found("buffers", &all), ["a"]);
        assert_eq!(found("replay cache", &all), ["b", "a"]);
        assert_eq!(found("GRÖSSE größe", &all), ["c"]);
        assert_eq!(found("lw304", &all), ["c"]);
        assert_eq!(found("sess", &all), ["c"], "the beginning of a word");
        assert_eq!(found("se", &all), Vec::<String>::new());
        assert_eq!(found("nothing like it", &all), Vec::<String>::new());
        assert_eq!(found("", &all), Vec::<String>::new());
    }

    #[test]
    fn tags_and_rules_narrow_it() {
        let tagged = Filter { tags: vec!["rl".to_owned()], rules: None };
        assert_eq!(found("buffer", &tagged), ["a"]);
        let ruled = Filter { tags: vec![], rules: Some(vec!["lw201".to_owned()]) };
        assert_eq!(found("buffer", &ruled), ["b"]);
        assert_eq!(found("session", &ruled), Vec::<String>::new());
    }
}

//! Files and places in them.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use leakwright_analysis::project::ModuleId;
use leakwright_engine::Checked;
use leakwright_syntax::TextRange;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::log::{
    Artifact, ArtifactLocation, Columns, Content, Description, Location, PhysicalLocation, Region,
};
use crate::positions::{Positions, slashed};

/// What relative addresses start from.
const BASE: &str = "%SRCROOT%";

/// What may not stand in a segment of an address as it is.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Places of a run; remembers which files it named.
pub(super) struct Places<'c> {
    pub(super) checked: &'c Checked,
    positions: Positions<'c>,
    /// Files that were named, with their places in the list of artifacts.
    named: BTreeMap<ModuleId, usize>,
}

impl<'c> Places<'c> {
    pub(super) fn new(checked: &'c Checked) -> Self {
        Self { checked, positions: Positions::new(checked), named: BTreeMap::new() }
    }

    pub(super) fn region(&mut self, module: ModuleId, range: TextRange) -> Region {
        let range = self.positions.of(module, range);
        Region {
            start_line: range.start.line + 1,
            columns: Some(Columns {
                start_column: range.start.column + 1,
                end_line: range.end.line + 1,
                end_column: range.end.column + 1,
            }),
            snippet: None,
        }
    }

    /// A place in a file, with the code that stands there.
    pub(super) fn with_snippet(&mut self, module: ModuleId, range: TextRange) -> Location {
        let mut location = self.location(module, range);
        let text = range.of(&self.checked.file(module).text).to_owned();
        if let Some(region) = &mut location.physical_location.region {
            region.snippet = Some(Content { text });
        }
        location
    }

    pub(super) fn location(&mut self, module: ModuleId, range: TextRange) -> Location {
        let region = Some(self.region(module, range));
        let artifact_location = self.artifact(module);
        Location {
            id: None,
            physical_location: PhysicalLocation { artifact_location, region },
            logical_locations: Vec::new(),
            message: None,
        }
    }

    /// A file of the run.
    pub(super) fn artifact(&mut self, module: ModuleId) -> ArtifactLocation {
        let next = self.named.len();
        let index = *self.named.entry(module).or_insert(next);
        ArtifactLocation { index: Some(index), ..address(&self.checked.file(module).path) }
    }

    /// A line of a file that may not be one of the run, or all of the file.
    pub(super) fn line(path: &Path, line: Option<u32>) -> Location {
        let region = line.map(|line| Region { start_line: line, columns: None, snippet: None });
        Location {
            id: None,
            physical_location: PhysicalLocation { artifact_location: address(path), region },
            logical_locations: Vec::new(),
            message: None,
        }
    }

    /// The files that were named.
    pub(super) fn into_artifacts(self) -> Vec<Artifact> {
        let mut named: Vec<(usize, ModuleId)> =
            self.named.into_iter().map(|(module, index)| (index, module)).collect();
        named.sort_unstable();
        let artifact = |(_, module)| {
            let file = self.checked.file(module);
            Artifact {
                location: address(&file.path),
                source_language: "python",
                hashes: BTreeMap::from([("sha-256", file.hash.clone())]),
            }
        };
        named.into_iter().map(artifact).collect()
    }
}

/// What relative addresses start from, in words: where it lies is not the same everywhere.
pub(super) fn bases() -> BTreeMap<&'static str, ArtifactLocation> {
    let text = "The directory that Leakwright ran in.";
    let description = Some(Description { text });
    BTreeMap::from([(BASE, ArtifactLocation { uri: None, uri_base_id: None, index: None, description })])
}

fn address(path: &Path) -> ArtifactLocation {
    let (uri, is_absolute) = uri(path);
    let uri_base_id = (!is_absolute).then_some(BASE);
    ArtifactLocation { uri: Some(uri), uri_base_id, index: None, description: None }
}

/// The address of a file, and whether it is absolute.
fn uri(path: &Path) -> (String, bool) {
    // What leads out of the working directory is not below it.
    let leads_out = path.components().any(|part| part == Component::ParentDir);
    let absolute = if leads_out { std::path::absolute(path).ok() } else { None };
    let path = absolute.as_deref().unwrap_or(path);
    let encoded: Vec<String> =
        slashed(path).split('/').map(|part| utf8_percent_encode(part, SEGMENT).to_string()).collect();
    let joined = encoded.join("/");
    if !path.is_absolute() {
        return (joined, false);
    }
    (format!("file://{}{joined}", if joined.starts_with('/') { "" } else { "/" }), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encoded() {
        let relative = uri(Path::new("a b/1%/ü:#.py"));
        assert_eq!(relative, ("a%20b/1%25/%C3%BC%3A%23.py".to_owned(), false));
        assert_eq!(uri(Path::new("/x y/z.py")), ("file:///x%20y/z.py".to_owned(), true));
    }
}

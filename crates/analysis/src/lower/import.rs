//! Imports.

use leakwright_syntax::{Field, FlatNode, Kind};

use super::builder::Builder;
use crate::ir::Op;

impl<'f> Builder<'f> {
    /// `import a.b` binds `a`; `import a.b as c` binds the module `a.b` to `c`.
    pub(super) fn import_statement(&mut self, node: FlatNode<'f>) {
        for name in node.fields(Field::Name) {
            let (path, alias) = self.imported(name);
            let (path, bound) = match alias {
                Some(alias) => (path, alias),
                None => {
                    let first = path.split('.').next().unwrap_or_default().to_owned();
                    (first.clone(), first)
                }
            };
            let path = self.names.intern(&path);
            let value = self.emit(Op::Import(path), node);
            let bound = self.names.intern(&bound);
            self.bind_name(bound, value, name.range());
        }
    }

    pub(super) fn import_from_statement(&mut self, node: FlatNode<'f>) {
        let Some(module) = node.field(Field::ModuleName) else { return };
        let path = self.dotted(module);
        let module = self.names.intern(&path);
        if node.has(Kind::WildcardImport) {
            self.emit(Op::ImportStar(module), node);
            return;
        }
        for name in node.fields(Field::Name) {
            let (path, alias) = self.imported(name);
            let bound = self.names.intern(alias.as_ref().unwrap_or(&path));
            let imported = self.names.intern(&path);
            let value = self.emit(Op::ImportFrom { module, name: imported }, node);
            self.bind_name(bound, value, name.range());
        }
    }

    /// What is imported, and the name it gets if it is another.
    fn imported(&self, node: FlatNode<'f>) -> (String, Option<String>) {
        if node.kind() != Kind::AliasedImport {
            return (self.dotted(node), None);
        }
        let path = node.field(Field::Name).map_or_else(String::new, |name| self.dotted(name));
        (path, node.field(Field::Alias).map(|alias| self.source(alias).to_owned()))
    }

    /// A dotted path without the white space that may stand between its parts.
    fn dotted(&self, node: FlatNode<'f>) -> String {
        self.source(node).chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
    }
}

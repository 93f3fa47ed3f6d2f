//! What the user sets in the editor.

use serde_json::Value;

/// The name under which editors keep our settings.
pub(crate) const SECTION: &str = "leakwright";

/// What the user sets in the editor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Show what is found in open documents, and nothing of other files.
    pub(crate) open_files_only: bool,
}

impl Settings {
    /// With what a client says, under our name or without it; what it does not say stays.
    pub(crate) fn with(self, value: &Value) -> Self {
        let own = value.get(SECTION).unwrap_or(value);
        let open_files_only = own.get("openFilesOnly").and_then(Value::as_bool);
        Self { open_files_only: open_files_only.unwrap_or(self.open_files_only) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_read_wherever_clients_put_them() {
        let only = Settings { open_files_only: true };
        for value in
            [json!({ "openFilesOnly": true }), json!({ "leakwright": { "openFilesOnly": true, "other": 1 } })]
        {
            assert_eq!(Settings::default().with(&value), only, "{value}");
        }
        for value in [json!(null), json!({}), json!([]), json!({ "openFilesOnly": "yes" })] {
            assert_eq!(Settings::default().with(&value), Settings::default(), "{value}");
            assert_eq!(only.with(&value), only, "{value}");
        }
        assert_eq!(only.with(&json!({ "openFilesOnly": false })), Settings::default());
    }
}

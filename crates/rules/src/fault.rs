//! Faults on purpose: what tests need to see that one is contained.

/// In a program that is built for development, fails if `LEAKWRIGHT_TEST_FAULTS` names the part of the
/// program and the code that it looks at has the name `fault_here`.
pub fn fail_if_asked(part: &str, has_name: impl FnOnce(&str) -> bool) {
    #[cfg(debug_assertions)]
    {
        use std::sync::OnceLock;
        static ASKED: OnceLock<Option<String>> = OnceLock::new();
        let asked = ASKED.get_or_init(|| std::env::var("LEAKWRIGHT_TEST_FAULTS").ok());
        let is_asked = asked.as_ref().is_some_and(|names| names.split(',').any(|name| name == part));
        assert!(!is_asked || !has_name("fault_here"), "{part} was asked to fail");
    }
    #[cfg(not(debug_assertions))]
    let _ = (part, has_name);
}

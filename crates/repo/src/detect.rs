//! Which checks a repository suggests by the files at its root. A suggestion: configuration comes first.
//!
//! It runs nothing and reads nothing but what it is handed.

use crate::checks::CheckSpec;

/// The checks that `files` (paths beneath the root) suggest, one per kind of project. `read` gives a file's content.
#[must_use]
pub fn checks(files: &[String], read: impl Fn(&str) -> Option<Vec<u8>>) -> Vec<CheckSpec> {
    let has = |name: &str| files.iter().any(|file| file == name);
    let text = |name: &str| {
        let bytes = if has(name) { read(name) } else { None };
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    };
    let mut found = Vec::new();
    let mut suggest = |words: &[&str]| found.push(CheckSpec::new(words));
    if has("Cargo.toml") {
        suggest(&["cargo", "test"]);
    }
    if has_test_script(&text("package.json")) {
        suggest(&["npm", "test"]);
    }
    if has("pytest.ini") || text("pyproject.toml").contains("pytest") {
        suggest(&["python3", "-m", "pytest", "-q"]);
    }
    if has("go.mod") {
        suggest(&["go", "test", "./..."]);
    }
    if has("pom.xml") {
        suggest(&["mvn", "-q", "test"]);
    }
    if found.is_empty() && text("Makefile").lines().any(|line| line.starts_with("test:")) {
        found.push(CheckSpec::new(&["make", "test"]));
    }
    found
}

/// npm's own placeholder is not a test.
fn has_test_script(package: &str) -> bool {
    let parsed: Option<serde_json::Value> = serde_json::from_str(package).ok();
    let script = parsed.as_ref().and_then(|value| value.pointer("/scripts/test")).and_then(serde_json::Value::as_str);
    script.is_some_and(|script| !script.contains("no test specified"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggested(files: &[(&str, &str)]) -> Vec<String> {
        let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
        let read = |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, text)| text.as_bytes().to_vec());
        checks(&names, read).iter().map(CheckSpec::shown).collect()
    }

    #[test]
    fn dev_06_checks_are_suggested_by_files_at_the_root() {
        assert_eq!(suggested(&[("Cargo.toml", ""), ("Makefile", "test:\n\ttrue\n")]), ["cargo test"]);
        assert_eq!(suggested(&[("Makefile", "test: all\n")]), ["make test"]);
        assert_eq!(suggested(&[("Makefile", "all:\n")]), [""; 0]);
        assert_eq!(suggested(&[("sub/Cargo.toml", "")]), [""; 0]);
        assert_eq!(suggested(&[("package.json", r#"{"scripts":{"test":"vitest run"}}"#)]), ["npm test"]);
        let placeholder = r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#;
        assert_eq!(suggested(&[("package.json", placeholder)]), [""; 0]);
        assert_eq!(
            suggested(&[("go.mod", ""), ("pyproject.toml", "[tool.pytest.ini_options]")]),
            ["python3 -m pytest -q", "go test ./..."]
        );
    }
}

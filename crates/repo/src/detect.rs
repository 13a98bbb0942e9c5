//! Which checks a repository suggests by the files at its root. A suggestion: configuration comes first.
//!
//! It runs nothing and reads nothing but what it is handed.

use crate::checks::CheckSpec;
use serde_json::Value;

/// The checks that `files` (paths beneath the root) suggest, for every kind of project that is found. `read` gives a
/// file's content.
#[must_use]
pub fn checks(files: &[String], read: impl Fn(&str) -> Option<Vec<u8>>) -> Vec<CheckSpec> {
    let seen = Seen { files, read: &|name| read(name) };
    let mut found: Vec<Vec<&str>> = Vec::new();
    found.extend(seen.cargo());
    found.extend(seen.node());
    found.extend(seen.python());
    if seen.has("go.mod") || seen.has("go.work") {
        found.push(vec!["go", "test", "./..."]);
    }
    if seen.has("pom.xml") {
        found.push(vec![if seen.has("mvnw") { "./mvnw" } else { "mvn" }, "-B", "test"]);
    }
    if found.is_empty() {
        found.extend(seen.make());
    }
    found.iter().map(|words| CheckSpec::new(words)).collect()
}

/// What is looked at.
struct Seen<'a> {
    files: &'a [String],
    read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

impl Seen<'_> {
    fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file == name)
    }

    fn text(&self, name: &str) -> String {
        let bytes = if self.has(name) { (self.read)(name) } else { None };
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn cargo(&self) -> Option<Vec<&'static str>> {
        let manifest = self.has("Cargo.toml").then(|| self.text("Cargo.toml"))?;
        let table = |name: &str| manifest.lines().any(|line| line.trim() == name);
        // A package at the root of a workspace hides the workspace's other members.
        let hides = table("[package]") && table("[workspace]") && manifest.contains("members");
        Some(if hides { vec!["cargo", "test", "--workspace"] } else { vec!["cargo", "test"] })
    }

    /// Types, then tests, with the tool whose lock file stands there.
    fn node(&self) -> Vec<Vec<&'static str>> {
        let Ok(package) = serde_json::from_str::<Value>(&self.text("package.json")) else { return Vec::new() };
        let text = |pointer: &str| package.pointer(pointer).and_then(Value::as_str);
        let pnpm = self.has("pnpm-lock.yaml") || text("/packageManager").is_some_and(|tool| tool.starts_with("pnpm@"));
        let tool = if pnpm { "pnpm" } else { "npm" };
        let mut found = Vec::new();
        let has_types = ["/devDependencies/typescript", "/dependencies/typescript"].iter().any(|at| text(at).is_some());
        if text("/scripts/typecheck").is_some() {
            found.push(vec![tool, "run", "typecheck"]);
        } else if self.has("tsconfig.json") && has_types {
            let compiler = if pnpm { ["pnpm", "exec", "tsc"] } else { ["npx", "--no-install", "tsc"] };
            found.push([&compiler[..], &["--noEmit"]].concat());
        }
        // npm's own placeholder is no test.
        if text("/scripts/test").is_some_and(|script| !script.contains("no test specified")) {
            found.push(vec![tool, "test"]);
        }
        found
    }

    fn python(&self) -> Option<Vec<&'static str>> {
        let named = ["pyproject.toml", "setup.cfg", "tox.ini", "requirements.txt", "requirements-dev.txt"];
        let asks = named.iter().any(|name| self.text(name).contains("pytest"));
        if asks || ["pytest.ini", "conftest.py", "tests/conftest.py"].iter().any(|name| self.has(name)) {
            return Some(vec!["python3", "-m", "pytest", "-q"]);
        }
        let is_test = |path: &str| path.starts_with("test_") && path.ends_with(".py") && !path.contains('/');
        for dir in ["tests", "test"] {
            if self.files.iter().filter_map(|file| file.strip_prefix(dir)?.strip_prefix('/')).any(is_test) {
                return Some(vec!["python3", "-m", "unittest", "discover", "-s", dir]);
            }
        }
        self.files.iter().any(|file| is_test(file)).then(|| vec!["python3", "-m", "unittest", "discover"])
    }

    /// Only where nothing else is known: a Makefile of such a project calls the same tools.
    fn make(&self) -> Option<Vec<&'static str>> {
        let file = ["GNUmakefile", "makefile", "Makefile"].into_iter().find(|name| self.has(name))?;
        let text = self.text(file);
        let target = |name: &str| {
            let rest = text.lines().filter_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
            rest.into_iter().any(|rest| !rest.starts_with('='))
        };
        ["test", "check"].into_iter().find(|name| target(name)).map(|name| vec!["make", name])
    }
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
        let members = "[workspace]\nmembers = [\"a\"]\n";
        assert_eq!(suggested(&[("Cargo.toml", members)]), ["cargo test"]);
        assert_eq!(suggested(&[("Cargo.toml", &format!("[package]\n{members}"))]), ["cargo test --workspace"]);
        assert_eq!(suggested(&[("Makefile", "test: all\n")]), ["make test"]);
        assert_eq!(suggested(&[("GNUmakefile", "check :\n")]), ["make check"]);
        assert_eq!(suggested(&[("Makefile", "all:\ntest := 1\ntesting:\n")]), [""; 0]);
        assert_eq!(suggested(&[("sub/Cargo.toml", "")]), [""; 0]);
        assert_eq!(suggested(&[("pom.xml", "")]), ["mvn -B test"]);
        assert_eq!(suggested(&[("pom.xml", ""), ("mvnw", "")]), ["./mvnw -B test"]);
        assert_eq!(
            suggested(&[("go.mod", ""), ("pyproject.toml", "[tool.pytest.ini_options]")]),
            ["python3 -m pytest -q", "go test ./..."]
        );
    }

    #[test]
    fn dev_06_node_projects_name_their_tool_types_and_tests() {
        let tests = r#"{"scripts":{"test":"vitest run"}}"#;
        assert_eq!(suggested(&[("package.json", tests)]), ["npm test"]);
        assert_eq!(suggested(&[("package.json", tests), ("pnpm-lock.yaml", "")]), ["pnpm test"]);
        let placeholder = r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#;
        assert_eq!(suggested(&[("package.json", placeholder)]), [""; 0]);
        let typed = r#"{"scripts":{"test":"jest"},"devDependencies":{"typescript":"^5"}}"#;
        assert_eq!(
            suggested(&[("package.json", typed), ("tsconfig.json", "{}")]),
            ["npx --no-install tsc --noEmit", "npm test"]
        );
        assert_eq!(
            suggested(&[("package.json", typed), ("tsconfig.json", "{}"), ("pnpm-lock.yaml", "")]),
            ["pnpm exec tsc --noEmit", "pnpm test"]
        );
        let own = r#"{"packageManager":"pnpm@9.1.0","scripts":{"typecheck":"tsc -b"}}"#;
        assert_eq!(suggested(&[("package.json", own), ("tsconfig.json", "{}")]), ["pnpm run typecheck"]);
        assert_eq!(suggested(&[("package.json", "{ not json")]), [""; 0]);
    }

    #[test]
    fn dev_06_python_projects_use_pytest_where_they_name_it() {
        assert_eq!(suggested(&[("requirements.txt", "pytest==8\n")]), ["python3 -m pytest -q"]);
        assert_eq!(suggested(&[("tests/conftest.py", "")]), ["python3 -m pytest -q"]);
        assert_eq!(suggested(&[("tests/test_a.py", "")]), ["python3 -m unittest discover -s tests"]);
        assert_eq!(suggested(&[("test_a.py", ""), ("setup.py", "")]), ["python3 -m unittest discover"]);
        assert_eq!(suggested(&[("setup.py", "")]), [""; 0]);
    }
}

//! What a section is about, collected when a run is opened (SEC-05, DEV-01): what it declares, the parts of the
//! requirements that it names, the files it names and the tests there are. By numbers and paths alone, never by guessing.

use mao_core::request::Declares;
use mao_core::section::Section;
use mao_policy::triggers::{Changed, Line, Side, Thresholds, security};

/// The most tests that a context names.
const TESTS: usize = 40;

/// What was collected about a section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// What it declares, counted.
    pub declares: Declares,
    /// What a worker should know beside its text.
    pub text: String,
    /// The parts of the requirements that it names; `None` where it names none that are there.
    pub requirements: Option<String>,
}

/// Collects what `section` is about. `files` are the paths of the base tree.
#[must_use]
pub fn collect(section: &Section, files: &[String], requirements: Option<&str>, thresholds: &Thresholds) -> Context {
    let open: Vec<String> = section
        .items
        .iter()
        .filter(|item| item.leaf && !item.done)
        .map(|item| [item.id.as_deref().unwrap_or_default(), &item.text].join(" ").trim().to_owned())
        .collect();
    let exists = |file: &&String| files.contains(*file);
    let mut parts = Vec::new();
    let mut part = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let lines: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
            parts.push(format!("{title}:\n{}", lines.join("\n")));
        }
    };
    let (existing_files, subtasks) = (count(section.files.iter().filter(exists).count()), count(open.len()));
    part("Open items", open);
    part("Accepted when", section.acceptance.clone());
    let named = section.files.iter().map(|file| {
        let state = if files.contains(file) { "exists" } else { "is new" };
        format!("{file} ({state})")
    });
    part("Files it names", named.collect());
    part("It refers to", section.refs.clone());
    part("Tests there are", files.iter().filter(|path| is_test(path)).take(TESTS).cloned().collect());
    let parts_named = requirements.and_then(|document| named_parts(document, &section.refs));
    Context {
        declares: Declares {
            subtasks: Some(subtasks),
            existing_files,
            security_hits: count(hits(&section.body, thresholds)),
            depends: section.depends.clone(),
        },
        text: parts.join("\n"),
        requirements: parts_named,
    }
}

/// How often a text touches on security.
#[must_use]
pub fn hits(text: &str, thresholds: &Thresholds) -> usize {
    let line = |(at, text): (usize, &str)| Line {
        side: Side::Added,
        number: u32::try_from(at + 1).unwrap_or(u32::MAX),
        text: text.to_owned(),
    };
    let changed = Changed { paths: Vec::new(), lines: text.lines().enumerate().map(line).collect() };
    security(&[changed], thresholds).len()
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Whether a path is a test by the names that languages give to theirs.
fn is_test(path: &str) -> bool {
    let mut names = path.split('/').rev();
    let file = names.next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    names.any(|dir| matches!(dir, "tests" | "test" | "__tests__" | "spec"))
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || file.contains(".test.")
        || file.contains(".spec.")
}

/// The parts of a document whose numbers `refs` name (`PRD 12.2`), in the document's order. A number that has no heading
/// of its own means the nearest one above it. `None` where nothing is found.
fn named_parts(document: &str, refs: &[String]) -> Option<String> {
    let wanted: Vec<Vec<u32>> = refs.iter().filter_map(|name| numbers(name.split_whitespace().last()?)).collect();
    let lines: Vec<&str> = document.lines().collect();
    let headings = headings(&lines);
    let mut chosen: Vec<usize> = Vec::new();
    for number in &wanted {
        let above = (1..=number.len()).rev().find_map(|length| {
            headings.iter().position(|heading| heading.number.as_deref() == Some(&number[..length]))
        });
        chosen.extend(above);
    }
    chosen.sort_unstable();
    chosen.dedup();
    let mut out = Vec::new();
    let mut until = 0;
    for at in chosen {
        let heading = &headings[at];
        if heading.line < until {
            continue;
        }
        until =
            headings[at + 1..].iter().find(|next| next.level <= heading.level).map_or(lines.len(), |next| next.line);
        out.push(lines[heading.line..until].join("\n").trim_end().to_owned());
    }
    (!out.is_empty()).then(|| out.join("\n\n"))
}

struct Heading {
    line: usize,
    level: usize,
    number: Option<Vec<u32>>,
}

/// The headings of a document outside its fences.
fn headings(lines: &[&str]) -> Vec<Heading> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            fenced = !fenced;
        }
        let level = line.chars().take_while(|c| *c == '#').count();
        let title = &line[level..];
        if fenced || level == 0 || level > 6 || !title.starts_with(' ') {
            continue;
        }
        let title = title.trim().trim_start_matches("Section ").trim_start_matches('§');
        let first = title.split_whitespace().next().unwrap_or_default();
        found.push(Heading { line: at, level, number: numbers(first.trim_end_matches(['.', ':', ')'])) });
    }
    found
}

fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mao_core::section::parse;

    const PRD: &str = "# Shelf\n\n## 1 Books\n\n- **1.1** A book has a number.\n\n```\n## 2 not this\n```\n\n\
                       ## 2 Loans\n\n### 2.1 Begin\n\nA day.\n\n### 2.2 End\n\nAnother.\n\n## 12. Days\n\nWritten.\n";

    #[test]
    fn sec_02_requirements_are_linked_by_their_numbers_and_by_nothing_else() {
        let parts = |refs: &[&str]| named_parts(PRD, &refs.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(parts(&["PRD 2.2"]).as_deref(), Some("### 2.2 End\n\nAnother."));
        assert_eq!(
            parts(&["PRD 12", "PRD 2.1"]).as_deref(),
            Some("### 2.1 Begin\n\nA day.\n\n## 12. Days\n\nWritten.")
        );
        let books = parts(&["PRD 1.1"]).unwrap();
        assert!(books.starts_with("## 1 Books") && books.contains("not this"), "the nearest one above: {books}");
        assert!(parts(&["PRD 2", "PRD 2.1"]).unwrap().matches("2.1 Begin").count() == 1);
        assert_eq!((parts(&["PRD 3"]), parts(&[])), (None, None), "never the whole, never one that looks like it");
        assert_eq!(parts(&["PRD 1", "PRD 120"]).unwrap().matches("Days").count(), 0);
    }

    #[test]
    fn dev_01_a_sections_context_is_its_items_files_references_and_the_tests_there_are() {
        let text = "## Section 2: Loans\n\nAs PRD 2.1 says.\n\n- [x] 2.1 Old\n- [ ] 2.2 Lend with a password\n\n\
                    Files: src/loan.rs, src/new.rs\nDepends on: 1\n\nAcceptance:\n- it is back\n";
        let files = ["src/loan.rs", "src/lib.rs", "tests/it/main.rs", "pkg/loan_test.go", "web/a.spec.ts"];
        let files: Vec<String> = files.map(str::to_owned).to_vec();
        let tasks = parse(text);
        let found = collect(&tasks.sections[0], &files, Some(PRD), &Thresholds::default());
        assert_eq!(
            found.declares,
            Declares { subtasks: Some(1), existing_files: 1, security_hits: 1, depends: vec!["1".into()] }
        );
        assert_eq!(
            found.text,
            "Open items:\n- 2.2 Lend with a password\nAccepted when:\n- it is back\nFiles it names:\n\
             - src/loan.rs (exists)\n- src/new.rs (is new)\nIt refers to:\n- PRD 2.1\nTests there are:\n\
             - tests/it/main.rs\n- pkg/loan_test.go\n- web/a.spec.ts"
        );
        assert_eq!(found.requirements.as_deref(), Some("### 2.1 Begin\n\nA day."));
    }
}

//! The sample project, its seeded defects, and reviewers who report them.

use crate::shop::{RUN, Shop};
use mao_core::run::RunState;
use mao_policy::Policy;
use mao_store::Blobs;
use mao_store::sqlite::SqliteStore;
use mao_testkit::sandbox::Ran;
use mao_workflows::Texts;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The dimensions in the order of reports.
pub const DIMENSIONS: [&str; 5] = ["prd_compliance", "error_handling", "type_safety", "architecture", "security"];

/// A defect of the sample.
#[derive(Debug, Clone)]
pub struct Defect {
    pub section: String,
    pub reporters: Vec<String>,
    pub severity: String,
    pub file: Option<String>,
    /// Its line, or what wants the missing behaviour.
    pub place: String,
    pub category: String,
    pub description: String,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/quality")
}

/// All 25.
pub fn defects() -> Vec<Defect> {
    let text = std::fs::read_to_string(fixtures().join("defects.tsv")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('\t').collect();
        Defect {
            section: cells[0].into(),
            reporters: cells[1].split(',').map(str::to_owned).collect(),
            severity: cells[2].into(),
            file: Some(cells[3].to_owned()).filter(|file| !file.is_empty()),
            place: cells[4].into(),
            category: cells[5].into(),
            description: cells[6].into(),
        }
    })
    .collect()
}

/// The sample, with a clock that stands still and nothing scripted yet.
pub fn sample() -> Shop {
    let mut files = Vec::new();
    for path in [
        "check.sh",
        "docs/PRD.md",
        "src/account.ts",
        "src/login.ts",
        "src/money.ts",
        "src/pay.ts",
        "src/store.ts",
        "todo/tasks.md",
    ] {
        files.push((path, std::fs::read_to_string(fixtures().join("repo").join(path)).unwrap()));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let mut shop = Shop::with(&files, "[engine]\nverify = [\"sh check.sh\"]\n");
    shop.sandbox.set("MAO_TEST_CLOCK", crate::shop::BEGIN.to_string());
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    play_journal(&mut shop);
    shop
}

/// The three perspectives, and the entry from them.
pub fn play_journal(shop: &mut Shop) {
    for view in ["technical", "process", "creative"] {
        let act = format!(
            "[[turn]]\nact = [{{ json = {{ summary = \"As seen from {view}.\", points = [\"One.\", \"Two.\"] }} }}]\n"
        );
        shop.play(&format!("journal.{view}"), &act);
    }
    let entry = "[[turn]]\nact = [{ json = { summary = \"Accounts were judged.\", work_completed = [\"Five reviews\"], \
                 issues = [{ issue = \"It was slow\", resolution = \"A cache\", status = \"Resolved\" }], \
                 decisions = [{ decision = \"Keep it\", rationale = \"It works\" }], learnings = [\"Read first\"], \
                 open_items = [\"Look again\"], context = \"Section 2 is next.\", topics = [\"accounts\"], disagreements = [] } }]\n";
    shop.play("journal.entry", entry);
}

fn toml_text(text: &str) -> String {
    format!("{text:?}")
}

/// One issue as a reviewer says it, as an inline table.
pub fn issue(defect: &Defect) -> String {
    let place = match &defect.file {
        Some(file) => format!("file = {}, line = {}", toml_text(file), defect.place),
        None => format!("wanted_by = {}", toml_text(&defect.place)),
    };
    format!(
        "{{ {place}, severity = {}, category = {}, description = {}, impact = \"It hurts.\", evidence = \"\", fix = \"Mend it.\" }}",
        toml_text(&defect.severity),
        toml_text(&defect.category),
        toml_text(&defect.description),
    )
}

/// A reviewer's whole turn.
pub fn review(score: u32, issues: &[String]) -> String {
    format!("[[turn]]\nact = [{{ json = {{ score = {score}, issues = [{}] }} }}]\n", issues.join(", "))
}

/// Five reviewers of a section who find everything that is seeded in it.
pub fn play_reviewers(shop: &mut Shop, section: &str) {
    let all = defects();
    for dimension in DIMENSIONS {
        let found = all.iter().filter(|one| one.section == section && one.reporters.iter().any(|by| by == dimension));
        let issues: Vec<String> = found.map(issue).collect();
        shop.play(&format!("review.{section}.{dimension}"), &review(60, &issues));
    }
}

/// Five reviewers of a section who find nothing, with these scores.
pub fn play_clean(shop: &mut Shop, section: &str, scores: [u32; 5]) {
    for (dimension, score) in DIMENSIONS.iter().zip(scores) {
        shop.play(&format!("review.{section}.{dimension}"), &review(score, &[]));
    }
}

/// `mao qa WORDS --script …`, to its end.
pub fn qa(shop: &Shop, words: &[&str]) -> Ran {
    let script = shop.script.to_string_lossy().into_owned();
    let words: Vec<&str> = ["qa"].iter().chain(words).copied().chain(["--script", &script]).collect();
    shop.mao(&words)
}

/// A file of the run's branch.
pub fn published(shop: &Shop, path: &str) -> String {
    let mut git = Command::new("git");
    git.current_dir(shop.sandbox.work()).args(["show", &format!("mao/{}:{path}", &RUN[..8])]);
    let out = git.output().unwrap();
    assert!(out.status.success(), "{path} is not on the branch: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// A JSON file of the run's branch.
pub fn published_json(shop: &Shop, path: &str) -> Value {
    serde_json::from_str(&published(shop, path)).unwrap()
}

/// Folds the run's ledger again and renders its report.
pub fn rendered_again(shop: &Shop) -> Vec<(String, String)> {
    let state: RunState = RunState::fold(&shop.ledger(RUN)).unwrap().unwrap();
    let store = SqliteStore::open(&shop.state()).unwrap();
    let policy: Policy = serde_json::from_slice(&store.get(&state.opened.policy).unwrap()).unwrap();
    let workflow = mao_workflows::find(&state.opened.workflow).unwrap();
    let mut texts = Texts::new();
    for blob in workflow.reads(&state) {
        let text = String::from_utf8(store.get(&blob).unwrap()).unwrap();
        texts.insert(blob, text);
    }
    workflow.report(&policy, &state, &texts).into_iter().map(|file| (file.path, file.text)).collect()
}

#[test]
fn qa_01_a_reviewer_gets_its_dimension_its_section_and_nothing_of_the_others() {
    let mut shop = sample();
    play_clean(&mut shop, "1", [95, 90, 98, 95, 100]);
    let turn = "[[turn]]\nexpects = [\"nothing else: Security\", \"A password has at least 12\", \"1.3 Delete an account\", \
                \"src/login.ts\", \"Can input reach a query\"]\nlacks = [\"PRD compliance\", \"Pay an invoice\", \"Amounts are whole\", \
                \"Is a rule written twice\"]\nact = [{ json = { score = 100, issues = [] } }]\n";
    shop.play("review.1.security", turn);
    let ran = qa(&shop, &["1", "--no-fix"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let report = published_json(&shop, "docs/Section1-QA-issues.json");
    let by: Vec<&str> = report["initial"]["dimensions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["reviewer"]["provider"].as_str().unwrap())
        .collect();
    // RTE-03: each dimension by its routed model.
    assert_eq!(by, ["gemini", "claude", "codex", "claude", "codex"]);
}

#[test]
fn qa_08_an_unfinished_section_stops_it_unless_somebody_says_so() {
    let mut shop = sample();
    play_clean(&mut shop, "3", [95; 5]);
    let ran = qa(&shop, &["3", "--no-fix"]);
    assert_eq!(ran.code, Some(6), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("section 3 has open items") && ran.stderr.contains("--force"), "{}", ran.stderr);
    let ran = qa(&shop, &["3", "--no-fix", "--force"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}

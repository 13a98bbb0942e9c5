//! Pairs of a right and a subtly wrong change for one task, and what `mao resolve` makes of each. Data, in two folders:
//! `tests` has what was to be done, the program before, and the tests; `patches` has the two changes. Whoever writes the
//! neutral tests here is a script that sees the task alone.

use crate::sandbox::{Ran, Sandbox, run};
use serde::Deserialize;
use std::io;
use std::path::Path;

/// What runs every test that is there.
const ALL: &str = "for one in tests/*_test.sh; do\n    [ -f \"$one\" ] || continue\n    sh \"$one\" || exit 1\ndone\n";

/// Where the report stands on the branch.
const REPORT: &str = "docs/mao/resolve-one-two.json";

/// What stands in a pair's file of tests.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    language: String,
    kind: Kind,
    task: String,
    #[serde(default)]
    weak: bool,
    file: String,
    base: String,
    tests: String,
}

/// Where a pair's tests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// They stand in the repository.
    Existing,
    /// They are written for the contest.
    Neutral,
}

/// What stands in a pair's file of patches.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Patches {
    #[serde(default)]
    tampers: Option<String>,
    #[serde(default)]
    also: Option<Also>,
    right: String,
    wrong: String,
}

/// Another file that the wrong change writes; without a text it is deleted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Also {
    path: String,
    #[serde(default)]
    text: Option<String>,
}

/// One pair.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Its name: `leap-python`.
    pub name: String,
    asked: Asked,
    patches: Patches,
}

impl Pair {
    /// The language of what is changed.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.asked.language
    }

    /// Where its tests come from.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.asked.kind
    }

    /// Whether its tests miss the fault, so that no test can decide.
    #[must_use]
    pub const fn is_weak(&self) -> bool {
        self.asked.weak
    }

    /// How the wrong change deals with the tests, where it does not play by the rules.
    #[must_use]
    pub fn tampers(&self) -> Option<&str> {
        self.patches.tampers.as_deref()
    }

    /// Whether the right change is the first of the two; nothing else follows from it.
    fn right_first(&self) -> bool {
        self.name.bytes().map(u32::from).sum::<u32>().is_multiple_of(2)
    }
}

/// What came of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The rule that decided.
    pub rule: String,
    /// Whether the right one was taken; `None` where nobody was.
    pub right: Option<bool>,
    /// Whether the wrong change was disqualified.
    pub caught: bool,
    /// Whether the right change was.
    pub wronged: bool,
    /// The exit code.
    pub exit: Option<i32>,
}

/// The pairs beneath `dir`, by name.
///
/// # Errors
/// When a file cannot be read, or is in no form that a pair has.
pub fn pairs(dir: &Path) -> io::Result<Vec<Pair>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir.join("tests"))? {
        let path = entry?.path();
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let (asked, patches) = (read(&path)?, read(&dir.join("patches").join(format!("{name}.toml")))?);
        found.push(Pair { name: name.to_owned(), asked, patches });
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> io::Result<T> {
    let wrong = |what: String| io::Error::other(format!("{}: {what}", path.display()));
    toml::from_str(&std::fs::read_to_string(path)?).map_err(|cause| wrong(cause.to_string()))
}

/// Has `mao` decide a pair, in a sandbox of its own.
///
/// # Errors
/// When it leaves no report that can be read.
pub fn judge(mao: &str, pair: &Pair) -> io::Result<Judged> {
    let sandbox = Sandbox::new()?;
    let Pair { asked, patches, .. } = pair;
    let mut files = vec![(asked.file.as_str(), asked.base.as_str()), ("tests/all.sh", ALL)];
    if asked.kind == Kind::Existing {
        files.push(("tests/solve_test.sh", &asked.tests));
    }
    sandbox.repository(&files)?;
    let config = sandbox.home().join(".config/mao");
    std::fs::create_dir_all(&config)?;
    std::fs::write(config.join("multi-model.toml"), "[engine]\nverify = [\"sh tests/all.sh\"]\n")?;
    let (right, wrong) = if pair.right_first() { ("one", "two") } else { ("two", "one") };
    branch(&sandbox, right, &asked.file, &patches.right, None)?;
    branch(&sandbox, wrong, &asked.file, &patches.wrong, patches.also.as_ref())?;
    let mut command = sandbox.command(mao);
    command.args(["resolve", "one", "two", "--task", &asked.task]);
    if asked.kind == Kind::Neutral {
        let script = sandbox.root().join("script");
        std::fs::create_dir(&script)?;
        std::fs::write(script.join("tests.toml"), script_of(asked, patches))?;
        command.arg("--script").arg(&script);
    }
    let ran = run(&mut command)?;
    read_report(&sandbox, &ran, right)
}

fn branch(sandbox: &Sandbox, name: &str, file: &str, text: &str, also: Option<&Also>) -> io::Result<()> {
    sandbox.git(&["checkout", "-q", "-b", name, "main"])?;
    sandbox.write(file, text)?;
    match also {
        Some(Also { path, text: Some(text) }) => sandbox.write(path, text)?,
        Some(Also { path, text: None }) => std::fs::remove_file(sandbox.work().join(path))?,
        None => {}
    }
    sandbox.git(&["add", "-A"])?;
    sandbox.git(&["commit", "-q", "-m", name])?;
    sandbox.git(&["checkout", "-q", "main"]).map(drop)
}

/// The script of whoever writes the tests: it fails loudly where the prompt holds anything of a candidate.
fn script_of(asked: &Asked, patches: &Patches) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let own = |text: &str| {
        let new = text.lines().filter(|line| !asked.base.contains(line)).max_by_key(|line| line.len());
        quoted(new.unwrap_or("never to be seen"))
    };
    format!(
        "[[turn]]\nexpects = [{}]\nlacks = [{}, {}]\nact = [{{ edit = {{ path = \"tests/neutral_test.sh\", content = {} }} }}, {{ say = \"Cases from the task.\" }}]\n",
        quoted(&asked.task),
        own(&patches.right),
        own(&patches.wrong),
        quoted(&asked.tests)
    )
}

fn read_report(sandbox: &Sandbox, ran: &Ran, right: &str) -> io::Result<Judged> {
    let wrong = |what: &str| io::Error::other(format!("{what}\n{}\n{}", ran.stdout, ran.stderr));
    let branches = sandbox.git(&["for-each-ref", "--format=%(refname)", "refs/heads/mao"])?;
    let branch = branches.lines().next().ok_or_else(|| wrong("no branch was published"))?;
    let report = sandbox.git(&["show", &format!("{branch}:{REPORT}")])?;
    let report: serde_json::Value = serde_json::from_str(&report).map_err(|_| wrong("the report is no JSON"))?;
    let decision = &report["decision"];
    let candidates = report["candidates"].as_array().ok_or_else(|| wrong("the report names no candidates"))?;
    let is_right = |row: &&serde_json::Value| row["revealed"] == right;
    let out = |row: &serde_json::Value| row["tampering"].as_array().is_some_and(|list| !list.is_empty());
    let winner = candidates.iter().find(|row| row["won"] == true);
    Ok(Judged {
        rule: decision["rule"].as_str().ok_or_else(|| wrong("no rule decided"))?.to_owned(),
        right: winner.map(|row| is_right(&row)),
        caught: candidates.iter().any(|row| !is_right(&row) && out(row)),
        wronged: candidates.iter().any(|row| is_right(&row) && out(row)),
        exit: ran.code,
    })
}

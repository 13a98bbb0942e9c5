//! Building the test binaries once and running them, with a mutation or without. Never runs a shell.

use crate::outcome::{Failure, Outcome};
use crate::tools;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The pure rooms, and the one that carries out what they decide.
const ROOMS: &[&str] = &["core", "policy", "workflows", "engine"];

/// The longest that a binary may take without a mutation.
const LONGEST: Duration = Duration::from_secs(600);

/// One test binary.
#[derive(Debug)]
pub(super) struct Binary {
    /// Such as `core::it`.
    name: String,
    /// The program.
    program: PathBuf,
    /// Its package's folder.
    folder: PathBuf,
}

/// Which tests passed and which failed, by their whole names: `core::it::change::inv_03_…`.
#[derive(Debug, Clone, Default)]
pub(super) struct Results {
    pub(super) passed: BTreeSet<String>,
    pub(super) failed: BTreeSet<String>,
    /// How long each binary took.
    pub(super) took: BTreeMap<String, Duration>,
    /// Which switches each binary's code asks for; known of the run without a mutation.
    pub(super) asked: BTreeMap<String, BTreeSet<String>>,
}

impl Results {
    /// Whether this mutation can make a difference to a binary: its switch is asked for there.
    fn concerns(&self, mutant: &str, binary: &str) -> bool {
        self.asked.get(binary).is_none_or(|asked| asked.contains(mutant))
    }
}

/// What the binaries run under.
#[derive(Debug, Clone, Copy)]
pub(super) enum Under<'a> {
    /// No mutation.
    Nothing,
    /// This one; what came without it says how long is too long, because a mutation may turn an end into a loop.
    Mutant(&'a str, &'a Results),
}

impl Under<'_> {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Mutant(name, _) => Some(name),
        }
    }

    fn longest(&self, binary: &str) -> Duration {
        match self {
            Self::Nothing => LONGEST,
            Self::Mutant(_, sound) => Duration::from_secs(20) + sound.took.get(binary).copied().unwrap_or(LONGEST) * 4,
        }
    }
}

/// The part of cargo's messages that is read here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Builds the test binaries of the rooms and of those in which switches stand, with the switches in.
pub(super) fn build(switched: &BTreeSet<String>) -> Outcome<Vec<Binary>> {
    let rooms: BTreeSet<&str> = ROOMS.iter().copied().chain(switched.iter().map(String::as_str)).collect();
    let mut command = tools::cargo();
    command.args([
        "test",
        "--no-run",
        "--quiet",
        "--message-format=json",
        "--lib",
        "--tests",
        "--features",
        "mao-core/mutants",
    ]);
    for room in rooms {
        command.arg("--package").arg(format!("mao-{room}"));
    }
    command.stderr(Stdio::inherit());
    let said = tools::read(command)?;
    Ok(said.lines().filter_map(|line| serde_json::from_str(line).ok()).filter_map(binary).collect())
}

fn binary(message: Message) -> Option<Binary> {
    let tests = message.reason == "compiler-artifact" && message.profile?.test;
    let folder = message.manifest_path?.parent()?.to_path_buf();
    let room = folder.file_name()?.to_string_lossy().into_owned();
    let name = format!("{room}::{}", message.target?.name);
    tests.then_some(Binary { name, program: message.executable?, folder })
}

/// Runs every binary that the mutation concerns, one after the other. Where it concerns none of a binary's code, its tests
/// end as they did without it.
pub(super) fn run_all(binaries: &[Binary], under: Under<'_>) -> Outcome<Results> {
    let mut all = Results::default();
    for binary in binaries {
        if let Under::Mutant(name, sound) = under
            && !sound.concerns(name, &binary.name)
        {
            let prefix = format!("{}::", binary.name);
            all.passed.extend(sound.passed.iter().filter(|test| test.starts_with(&prefix)).cloned());
            continue;
        }
        let began = Instant::now();
        let said = run(binary, under).map_err(|why| Failure::broken(format!("{}: {why}", binary.name)))?;
        all.took.insert(binary.name.clone(), began.elapsed());
        read(&binary.name, &said.out, &mut all);
        let asked = said.err.lines().filter_map(|line| line.strip_prefix("asked for ")).map(str::to_owned);
        all.asked.insert(binary.name.clone(), asked.collect());
    }
    Ok(all)
}

/// What a binary said.
struct Said {
    out: String,
    err: String,
}

fn run(binary: &Binary, under: Under<'_>) -> std::io::Result<Said> {
    let folder = tools::root().join("target/mutate");
    std::fs::create_dir_all(&folder)?;
    // Files and no pipes: what a test leaves behind could hold a pipe open for ever.
    let file =
        |end| folder.join(format!("{}.{}.{end}", under.name().unwrap_or("none"), binary.name.replace("::", "-")));
    let (log, err) = (file("log"), file("err"));
    let mut command = Command::new(&binary.program);
    command.current_dir(&binary.folder).env("CARGO_MANIFEST_DIR", &binary.folder);
    command.env_remove("MAO_MUTANT").env_remove("MAO_MUTANT_ASKED");
    match under {
        Under::Nothing => command.env("MAO_MUTANT_ASKED", "1"),
        Under::Mutant(name, _) => command.env("MAO_MUTANT", name),
    };
    command.stdin(Stdio::null()).stdout(File::create(&log)?).stderr(File::create(&err)?);
    let mut child = command.spawn()?;
    let began = Instant::now();
    while child.try_wait()?.is_none() {
        if began.elapsed() > under.longest(&binary.name) {
            child.kill()?;
            child.wait()?;
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(Said { out: read_text(&log)?, err: read_text(&err)? })
}

fn read_text(path: &Path) -> std::io::Result<String> {
    Ok(String::from_utf8_lossy(&std::fs::read(path)?).into_owned())
}

/// Reads `test a::b ... ok`; other lines are what tests said.
fn read(binary: &str, said: &str, results: &mut Results) {
    for line in said.lines() {
        let Some((name, end)) = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... ")) else { continue };
        let name = format!("{binary}::{}", name.trim_end_matches(" - should panic"));
        match end {
            "ok" => drop(results.passed.insert(name)),
            end if end.starts_with("FAILED") => drop(results.failed.insert(name)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Results, read};

    #[test]
    fn what_a_test_binary_says_is_read() {
        let said = "running 3 tests\ntest a::inv_03_b ... ok\ntest c - should panic ... FAILED\ntest d ... ignored\n\nfailures:\n    c\n";
        let mut results = Results::default();
        read("core::it", said, &mut results);
        assert_eq!(results.passed.into_iter().collect::<Vec<_>>(), ["core::it::a::inv_03_b"]);
        assert_eq!(results.failed.into_iter().collect::<Vec<_>>(), ["core::it::c"]);
    }
}

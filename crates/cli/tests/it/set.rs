//! Random sets of workstreams for the merge queue: changes that overlap, conflict, break each other's tree, or are red
//! alone; with contracts and without, in one wave and in several. A seed says everything.

use crate::evidence::{Checkout, checkout, debris};
use crate::shop::{BEGIN, RUN, Shop};
use mao_testkit::sandbox::Sandbox;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many places are at work at once.
const AT_ONCE: usize = 4;

/// Green while at most one file says `clash` and none says `red`. It starts no further program.
const CHECK: &str = "#!/bin/sh\n\
    red=0; clash=0\n\
    for file in lib/* lib/*/*; do\n\
      [ -f \"$file\" ] || continue\n\
      read -r word rest <\"$file\"\n\
      case $word in\n\
        red) echo \"$file is red\"; red=1 ;;\n\
        clash) echo \"$file clashes\"; clash=$((clash + 1)) ;;\n\
      esac\n\
    done\n\
    [ $red = 0 ] && [ $clash -le 1 ]\n";

/// The user's own configuration. A loaded machine is no silent model.
const CONFIG: &str = "[engine]\nverify = [\"sh check.sh\"]\n\n[engine.timeouts]\nfirst_byte = \"5m\"\nidle = \"5m\"\n";

/// The check of every set, as a command.
pub const VERIFY: [&str; 2] = ["sh", "check.sh"];

/// Numbers that look drawn and are the same for the same seed.
#[derive(Debug)]
pub struct Drawn(pub u64);

impl Drawn {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// One workstream of a set: where it writes, and what each of its attempts leaves there.
#[derive(Debug)]
struct Piece {
    section: u64,
    stream: &'static str,
    path: String,
    attempts: [&'static str; 4],
}

/// A random set.
#[derive(Debug)]
pub struct Set {
    /// Its sections are 1 to this.
    pub sections: u64,
    /// The sections whose workstreams work at once.
    contracts: BTreeSet<u64>,
    /// The sections that need the one before them.
    late: BTreeSet<u64>,
    pieces: Vec<Piece>,
}

impl Set {
    /// The set of a seed.
    pub fn drawn(seed: u64) -> Self {
        let mut drawn = Drawn(seed);
        // The first numbers of neighbouring seeds are neighbours.
        drawn.below(2);
        let sections = 2 + drawn.below(4);
        let mut set = Self { sections, contracts: BTreeSet::new(), late: BTreeSet::new(), pieces: Vec::new() };
        let in_waves = drawn.one_in(3);
        for section in 1..=sections {
            let contract = drawn.one_in(4);
            if contract {
                set.contracts.insert(section);
            }
            if in_waves && section > 1 && drawn.one_in(2) {
                set.late.insert(section);
            }
            for stream in ["schemas", "core", "tests"] {
                let wanted = match (stream, contract) {
                    ("tests", _) | ("schemas", true) => true,
                    ("schemas", false) => drawn.one_in(3),
                    (_, true) => drawn.one_in(2),
                    (_, false) => false,
                };
                if wanted {
                    set.pieces.push(Self::piece(&mut drawn, section, stream, contract));
                }
            }
        }
        set
    }

    fn piece(drawn: &mut Drawn, section: u64, stream: &'static str, contract: bool) -> Piece {
        let path = match drawn.below(4) {
            // The one before it in the same wave may write a file of this name: a file in the way of a directory.
            0 if stream == "tests" && section > 1 => format!("lib/meet{}/in.txt", section - 1),
            1 if stream == "tests" => format!("lib/meet{section}"),
            // What another wave wrote, or nobody yet.
            2 if section == 1 && !contract => "lib/shared.txt".to_owned(),
            _ => format!("lib/{section}/{stream}.txt"),
        };
        let attempts = match drawn.below(6) {
            0 | 1 => ["clash", "clash", "good", "good"],
            2 => ["clash", "better", "good", "good"],
            3 => ["red", "good", "good", "good"],
            4 if drawn.one_in(3) => ["clash"; 4],
            _ => ["good"; 4],
        };
        Piece { section, stream, path, attempts }
    }

    /// How many workstreams it has.
    pub fn workstreams(&self) -> u64 {
        self.pieces.len() as u64
    }

    /// Its sections as `mao develop` is asked for them.
    pub fn words(&self) -> String {
        (1..=self.sections).map(|id| id.to_string()).collect::<Vec<_>>().join(",")
    }

    /// The task file.
    pub fn tasks(&self) -> String {
        (1..=self.sections).map(|id| format!("## Section {id}: S{id}\n\n- [ ] {id}.1 Do it\n\n")).collect()
    }

    fn plan(&self) -> Value {
        let planned = (1..=self.sections).map(|section| {
            let own = self.pieces.iter().filter(|piece| piece.section == section);
            let workstreams: Vec<Value> =
                own.map(|piece| json!({"stream": piece.stream, "goal": "Write.", "owns": [piece.path]})).collect();
            let contract = self.contracts.contains(&section).then_some("a file says one word");
            json!({"section": section.to_string(), "contract": contract, "workstreams": workstreams})
        });
        json!({"summary": "A set.", "sections": planned.collect::<Vec<_>>()})
    }

    fn edges(&self) -> Vec<Value> {
        let edge = |section: &u64| {
            json!({"from": (section - 1).to_string(), "to": section.to_string(), "kind": "import",
                   "severity": "blocking", "evidence": "drawn"})
        };
        self.late.iter().map(edge).collect()
    }

    /// What every model says, by step.
    pub fn script(&self) -> Vec<(String, String)> {
        let json = |value: Value| format!("{{ json = {} }}", inline(&value));
        let mut script = vec![
            ("plan".to_owned(), turns([json(self.plan())])),
            ("deps".to_owned(), turns([json(json!({"edges": self.edges(), "uncertain": null}))])),
            (
                "synthesis".to_owned(),
                turns([json(json!({"summary": "So.", "decisions": [], "mismatches": [], "open_items": []}))]),
            ),
        ];
        for Piece { section, stream, path, attempts } in &self.pieces {
            let edit = |(at, word): (usize, &&str)| {
                // Attempts differ, or nothing would change on a head that holds the first.
                format!(
                    "{{ edit = {{ path = \"{path}\", content = \"{word} {section} {stream} {at}\\n\" }} }}, {{ say = \"done\" }}"
                )
            };
            script.push((format!("work.{section}.{stream}"), turns(attempts.iter().enumerate().map(edit))));
            let way =
                Path::new(path).parent().filter(|parent| parent.starts_with("lib/") && parent.to_str() != Some("lib"));
            let clear =
                way.map_or_else(String::new, |way| format!("{{ delete = {{ path = \"{}\" }} }}, ", way.display()));
            for made in 1..=4 {
                let resolved = format!(
                    "{{ edit = {{ path = \"{path}\", content = \"resolved {section}\\n\" }} }}, {{ say = \"so\" }}"
                );
                let acts = std::iter::repeat_n(format!("{clear}{resolved}"), 2);
                script.push((format!("resolve.{section}.{stream}.{made}"), turns(acts)));
                for tag in [format!("{made}"), format!("{made}r1"), format!("{made}r2")] {
                    let accept = json(json!({"accept": true, "findings": []}));
                    script.push((format!("judge.{section}.{stream}.{tag}"), turns([accept])));
                }
            }
        }
        script
    }

    /// A place with its repository and its configuration, and no script yet; the clock stands still.
    pub fn place(&self) -> Shop {
        let tasks = self.tasks();
        let files = [("check.sh", CHECK), ("lib/base.txt", "base\n"), ("todo/tasks.md", tasks.as_str())];
        let mut shop = Shop::within(Sandbox::in_memory().unwrap(), &files, CONFIG);
        shop.sandbox.set("MAO_TEST_CLOCK", BEGIN.to_string());
        shop.sandbox.set("MAO_TEST_RUN", RUN);
        shop
    }
}

fn turns(acts: impl IntoIterator<Item = String>) -> String {
    acts.into_iter().map(|act| format!("[[turn]]\nact = [{act}]\n\n")).collect()
}

/// A JSON value as an inline value of TOML, which has no null: what is absent is left out.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let present = map.iter().filter(|(_, value)| !value.is_null());
            let pairs = present.map(|(name, value)| format!("{name} = {}", inline(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let out = Command::new("git").arg("-C").arg(dir).args(args).output().unwrap();
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// The commits of a run's repository that no ref of it or of the user's repository reaches.
pub fn lost(shop: &Shop) -> Vec<String> {
    let repo = shop.run_dir(RUN).join("repo.git");
    let objects = git(&repo, &["cat-file", "--batch-all-objects", "--batch-check"]);
    let reached: BTreeSet<String> = [&repo, &shop.sandbox.work()]
        .iter()
        .flat_map(|dir| git(dir, &["rev-list", "--all"]).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let commits = objects.lines().filter_map(|line| line.split_once(" commit ").map(|(id, _)| id.to_owned()));
    commits.filter(|id| !reached.contains(id)).collect()
}

/// What of a set's run is worth counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Met {
    /// Everything landed.
    Complete,
    /// Something did not, and its culprit is named.
    Incomplete,
    /// A change was redone because it broke the merged tree.
    Broke,
    /// A conflict was resolved.
    Resolved,
    /// The owner was stopped or killed, and another went on.
    Resumed,
}

/// What is not as it must be after a run of this set; `code` is the exit code, `before` the checkout before it.
pub fn wrong(shop: &Shop, code: Option<i32>, before: &Checkout, met: &mut Vec<Met>) -> Vec<String> {
    let mut wrong: Vec<String> = lost(shop).into_iter().map(|id| format!("commit {id} is on no ref")).collect();
    if checkout(shop) != *before {
        wrong.push("the user's checkout has changed".to_owned());
    }
    wrong.extend(debris(shop, RUN));
    let branch = format!("mao/{}", &RUN[..8]);
    let out = shop.sandbox.root().join("out");
    std::fs::create_dir_all(&out).unwrap();
    let (work, tar) = (shop.sandbox.work(), shop.sandbox.root().join("out.tar"));
    git(&work, &["archive", "-o", tar.to_str().unwrap(), &branch]);
    let green = Command::new("tar").arg("-xf").arg(&tar).arg("-C").arg(&out).status().unwrap().success()
        && Command::new(VERIFY[0]).args(&VERIFY[1..]).current_dir(&out).output().unwrap().status.success();
    if !green {
        wrong.push("the final tree is red".to_owned());
    }
    let report = std::fs::read_dir(out.join("docs/mao")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut report = report.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let report = report.next().map(|path| std::fs::read(path).unwrap()).unwrap_or_default();
    let report: Value = serde_json::from_slice(&report).unwrap_or_default();
    wrong.extend(unnamed(&report, code, met));
    wrong
}

/// What the report does not say: of everything that did not land, why; and who broke what the others were merged with.
fn unnamed(report: &Value, code: Option<i32>, met: &mut Vec<Met>) -> Vec<String> {
    let rows = report["workstreams"].as_array().cloned().unwrap_or_default();
    let of = |state: &str| rows.iter().filter(|row| row["state"] == state).collect::<Vec<_>>();
    let says = |row: &Value, words: &[&str]| {
        let lines = row["history"].as_array().into_iter().flatten().filter_map(Value::as_str);
        lines.into_iter().any(|line| words.iter().any(|word| line.contains(word)))
    };
    let mut wrong = Vec::new();
    let (merged, failed) = (of("merged"), of("failed"));
    match code {
        Some(0) if merged.len() == rows.len() && !rows.is_empty() => met.push(Met::Complete),
        Some(5) if !failed.is_empty() => met.push(Met::Incomplete),
        other => wrong.push(format!("it ended with {other:?} and reports {rows:?}")),
    }
    for row in failed {
        // A file where a directory is wanted cannot be written: then the attempts themselves failed.
        if !says(row, &["broke the merged tree", "merge conflict", "verification failed", "bad request"]) {
            wrong.push(format!("it is not said what was wrong with {row}"));
        }
    }
    for row in of("skipped") {
        if !says(row, &[""]) {
            wrong.push(format!("it is not said why nobody worked on {row}"));
        }
    }
    if rows.iter().any(|row| says(row, &["broke the merged tree"])) {
        met.push(Met::Broke);
    }
    if rows.iter().any(|row| says(row, &["resolved by"])) {
        met.push(Met::Resolved);
    }
    wrong
}

/// Plays the sets of `count` seeds, several at once, from `MAO_TEST_SEED` or one drawn now; `MAO_TEST_SETS` says how many.
/// What was met comes back; everything that is wrong is a failure, with the command that plays the set alone.
pub fn over(test: &str, count: u64, play: impl Fn(u64, &mut Vec<Met>) -> Vec<String> + Sync) -> Vec<Met> {
    let fixed = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let once = fixed("MAO_TEST_SEED");
    let first = once.unwrap_or_else(|| u64::from(std::process::id()) << 20);
    let sets = fixed("MAO_TEST_SETS").unwrap_or(if once.is_some() { 1 } else { count });
    let began = std::time::Instant::now();
    println!("{sets} sets, seeds from {first}");
    let (next, wrong, met) = (AtomicU64::new(0), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = first + next.fetch_add(1, Ordering::SeqCst);
                    if seed >= first + sets {
                        break;
                    }
                    let mut here = Vec::new();
                    let found = play(seed, &mut here);
                    met.lock().unwrap().extend(here);
                    if !found.is_empty() {
                        let again =
                            format!("MAO_TEST_SEED={seed} cargo test -p mao-cli --test it -- --nocapture {test}");
                        wrong.lock().unwrap().push(format!("seed {seed}: {}\n  again: {again}", found.join("\n  ")));
                    }
                }
            });
        }
    });
    let (wrong, met) = (wrong.into_inner().unwrap(), met.into_inner().unwrap());
    let count = |what: Met| met.iter().filter(|one| **one == what).count();
    println!(
        "{sets} sets in {} s: {} complete, {} incomplete with the culprit named, {} with a merged tree broken on the way, \
         {} with a conflict resolved, {} stopped and resumed; {} wrong",
        began.elapsed().as_secs(),
        count(Met::Complete),
        count(Met::Incomplete),
        count(Met::Broke),
        count(Met::Resolved),
        count(Met::Resumed),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    met
}

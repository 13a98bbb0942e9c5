//! Random sets of workstreams through the merge queue: changes that overlap, conflict, break each other's tree, or are
//! red alone; some of them killed at a random point and resumed. Real git, real checks, scripted models.
//!
//! `MAO_TEST_SEED` repeats a set, `MAO_TEST_SETS` says how many there are.

use crate::evidence::{checkout, debris};
use crate::shop::{BEGIN, LATER, RUN, Shop, ran};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many sets are played unless said otherwise; every twelfth is also killed and resumed.
const SETS: u64 = 36;

/// How many places are at work at once.
const AT_ONCE: usize = 4;

/// Green while at most one file says `clash` and none says `red`.
const CHECK: &str = "#!/bin/sh\n\
    if grep -rl red lib; then exit 1; fi\n\
    [ \"$(grep -rl clash lib | wc -l)\" -le 1 ] || { grep -rl clash lib; exit 1; }\n";

/// Numbers that look drawn and are the same for the same seed.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// One workstream of a set: where it writes, and what each of its attempts leaves there.
struct Piece {
    section: u64,
    stream: &'static str,
    path: String,
    attempts: [&'static str; 4],
}

/// A set's pieces. Sections have one or two workstreams; two sections may meet at a file in the way of a directory.
fn pieces(drawn: &mut Drawn, sections: u64) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for section in 1..=sections {
        for stream in ["schemas", "tests"] {
            if stream == "schemas" && drawn.below(3) > 0 {
                continue;
            }
            let path = match drawn.below(4) {
                // The one before it in the same wave may write a file of this name.
                0 if stream == "tests" && section > 1 => format!("lib/meet{}/in.txt", section - 1),
                1 if stream == "tests" => format!("lib/meet{section}"),
                // What another wave wrote, or nobody yet.
                2 if section == 1 => "lib/shared.txt".to_owned(),
                _ => format!("lib/{section}/{stream}.txt"),
            };
            let attempts = match drawn.below(6) {
                0 | 1 => ["clash", "clash", "good", "good"],
                2 => ["clash", "better", "good", "good"],
                3 => ["red", "good", "good", "good"],
                4 if drawn.below(3) == 0 => ["clash"; 4],
                _ => ["good"; 4],
            };
            pieces.push(Piece { section, stream, path, attempts });
        }
    }
    pieces
}

fn turns(acts: impl Iterator<Item = String>) -> String {
    acts.map(|act| format!("[[turn]]\nact = [{act}]\n\n")).collect()
}

fn place(seed: u64) -> (Shop, String) {
    let mut drawn = Drawn(seed);
    let sections = 2 + drawn.below(4);
    let pieces = pieces(&mut drawn, sections);
    let tasks: String = (1..=sections).map(|id| format!("## Section {id}: S{id}\n\n- [ ] {id}.1 Do it\n\n")).collect();
    let files = [("check.sh", CHECK), ("lib/base.txt", "base\n"), ("todo/tasks.md", tasks.as_str())];
    let mut shop = Shop::with(&files, "[engine]\nverify = [\"sh check.sh\"]\n");
    shop.sandbox.set("MAO_TEST_CLOCK", BEGIN.to_string());
    shop.sandbox.set("MAO_TEST_RUN", RUN);
    let planned: Vec<Value> = (1..=sections)
        .map(|section| {
            let own = pieces.iter().filter(|piece| piece.section == section);
            let workstreams: Vec<Value> =
                own.map(|piece| json!({"stream": piece.stream, "goal": "Write.", "owns": [piece.path]})).collect();
            json!({"section": section.to_string(), "workstreams": workstreams})
        })
        .collect();
    shop.play("plan", "[[turn]]\nact = [{ json_file = \"plan.json\" }]\n");
    let plan = json!({"summary": "A set.", "sections": planned}).to_string();
    std::fs::write(shop.script.join("plan.json"), plan).unwrap();
    shop.play("deps", "[[turn]]\nact = [{ json = { edges = [] } }]\n");
    shop.play("synthesis", "[[turn]]\nact = [{ json = { summary = \"So.\", decisions = [], open_items = [] } }]\n");
    for Piece { section, stream, path, attempts } in &pieces {
        let edit = |(at, word): (usize, &&str)| {
            // Attempts differ, or nothing would change on a head that holds the first.
            format!(
                "{{ edit = {{ path = \"{path}\", content = \"{word} {section} {stream} {at}\\n\" }} }}, {{ say = \"done\" }}"
            )
        };
        shop.play(&format!("work.{section}.{stream}"), &turns(attempts.iter().enumerate().map(edit)));
        let way =
            Path::new(path).parent().filter(|parent| parent.starts_with("lib/") && parent.to_str() != Some("lib"));
        let clear = way.map_or_else(String::new, |way| format!("{{ delete = {{ path = \"{}\" }} }}, ", way.display()));
        for made in 1..=4 {
            let resolved = format!(
                "{{ edit = {{ path = \"{path}\", content = \"resolved {section}\\n\" }} }}, {{ say = \"so\" }}"
            );
            let acts = std::iter::repeat_n(format!("{clear}{resolved}"), 2);
            shop.play(&format!("resolve.{section}.{stream}.{made}"), &turns(acts));
            for tag in [format!("{made}"), format!("{made}r1"), format!("{made}r2")] {
                let accept = "{ json = { accept = true, findings = [] } }".to_owned();
                shop.play(&format!("judge.{section}.{stream}.{tag}"), &turns(std::iter::once(accept)));
            }
        }
    }
    let words = (1..=sections).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    (shop, words)
}

fn git(dir: &Path, args: &[&str]) -> String {
    let out = Command::new("git").arg("-C").arg(dir).args(args).output().unwrap();
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// The commits of a run's repository that no ref of it or of the user's repository reaches.
fn lost(shop: &Shop) -> Vec<String> {
    let repo = shop.run_dir(RUN).join("repo.git");
    let objects = git(&repo, &["cat-file", "--batch-all-objects", "--batch-check"]);
    let reached: BTreeSet<String> = [&repo, &shop.sandbox.work()]
        .iter()
        .flat_map(|dir| git(dir, &["rev-list", "--all"]).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let commits = objects.lines().filter_map(|line| line.split_once(" commit ").map(|(id, _)| id.to_owned()));
    commits.filter(|id| !reached.contains(id)).collect()
}

/// What is not as it must be after a run of this set.
fn wrong(shop: &Shop, code: Option<i32>, before: &crate::evidence::Checkout) -> Vec<String> {
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
        && Command::new("sh").arg("check.sh").current_dir(&out).output().unwrap().status.success();
    if !green {
        wrong.push("the final tree is red".to_owned());
    }
    let report = std::fs::read_dir(out.join("docs/mao")).into_iter().flatten().flatten().map(|entry| entry.path());
    let report = report.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let report: String = report.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    match code {
        Some(0) => {}
        Some(5)
            if ["broke the merged tree", "merge conflict", "verification failed"]
                .iter()
                .any(|why| report.contains(why)) => {}
        other => wrong.push(format!("it ended with {other:?} and the report names no culprit: {report}")),
    }
    wrong
}

/// Plays one set; what is wrong with it.
fn play(seed: u64, killed: bool) -> Vec<String> {
    let (shop, sections) = place(seed);
    let before = checkout(&shop);
    let points = shop.sandbox.root().join("points");
    let whole = ran(shop.develop(&sections).env("MAO_TEST_POINTS", &points));
    let mut found = wrong(&shop, whole.code, &before);
    if !found.is_empty() {
        found.push(whole.stderr);
    }
    if killed && found.is_empty() {
        let passed = std::fs::read_to_string(points).unwrap();
        let passed: Vec<&str> = passed.lines().filter(|point| !point.contains("run_opened")).collect();
        let passed: Vec<&str> = BTreeSet::from_iter(passed).into_iter().collect();
        let point = passed[usize::try_from(Drawn(seed ^ 0x5eed).below(passed.len() as u64)).unwrap()];
        let (again, sections) = place(seed);
        let before = checkout(&again);
        let first = ran(again.develop(&sections).env("MAO_TEST_POINT", point));
        let second = ran(again.command(&["resume"]).env("MAO_TEST_CLOCK", LATER.to_string()));
        found.extend(wrong(&again, second.code, &before));
        let branch = format!("mao/{}", &RUN[..8]);
        if first.code.is_some() || again.branch(&branch) != shop.branch(&branch) {
            found.push(format!("killed at {point} it ended elsewhere: {}{}", first.stderr, second.stderr));
        }
    }
    found.into_iter().map(|what| format!("seed {seed}: {what}")).collect()
}

#[test]
fn dev_05_random_sets_land_or_name_the_culprit_and_lose_no_commit() {
    let fixed = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let once = fixed("MAO_TEST_SEED");
    let first = once.unwrap_or_else(|| u64::from(std::process::id()) << 20);
    let sets = fixed("MAO_TEST_SETS").unwrap_or(if once.is_some() { 1 } else { SETS });
    println!("seeds from {first}, {sets} sets: MAO_TEST_SEED repeats one");
    let (next, wrong) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    if at >= sets {
                        break;
                    }
                    let found = play(first + at, at % 12 == 0);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

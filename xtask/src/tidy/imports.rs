//! Rules about rooms importing rooms, from `cargo metadata` and from what the files mention.

use super::rooms::{self, Room};
use super::rule::{Breach, Rule};
use crate::house::House;

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "room",
        "every package is a room of the table in xtask/src/tidy/rooms.rs, or its rules would not hold",
        unknown,
    ),
    Rule::new(
        "import",
        "no arrow runs back up: deciding is pure, doing is elsewhere, and a room can be read without those above it",
        manifests,
    ),
    Rule::new(
        "mention",
        "what a file names is what its room depends on, tests included; `testkit` is for tests only",
        files,
    ),
    Rule::new("open", "only `open.rs` joins the parts: another store or provider changes one file of the faces", open),
    Rule::new("foreign", "what a room may touch shows in its dependencies: each foreign door has its rooms", foreign),
    Rule::new("binary", "one integration-test binary per crate: linking each costs seconds", binaries),
];

/// Foreign packages that open a door, with the rooms that may depend on them to ship.
const DOORS: &[(&str, &[&str])] = &[
    ("tokio", &["process", "providers", "repo", "engine", "mcp", "dashboard", "cli", "testkit", "bench"]),
    ("rusqlite", &["store", "bench"]),
    ("hyper", &["providers", "mcp", "dashboard", "testkit"]),
    ("rustix", &["process", "providers", "repo", "store", "testkit"]),
    ("landlock", &["process"]),
    ("getrandom", &["engine"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("jiff", &["engine", "cli"]),
    ("minijinja", &["workflows"]),
    ("serde-saphyr", &["config"]),
    ("tempfile", &["repo", "testkit", "bench"]),
];

fn unknown(house: &House) -> Vec<Breach> {
    let ours = house.packages.iter().filter(|package| package.is_ours() && package.name != "xtask");
    let unknown = ours.filter(|package| package.room().and_then(rooms::room).is_none());
    unknown.map(|package| Breach::file(&package.name, "no row in the table of rooms")).collect()
}

fn manifests(house: &House) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for package in house.packages.iter().filter(|package| package.is_ours()) {
        let room = package.room().and_then(rooms::room);
        for dependency in &package.dependencies {
            let Some(other) = dependency.name.strip_prefix("mao-") else { continue };
            let allowed = match (room, dependency.kind.as_deref()) {
                (None, _) => false,
                (Some(room), Some("dev")) => in_tests(room, other),
                (Some(room), _) => room.imports.contains(&other),
            };
            if !allowed {
                breaches.push(Breach::file(&package.name, format!("depends on `mao-{other}`{}", may(room))));
            }
        }
    }
    breaches
}

fn files(house: &House) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in &house.sources {
        let room = source.room().and_then(rooms::room);
        for mention in &source.mentions {
            let first = mention.path.split("::").next().unwrap_or_default();
            let Some(other) = first.strip_prefix("mao_") else { continue };
            // A local name may begin like this; a room's never ends otherwise.
            if rooms::room(other).is_none() {
                continue;
            }
            let allowed = room.is_some_and(|room| {
                room.name == other
                    || if mention.in_test { in_tests(room, other) } else { room.imports.contains(&other) }
            });
            if !allowed {
                let what = format!("names `{}`{}", mention.path, may(room));
                breaches.push(Breach::line(&source.path, mention.line, what));
            }
        }
    }
    breaches
}

/// A test may use whatever lies below its room, and the kit.
fn in_tests(room: &Room, other: &str) -> bool {
    other == room.name || other == "testkit" || room.name == "testkit" || rooms::is_above(room, other)
}

fn may(room: Option<&Room>) -> String {
    match room {
        None => ", but xtask is no room: it imports none".to_owned(),
        Some(room) if room.imports.is_empty() => format!(", but `{}` ({}) imports no room", room.name, room.is),
        Some(room) => format!(", but `{}` ({}) may import {} only", room.name, room.is, room.imports.join(", ")),
    }
}

fn open(house: &House) -> Vec<Breach> {
    const CONCRETE: &[&str] = &["mao_store::sqlite", "mao_providers::cli", "mao_providers::script"];
    let mut breaches = Vec::new();
    for source in house.sources.iter().filter(|source| source.room() == Some("cli")) {
        if source.path.ends_with("/open.rs") || source.path.contains("/open/") {
            continue;
        }
        for mention in source.mentions.iter().filter(|mention| !mention.in_test) {
            if CONCRETE.iter().any(|concrete| is_within(&mention.path, concrete)) {
                breaches.push(Breach::line(&source.path, mention.line, format!("names `{}`", mention.path)));
            }
        }
    }
    breaches
}

/// Whether `path` is `prefix` or lies in it.
pub(super) fn is_within(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn foreign(house: &House) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for package in &house.packages {
        let Some(room) = package.room() else { continue };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind.is_none()) {
            let door = DOORS.iter().find(|(name, _)| *name == dependency.name);
            if let Some((name, rooms)) = door
                && !rooms.contains(&room)
            {
                let what = format!("depends on `{name}`, which only {} may", rooms.join(", "));
                breaches.push(Breach::file(&package.name, what));
            }
        }
    }
    breaches
}

fn binaries(house: &House) -> Vec<Breach> {
    let tests = |package: &crate::house::Package| {
        package.targets.iter().filter(|target| target.kind.iter().any(|kind| kind == "test")).count()
    };
    let ours = house.packages.iter().filter(|package| package.is_ours());
    let many = ours.filter(|package| tests(package) > 1);
    many.map(|package| Breach::file(&package.name, format!("builds {} test binaries", tests(package)))).collect()
}

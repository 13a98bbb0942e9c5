//! Rules about what a room touches of the world, from the paths that its files mention outside tests.

use super::imports::is_within;
use super::rooms::{self, PURE, Touch};
use super::rule::{Breach, Rule};
use crate::house::House;
use crate::source::{Mention, MentionKind, Source};

pub(super) const RULES: &[Rule] = &[
    Rule::new("pure", "deciding is pure: the same state gives the same effects on any machine, at any time", pure),
    Rule::new("spawn", "one room spawns, so that one room can promise that no child outlives us", spawn),
    Rule::new("sql", "one room knows the database, so that a second store is a folder and not a search", sql),
    Rule::new("print", "nothing prints but the printers: stdout is data, and every face reads the same stream", print),
    Rule::new(
        "touch",
        "each room touches what its row in the table of rooms says, so that a row can be believed",
        touch,
    ),
];

/// What a path touches, by its beginning.
const DOORS: &[(&str, Touch)] = &[
    ("std::fs", Touch::Files),
    ("tokio::fs", Touch::Files),
    // Sockets and pipes between a parent and its child reach no network.
    ("std::net::Shutdown", Touch::Async),
    ("std::os::unix::net", Touch::Unix),
    ("tokio::net::unix", Touch::Unix),
    ("tokio::net::UnixStream", Touch::Unix),
    ("std::net", Touch::Net),
    ("tokio::net", Touch::Net),
    ("hyper", Touch::Net),
    ("std::process", Touch::Spawn),
    ("tokio::process", Touch::Spawn),
    ("std::env", Touch::Environment),
    ("std::time::SystemTime::now", Touch::Clock),
    ("SystemTime::now", Touch::Clock),
    ("jiff::Timestamp::now", Touch::Clock),
    ("Timestamp::now", Touch::Clock),
    ("jiff::Zoned::now", Touch::Clock),
    ("Zoned::now", Touch::Clock),
    ("std::time::Instant", Touch::Timers),
    ("tokio::time", Touch::Timers),
    ("std::thread::sleep", Touch::Timers),
    ("getrandom", Touch::Random),
    ("rand", Touch::Random),
    ("rusqlite", Touch::Sql),
    ("tokio", Touch::Async),
    ("rustix::fs", Touch::UnixFiles),
    ("rustix::io", Touch::UnixFiles),
    ("rustix", Touch::Unix),
    ("landlock", Touch::Unix),
    ("libc", Touch::Unix),
    ("nix", Touch::Unix),
    ("std::io::stdout", Touch::Terminal),
    ("std::io::stderr", Touch::Terminal),
    ("std::io::stdin", Touch::Terminal),
];

/// Parts of `std::process` that start nothing.
const HARMLESS: &[&str] = &["std::process::ExitCode", "std::process::id", "std::process::ExitStatus"];

/// The one file of a pure room that reads the environment: the switch of the committed mutations, behind a test-only
/// feature.
const SWITCH: &str = "crates/core/src/mutant.rs";

fn touched(mention: &Mention) -> Option<Touch> {
    let path = mention.path.as_str();
    if mention.kind == MentionKind::Macro {
        return matches!(path, "println" | "print" | "eprintln" | "eprint").then_some(Touch::Terminal);
    }
    if HARMLESS.iter().any(|harmless| is_within(path, harmless)) {
        return None;
    }
    if path == "Command::new" {
        return Some(Touch::Spawn);
    }
    DOORS.iter().find(|(door, _)| is_within(path, door)).map(|(_, touch)| *touch)
}

/// Every mention of the shipped code of the rooms that touches something.
fn mentions(house: &House) -> impl Iterator<Item = (&Source, &str, &Mention, Touch)> {
    house.sources.iter().filter_map(|source| source.room().map(|room| (source, room))).flat_map(|(source, room)| {
        let shipped = source.mentions.iter().filter(|mention| !mention.in_test);
        shipped.filter_map(move |mention| touched(mention).map(|touch| (source, room, mention, touch)))
    })
}

fn breach(source: &Source, mention: &Mention) -> Breach {
    Breach::line(&source.path, mention.line, format!("names `{}`", mention.path))
}

fn pure(house: &House) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for source in house.sources.iter().filter(|source| source.room().is_some_and(|room| PURE.contains(&room))) {
        for mention in source.mentions.iter().filter(|mention| !mention.in_test) {
            // The type alone tempts to call `now`: a pure room has stamps instead.
            let clock = is_within(&mention.path, "std::time::SystemTime");
            let switch = source.path == SWITCH && touched(mention) == Some(Touch::Environment);
            if (clock || touched(mention).is_some()) && !switch {
                breaches.push(breach(source, mention));
            }
        }
    }
    breaches
}

fn spawn(house: &House) -> Vec<Breach> {
    let spawning = mentions(house)
        .filter(|(_, room, _, touch)| *touch == Touch::Spawn && !matches!(*room, "process" | "testkit" | "bench"));
    // `clap` has a `Command` too; in `cli` a child's would need an import, which is found.
    let real = spawning.filter(|(_, room, mention, _)| !(*room == "cli" && mention.path == "Command::new"));
    real.map(|(source, _, mention, _)| breach(source, mention)).collect()
}

fn sql(house: &House) -> Vec<Breach> {
    let sql = mentions(house).filter(|(_, room, _, touch)| *touch == Touch::Sql && !matches!(*room, "store" | "bench"));
    sql.map(|(source, _, mention, _)| breach(source, mention)).collect()
}

fn print(house: &House) -> Vec<Breach> {
    let may = |room: &str| rooms::room(room).is_some_and(|room| room.touches.contains(&Touch::Terminal));
    let printing = mentions(house).filter(|(_, room, _, touch)| *touch == Touch::Terminal && !may(room));
    printing.map(|(source, _, mention, _)| breach(source, mention)).collect()
}

/// Everything in the table that has no rule of its own above.
fn touch(house: &House) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (source, name, mention, touch) in mentions(house) {
        let own = matches!(touch, Touch::Spawn | Touch::Sql | Touch::Terminal) || PURE.contains(&name);
        let Some(room) = rooms::room(name).filter(|_| !own) else { continue };
        let whole = touch == Touch::UnixFiles && room.touches.contains(&Touch::Unix);
        if !whole && !room.touches.contains(&touch) {
            let what = format!("names `{}`, but `{}` touches {:?} only", mention.path, room.name, room.touches);
            breaches.push(Breach::line(&source.path, mention.line, what));
        }
    }
    breaches
}

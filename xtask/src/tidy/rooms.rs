//! The rooms: who may import whom, and who may touch what of the world. This table is ARCHITECTURE.md's, as data.

/// A part of the world that a room may touch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Touch {
    /// Files and folders.
    Files,
    /// Sockets.
    Net,
    /// Child processes.
    Spawn,
    /// Environment variables and arguments.
    Environment,
    /// The time of day.
    Clock,
    /// How long something takes.
    Timers,
    /// Random numbers.
    Random,
    /// SQL.
    Sql,
    /// Asynchronous code.
    Async,
    /// Every call of Unix.
    Unix,
    /// Unix's file calls alone, to open beneath a folder without following links.
    UnixFiles,
    /// What people and scripts read.
    Terminal,
}

/// One room.
pub(super) struct Room {
    /// Its name: `core` for `mao-core`.
    pub(super) name: &'static str,
    /// The rooms it may import.
    pub(super) imports: &'static [&'static str],
    /// What it may touch.
    pub(super) touches: &'static [Touch],
    /// In three words or so, for the reader of a breach.
    pub(super) is: &'static str,
}

use Touch::{Async, Clock, Environment, Files, Net, Random, Spawn, Sql, Terminal, Timers, Unix, UnixFiles};

/// The rooms, from the ground up.
pub(super) const ROOMS: &[Room] = &[
    Room { name: "core", imports: &[], touches: &[], is: "pure nouns and the fold" },
    Room { name: "policy", imports: &["core"], touches: &[], is: "pure decisions" },
    Room { name: "workflows", imports: &["core", "policy"], touches: &[], is: "pure next-effect functions" },
    Room {
        name: "process",
        imports: &[],
        touches: &[Files, Spawn, Environment, Clock, Timers, Async, Unix],
        is: "the only room that spawns",
    },
    Room {
        name: "providers",
        imports: &["core", "process"],
        touches: &[Files, Net, Timers, Async, UnixFiles],
        is: "what reaches a model",
    },
    Room {
        name: "repo",
        imports: &["core", "process"],
        touches: &[Files, Timers, Async, UnixFiles],
        is: "repositories and worktrees",
    },
    Room { name: "store", imports: &["core"], touches: &[Files, Sql, UnixFiles], is: "the durable side" },
    Room {
        name: "engine",
        imports: &["core", "policy", "workflows", "providers", "repo", "store"],
        touches: &[Clock, Timers, Random, Async],
        is: "carries a run to its outcome",
    },
    Room { name: "config", imports: &["core", "policy"], touches: &[Files, Environment], is: "layers and tables" },
    Room { name: "mcp", imports: &["core", "engine"], touches: &[Net, Timers, Async], is: "a face of the engine" },
    Room {
        name: "dashboard",
        imports: &["core", "engine"],
        touches: &[Net, Timers, Async],
        is: "a face of the engine",
    },
    Room {
        name: "cli",
        imports: &[
            "core",
            "policy",
            "workflows",
            "process",
            "providers",
            "repo",
            "store",
            "engine",
            "config",
            "mcp",
            "dashboard",
        ],
        touches: &[Files, Environment, Clock, Timers, Async, Terminal],
        is: "words in, words out",
    },
    Room {
        name: "testkit",
        imports: &["core", "process", "providers"],
        touches: &[Files, Net, Spawn, Environment, Clock, Timers, Async, Terminal],
        is: "for tests only",
    },
    Room {
        name: "bench",
        imports: &[
            "core",
            "policy",
            "workflows",
            "process",
            "providers",
            "repo",
            "store",
            "engine",
            "config",
            "testkit",
        ],
        touches: &[Files, Spawn, Environment, Clock, Timers, Async, Sql, Terminal],
        is: "for measuring only",
    },
    Room { name: "real", imports: &["testkit"], touches: &[], is: "tests of the shipped binary only" },
];

/// The rooms in which deciding happens: they touch nothing.
pub(super) const PURE: &[&str] = &["core", "policy", "workflows"];

/// The room of that name.
pub(super) fn room(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

/// Whether `room` may import `other` somewhere below it, directly or through others.
pub(super) fn is_above(room: &Room, other: &str) -> bool {
    room.imports.iter().any(|below| *below == other || self::room(below).is_some_and(|below| is_above(below, other)))
}

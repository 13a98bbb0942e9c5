//! Where a part plays: a sandbox with a repository, one fake server per vendor, the vendors' command lines on `PATH`,
//! and the release `mao`. Nothing of the caller's HOME is seen.

use super::play::Play;
use mao_testkit::clis::Cli;
use mao_testkit::sandbox::{Ran, Sandbox, run};
use mao_testkit::server::{FakeServer, Seen, Settings};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The three command lines, in the order of [`Place::servers`].
pub const CLIS: [Cli; 3] = [Cli::Claude, Cli::Codex, Cli::Gemini];

/// A key that a vendor may see and nobody else.
pub const KEYS: [(&str, &str); 3] = [
    ("ANTHROPIC_API_KEY", "canary-key-anthropic-7f3a"),
    ("OPENAI_API_KEY", "canary-key-openai-7f3a"),
    ("GEMINI_API_KEY", "canary-key-google-7f3a"),
];

/// The user's own file in most parts: everything enabled, paid by key, a check of the repository's. No account rests
/// after failures: which attempt that spares is a matter of timing.
pub const CONFIG: &str = r#"[models]
codex_enabled = true
gemini_enabled = true

[engine]
mode = "diverse"
verify = ["sh check.sh"]
max_parallel = 3

[engine.timeouts]
first_byte = "60s"
idle = "60s"
total = "5m"
grace = "1s"

[breaker]
failures = 100

[transport.claude]
billing = "api"

[transport.codex]
billing = "api"

[transport.gemini]
billing = "api"
"#;

/// Says when a part began and how long it took, past the capture of the harness.
#[derive(Debug)]
pub struct Part {
    name: &'static str,
    began: Instant,
}

impl Part {
    /// Begins a part, or says that it is skipped where the command lines are not there.
    pub fn begin(name: &'static str) -> Option<Self> {
        let missing = CLIS.iter().find(|cli| cli.find().is_none());
        if let Some(cli) = missing {
            say(&format!("skipped: {name}: MAO_CLIS names no directory with {}", cli.name()));
            return None;
        }
        Some(Self { name, began: Instant::now() })
    }

    /// A fact that the part found, for its reader.
    pub fn note(&self, what: &str) {
        say(&format!("{}: {what}", self.name));
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let how = if std::thread::panicking() { "failed" } else { "passed" };
        say(&format!("part {} {how} after {:.1} s", self.name, self.began.elapsed().as_secs_f64()));
    }
}

/// One line past the capture of the harness.
pub fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// The release binary: `MAO_BIN`, else the one beside the directory that this test was built in.
pub fn mao() -> PathBuf {
    let beside = || {
        let here = std::env::current_exe().unwrap();
        here.ancestors().nth(3).unwrap().join("release/mao")
    };
    let path = std::env::var_os("MAO_BIN").map_or_else(beside, PathBuf::from);
    assert!(path.is_file(), "{} is not there: `cargo build --release -p mao-cli`", path.display());
    path
}

/// A sandbox with everything in it.
#[derive(Debug)]
pub struct Place {
    pub sandbox: Sandbox,
    pub servers: [FakeServer; 3],
}

impl Place {
    /// A repository of these files on a first commit, the user's `config`, and servers that play `play`.
    pub fn new(files: &[(&str, &str)], config: &str, play: &Play) -> Self {
        Self::in_sandbox(Sandbox::new().unwrap(), files, config, play)
    }

    /// The same in a sandbox that holds something already.
    pub fn in_sandbox(mut sandbox: Sandbox, files: &[(&str, &str)], config: &str, play: &Play) -> Self {
        sandbox.repository(files).unwrap();
        let servers = [0, 1, 2].map(|at| {
            let log = keep_logs().then(|| sandbox.root().join(format!("server-{}.jsonl", CLIS[at].name())));
            FakeServer::start_with(play.script(sandbox.root()), Settings { port: 0, log }).unwrap()
        });
        let dir = sandbox.home().join(".config/mao");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("multi-model.toml"), config).unwrap();
        sandbox.prefer(Path::new(&std::env::var_os("MAO_CLIS").unwrap()));
        for (name, value) in KEYS {
            sandbox.set(name, value);
        }
        sandbox.set("ANTHROPIC_BASE_URL", servers[0].url());
        sandbox.set("OPENAI_BASE_URL", format!("{}/v1", servers[1].url()));
        sandbox.set("GOOGLE_GEMINI_BASE_URL", servers[2].url());
        Self { sandbox, servers }
    }

    /// `mao` with these words in the repository, not started yet.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.sandbox.command(mao());
        command.args(words);
        command
    }

    /// `mao` with these words, to its end.
    pub fn mao(&self, words: &[&str]) -> Ran {
        let ran = run(&mut self.command(words)).unwrap();
        if keep_logs() {
            say(&format!("{words:?} -> {:?}\n{}\n{}", ran.code, ran.stdout, ran.stderr));
        }
        ran
    }

    /// Every request that any server saw, with the vendor's place in [`CLIS`].
    pub fn requests(&self) -> Vec<Seen> {
        self.servers.iter().flat_map(FakeServer::requests).collect()
    }

    /// What did not fit the script.
    pub fn problems(&self) -> Vec<String> {
        self.servers.iter().flat_map(FakeServer::problems).collect()
    }

    /// The events of the newest run, as `mao logs --json` prints them.
    pub fn ledger(&self) -> Ledger {
        let ran = run(&mut self.command(&["logs", "--json"])).unwrap();
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        let events = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Ledger { events }
    }

    /// The name of the newest run's branch.
    pub fn branch(&self) -> String {
        let refs = self.sandbox.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads/mao"]).unwrap();
        refs.lines().last().unwrap_or_default().to_owned()
    }

    /// A file of the newest run's branch.
    pub fn merged(&self, path: &str) -> String {
        let name = format!("{}:{path}", self.branch());
        self.sandbox.git(&["show", &name]).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if keep_logs() && std::thread::panicking() {
            let kept = std::env::temp_dir().join("mao-real-failed");
            drop(Command::new("cp").arg("-a").arg(self.sandbox.root()).arg(&kept).status());
            say(&format!("kept a copy beneath {}", kept.display()));
        }
    }
}

/// Whether somebody looks for what went wrong: `MAO_REAL_KEEP`.
fn keep_logs() -> bool {
    std::env::var_os("MAO_REAL_KEEP").is_some()
}

/// What came of an attempt: who served it, or the fault's kind and hint.
pub type Came = Result<String, (String, String)>;

/// A run's events.
#[derive(Debug)]
pub struct Ledger {
    pub events: Vec<Value>,
}

impl Ledger {
    /// The events of this kind and step, in their order.
    pub fn of(&self, kind: &str, step: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["event"] == kind && event["step"] == step).collect()
    }

    /// The model of each link of a step's route.
    pub fn links(&self, step: &str) -> Vec<String> {
        let routed = self.of("routed", step);
        let links = routed.first().and_then(|event| event["route"]["links"].as_array());
        let links = links.unwrap_or_else(|| panic!("{step} was never routed: {:#?}", self.events.last()));
        links.iter().map(|link| link["model"].as_str().unwrap().to_owned()).collect()
    }

    /// Each attempt of a step: the model that was asked, and what came of it.
    pub fn attempts(&self, step: &str) -> Vec<(String, Came)> {
        let links = self.links(step);
        let started = self.of("attempt_started", step);
        let ended = self.of("attempt_ended", step);
        let asked = started.iter().map(|event| links[event["link"].as_u64().unwrap() as usize].clone());
        let came = ended.iter().map(|event| {
            let result = &event["result"];
            let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
            if result["result"] == "answered" { Ok(text("served")) } else { Err((text("kind"), text("hint"))) }
        });
        asked.zip(came).collect()
    }
}

//! A repository that wants to run its own commands, see keys and read what lies beside it, under a whole run with every
//! vendor's command line: nothing of it is executed, nothing leaves, and plain tools in the same repository show that
//! its traps are live.
//!
//! A sprung trap appends to a file and calls a listener, so that one which the confinement holds back shows too.

mod traps;

use super::listener::Listener;
use super::place::{CLIS, CONFIG, KEYS, Part, Place};
use super::play::{Play, Stream, tasks};
use mao_testkit::clis::Cli;
use mao_testkit::sandbox::{Sandbox, run, run_fed};
use std::collections::BTreeSet;
use std::path::Path;
use traps::Traps;

/// Secrets of the user's that no vendor is paid with.
const SECRETS: [(&str, &str); 6] = [
    ("AWS_SECRET_ACCESS_KEY", "canary-aws-7f3a"),
    ("GITHUB_TOKEN", "canary-github-7f3a"),
    ("NPM_TOKEN", "canary-npm-7f3a"),
    ("DATABASE_URL", "postgres://u:canary-database-7f3a@db/x"),
    ("SSH_AUTH_SOCK", "/canary-agent-7f3a"),
    ("MY_APP_SETTING", "canary-setting-7f3a"),
];

/// What lies in `~/.ssh`.
const SSH: &str = "canary-ssh-7f3a";

/// Workstream and whose command line works on it.
const STREAMS: [(&str, usize); 3] = [("schemas", 2), ("storage", 1), ("implementation", 0)];

/// What the model has its shell look for. Each part goes on where one is refused.
const LOOK: &str = "env; cat $HOME/.ssh/id_canary link-ssh/id_canary link-id; cat /proc/$PPID/environ /proc/[0-9]*/environ | tr '\\000' '\\n'; cat ../../*/objects/info/alternates; ls -la $HOME; cp link-id parts/copied.txt; git status; true";

fn play() -> Play {
    let streams: Vec<Stream> = STREAMS.iter().map(|(name, _)| ("1", *name, format!("parts/{name}*"))).collect();
    let mut play = Play::plan(&streams);
    for (name, _) in STREAMS {
        let look = format!("{{ run = ['sh', '-c', '''{LOOK}'''] }}");
        let made = format!("{{ edit = {{ path = 'parts/{name}.txt', content = \"made\\n\" }} }}");
        let gone = "{ run = ['rm', '-f', 'parts/copied.txt'] }";
        play.turns(&format!("work.1.{name}"), &[&format!("{look}, {made}, {gone}, {{ say = 'Made.' }}")]);
    }
    play
}

/// Every file beneath `root` that holds one of `words`, with the word.
fn holding(root: &Path, words: &[&str]) -> Vec<String> {
    let (mut found, mut dirs) = (Vec::new(), vec![root.to_owned()]);
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => dirs.push(path),
                Ok(kind) if kind.is_file() => {
                    let bytes = std::fs::read(&path).unwrap_or_default();
                    let holds = |word: &&&str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
                    found.extend(words.iter().filter(holds).map(|word| format!("{}: {word}", path.display())));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    found
}

/// The bare repositories directly beneath a directory.
fn bare(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path());
    let found: Vec<_> = entries.filter(|path| path.join("HEAD").is_file() && path.join("objects").is_dir()).collect();
    assert!(!found.is_empty(), "no repository beneath {}", dir.display());
    found
}

/// A sandbox with canaries in its home, and the hostile repository in it.
fn hostile(listener: &Listener) -> (Place, Traps) {
    let mut sandbox = Sandbox::new().unwrap();
    let ssh = sandbox.home().join(".ssh");
    std::fs::create_dir(&ssh).unwrap();
    std::fs::write(ssh.join("id_canary"), format!("{SSH}\n")).unwrap();
    for (name, value) in SECRETS {
        sandbox.set(name, value);
    }
    let traps = Traps::new(&sandbox, listener);
    let list = tasks(1);
    let plain = [("check.sh", "test ! -e broken\n"), ("todo/tasks.md", list.as_str()), ("parts/.keep", "")];
    let mut place = Place::in_sandbox(sandbox, &plain, CONFIG, &play());
    traps.plant(&mut place.sandbox);
    (place, traps)
}

#[test]
fn real_06_a_hostile_repository_gets_nothing() {
    let Some(part) = Part::begin("hostile: a run of three vendors in it") else { return };
    let listener = Listener::start();
    let (mut place, traps) = hostile(&listener);
    let ran = place.mao(&["develop", "1"]);
    // Before any plain git of the test's own.
    assert_eq!((traps.sprung(), listener.heard()), (BTreeSet::new(), vec![]), "{ran:#?}");
    assert_eq!(ran.code, Some(0), "{ran:#?}\n{:#?}", place.problems());
    assert_eq!(place.problems(), [""; 0]);
    assert!(ran.stderr.contains("mao config trust"), "the repository's own file is not spoken of: {ran:#?}");
    for (name, vendor) in STREAMS {
        let step = format!("work.1.{name}");
        let seen = place.servers[vendor].requests_of(&step);
        let results = &seen.last().unwrap().results;
        // The look was taken: the shell's own variables came back.
        let looked = results.iter().find(|one| one.contains("PATH=") && one.contains("HOME="));
        assert!(looked.is_some(), "{name}: {results:#?}");
        assert!(place.ledger().attempts(&step)[0].1.is_ok());
    }
    // No secret in any request, but that a vendor's own tool may hand its own key to its own shell.
    let foreign: Vec<&str> = SECRETS.iter().map(|(_, value)| *value).chain([SSH]).collect();
    for (vendor, server) in place.servers.iter().enumerate() {
        for seen in server.requests() {
            let said = format!("{} {}", seen.body, seen.path);
            for word in &foreign {
                assert!(!said.contains(word), "{word} went to {}: {:#?}", CLIS[vendor].name(), seen.results);
            }
            for (other, (name, key)) in KEYS.iter().enumerate().filter(|(other, _)| *other != vendor) {
                assert!(!said.contains(key), "{name} of {} went to {}", CLIS[other].name(), CLIS[vendor].name());
            }
        }
        let own = server.requests().iter().filter(|seen| seen.body.to_string().contains(KEYS[vendor].1)).count();
        part.note(&format!("{}: its own key stood in {own} of its own requests' bodies", CLIS[vendor].name()));
    }
    // Nothing of it is kept: state, transcripts, blobs, the run's repository, diffs, and what the run wrote.
    let all: Vec<&str> = foreign.iter().copied().chain(KEYS.iter().map(|(_, value)| *value)).collect();
    assert_eq!(holding(&place.sandbox.state(), &all), [""; 0]);
    for word in &all {
        assert!(!ran.stdout.contains(word) && !ran.stderr.contains(word));
    }
    traps.disarm(&mut place.sandbox);
    let diffs = place.sandbox.git(&["log", "-p", "--all", "--text"]).unwrap();
    assert!(all.iter().all(|word| !diffs.contains(word)));
    let runs = std::fs::read_dir(place.sandbox.state().join("mao/runs")).unwrap().flatten();
    for repo in runs.flat_map(|run| bare(&run.path())) {
        let dir = format!("--git-dir={}", repo.display());
        let diffs = place.sandbox.git(&[&dir, "log", "-p", "--all", "--text"]).unwrap();
        assert!(diffs.contains("made") && all.iter().all(|word| !diffs.contains(word)));
    }
    part.note(&format!("{} traps, none sprung; {} requests without a secret", traps.count(), place.requests().len()));
}

#[test]
fn real_06_the_traps_are_live() {
    let Some(part) = Part::begin("hostile: the control") else { return };
    let listener = Listener::start();
    let (place, traps) = hostile(&listener);
    let path = traps.clean_path(&place.sandbox);
    let plain = |program: &str| {
        let mut command = place.sandbox.command(program);
        // Without the planted programs, which would stand in for git and the interpreter.
        command.env("PATH", &path);
        command
    };
    drop(run(place.sandbox.command("git").arg("status")).unwrap());
    assert_eq!(traps.sprung(), BTreeSet::from(["planted-git".to_owned()]));
    let mut springs = vec![];
    traps.reset();
    std::fs::write(place.sandbox.work().join("new.txt"), "new\n").unwrap();
    for words in [["status", "-s"], ["add", "new.txt"], ["diff", "HEAD"], ["switch", "-cx"]] {
        drop(run(plain("git").args(words)).unwrap());
    }
    springs.push(("git", traps.sprung()));
    let codex = place.sandbox.home().join(".codex");
    std::fs::create_dir_all(&codex).unwrap();
    let trust = format!("[projects.\"{}\"]\ntrust_level = \"trusted\"\n", place.sandbox.work().display());
    std::fs::write(codex.join("config.toml"), trust).unwrap();
    for cli in CLIS {
        traps.reset();
        let mut command = plain("timeout");
        command.args(["-k", "2", "12"]).arg(cli.find().unwrap());
        match cli {
            Cli::Claude => command.args(["-p", "--model", "claude-opus-5-5"]),
            Cli::Codex => command.env("CODEX_API_KEY", KEYS[1].1).args(["exec", "-m", "some-model", "-"]),
            Cli::Gemini => command.env("GEMINI_CLI_TRUST_WORKSPACE", "true").args(["-m", "gemini-2.5-pro", "-p", "x"]),
        };
        let prompt = "please work\n[mao step work.1.implementation attempt 1]\n";
        let ran = run_fed(&mut command, prompt).unwrap();
        let own: BTreeSet<String> = traps.sprung().into_iter().filter(|name| name.starts_with(cli.name())).collect();
        if own.is_empty() {
            part.note(&format!("{}: no trap: {ran:?}", cli.name()));
        }
        springs.push((cli.name(), own));
    }
    let heard = listener.heard();
    for (who, sprung) in &springs {
        part.note(&format!("{who}, plain, sprang {sprung:?}"));
    }
    let asked: BTreeSet<&String> = heard.iter().filter(|line| !line.starts_with("SPRUNG")).collect();
    part.note(&format!("the listener heard {} time(s): {asked:?}", heard.len()));
    assert!(
        springs.iter().all(|(_, sprung)| !sprung.is_empty()),
        "a trap is dead, so that it proves nothing: {springs:?}"
    );
    assert!(heard.iter().any(|line| line.starts_with("POST ")), "nothing went where the repository points");
}

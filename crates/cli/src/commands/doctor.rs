//! `mao doctor`: what is on this machine, what is missing, and the command that fixes it. It calls no model.

use crate::args::Common;
use crate::exit::{Exit, Failure};
use crate::open::{PROBES, Probe, directory, environment, find, load, open_store};
use crate::print::Printer;
use mao_core::ids::ProviderId;
use mao_core::text;
use mao_process::{environment as allowed, tool};
use mao_repo::UserRepo;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one question to a command line may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One line of the diagnosis.
struct Finding {
    what: String,
    good: Option<bool>,
    says: String,
    fix: Option<String>,
}

/// Runs the command.
pub fn run(common: &Common, printer: &Printer) -> Result<Exit, Failure> {
    let environment = environment();
    let dir = directory(common)?;
    let mut findings = vec![state(&environment)];
    let git = find(&environment, "git");
    findings.push(match &git {
        Some(git) => good("git", &version(git, &["--version"], &environment, &dir)),
        None => bad("git", "not on PATH", "install git"),
    });
    let repo = git.as_ref().and_then(|git| match UserRepo::open(&dir, git) {
        Ok(repo) => {
            findings.push(good("repository", &repo.root().display().to_string()));
            Some(repo)
        }
        Err(wrong) => {
            findings.push(neutral("repository", &wrong.to_string()));
            None
        }
    });
    let loaded = load(&environment, repo.as_ref().map(UserRepo::root), Vec::new());
    let enabled = match &loaded {
        Ok(loaded) => {
            findings.push(good(
                "configuration",
                &format!("{} values, {} warning(s)", loaded.settings.0.len(), loaded.warnings.len()),
            ));
            loaded.policy.enabled.clone()
        }
        Err(wrong) => {
            findings.push(bad("configuration", &wrong.error.to_string(), "`mao config check`"));
            Default::default()
        }
    };
    let commands = loaded.map(|loaded| loaded.commands).unwrap_or_default();
    for probe in PROBES {
        let id = ProviderId::from(probe.name);
        let needed = probe.orchestrates || enabled.contains(&id);
        let program = match commands.get(&id) {
            Some(command) => Some(PathBuf::from(command)),
            None => find(&environment, probe.name),
        };
        findings.push(vendor(&probe, program.as_deref(), needed, &environment, &dir));
    }
    let broken = findings.iter().any(|finding| finding.good == Some(false));
    for finding in &findings {
        show(finding, printer);
    }
    Ok(if broken { Exit::Negative } else { Exit::Ok })
}

fn state(environment: &BTreeMap<String, String>) -> Finding {
    match open_store(environment) {
        Ok((_, dir)) => good("state", &dir.display().to_string()),
        Err(wrong) => bad("state", &wrong.error.to_string(), wrong.hint.as_deref().unwrap_or("see the message")),
    }
}

fn vendor(
    probe: &Probe,
    program: Option<&Path>,
    needed: bool,
    environment: &BTreeMap<String, String>,
    dir: &Path,
) -> Finding {
    let Some(program) = program else {
        return if needed {
            bad(probe.name, "not on PATH", probe.install)
        } else {
            neutral(probe.name, "not on PATH, not enabled")
        };
    };
    let version = version(program, &["--version"], environment, dir);
    let login = match probe.login {
        None => "sign-in can only be seen by a call".to_owned(),
        Some(words) => match ask(program, words, environment, dir) {
            Some((0, _)) => "signed in".to_owned(),
            Some(_) if needed => return bad(probe.name, &format!("{version}, not signed in"), probe.sign_in),
            Some(_) => "not signed in".to_owned(),
            None => "did not answer".to_owned(),
        },
    };
    let enabled = if needed { "" } else { ", not enabled" };
    let says = format!("{version}, {login}{enabled}");
    if needed { good(probe.name, &says) } else { neutral(probe.name, &says) }
}

fn ask(program: &Path, words: &[&str], environment: &BTreeMap<String, String>, dir: &Path) -> Option<(i32, String)> {
    let args: Vec<std::ffi::OsString> = words.iter().map(Into::into).collect();
    let env = allowed::allowed(environment, &[]);
    let output = tool::run(program, &args, dir, &env, b"", PATIENCE).ok()?;
    let said = if output.stdout.is_empty() {
        output.stderr.clone()
    } else {
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    Some((output.code, text::one_line(&said, 120)))
}

fn version(program: &Path, words: &[&str], environment: &BTreeMap<String, String>, dir: &Path) -> String {
    match ask(program, words, environment, dir) {
        Some((0, said)) => format!("{said} ({})", program.display()),
        Some(_) | None => format!("did not answer ({})", program.display()),
    }
}

fn show(finding: &Finding, printer: &Printer) {
    if printer.is_json() {
        printer.value(serde_json::json!({
            "what": finding.what, "good": finding.good, "says": finding.says, "fix": finding.fix,
        }));
        return;
    }
    let mark = match finding.good {
        Some(true) => "ok",
        Some(false) => "missing",
        None => "-",
    };
    printer.line(&format!("{mark:<8} {:<14} {}", finding.what, finding.says));
    if let Some(fix) = &finding.fix {
        printer.line(&format!("{:<23} fix: {fix}", ""));
    }
}

fn good(what: &str, says: &str) -> Finding {
    Finding { what: what.to_owned(), good: Some(true), says: says.to_owned(), fix: None }
}

fn neutral(what: &str, says: &str) -> Finding {
    Finding { what: what.to_owned(), good: None, says: says.to_owned(), fix: None }
}

fn bad(what: &str, says: &str, fix: &str) -> Finding {
    Finding { what: what.to_owned(), good: Some(false), says: says.to_owned(), fix: Some(fix.to_owned()) }
}

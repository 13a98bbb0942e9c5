//! The vendors' command lines: where each is, whether its version and flags are what our command line needs, whether it
//! is signed in, and who pays. Each is asked about itself in a directory that is nobody's; none makes a call, and what
//! they print is never shown.

use super::finding::{Finding, Standing};
use crate::open::{Age, Probe, find};
use mao_config::Loaded;
use mao_core::ids::ProviderId;
use mao_policy::policy::Billing;
use mao_process::{environment as allowed, tool};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one question to a command line may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The tools, asked at the same time. `loaded` is absent where the configuration cannot be read.
pub(super) fn look(
    probes: &'static [Probe],
    loaded: Option<&Loaded>,
    environment: &BTreeMap<String, String>,
    root: Option<&Path>,
) -> Vec<Finding> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = probes
            .iter()
            .map(|probe| scope.spawn(move || Asked::new(probe, loaded, environment, root).finding()))
            .collect();
        let broken = || Finding::wrong("tools", "a question to a command line broke", "mao doctor");
        asked.into_iter().map(|one| one.join().unwrap_or_else(|_| broken())).collect()
    })
}

/// The providers that work may go to, by what is configured.
pub(crate) fn needed(probes: &'static [Probe], loaded: &Loaded) -> BTreeSet<ProviderId> {
    let names = probes.iter().filter(|probe| is_needed(probe, Some(loaded)));
    names.map(|probe| ProviderId::from(probe.name.as_str())).collect()
}

/// CFG-03: which of those cannot be asked, with the first thing that is missing.
pub(crate) fn missing(
    probes: &'static [Probe],
    loaded: &Loaded,
    environment: &BTreeMap<String, String>,
    root: &Path,
) -> BTreeMap<ProviderId, String> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = probes
            .iter()
            .filter(|probe| is_needed(probe, Some(loaded)))
            .map(|probe| {
                let ask = move || Asked::new(probe, Some(loaded), environment, Some(root)).missing();
                (ProviderId::from(probe.name.as_str()), scope.spawn(ask))
            })
            .collect();
        let broken = || Some("a question to its command line broke".to_owned());
        let found = asked.into_iter().map(|(id, one)| (id, one.join().unwrap_or_else(|_| broken())));
        found.filter_map(|(id, missing)| Some((id, missing?))).collect()
    })
}

fn is_needed(probe: &Probe, loaded: Option<&Loaded>) -> bool {
    let id = ProviderId::from(probe.name.as_str());
    probe.orchestrates || loaded.is_some_and(|loaded| loaded.policy.enabled.contains(&id))
}

/// One tool, and what is wanted of it.
struct Asked<'a> {
    probe: &'static Probe,
    environment: &'a BTreeMap<String, String>,
    program: Result<PathBuf, String>,
    billing: Billing,
    needed: bool,
}

/// Who pays, and whether they can be reached.
struct Paid {
    standing: Standing,
    says: Vec<String>,
    fix: Option<String>,
    method: Option<&'static str>,
}

impl<'a> Asked<'a> {
    fn new(
        probe: &'static Probe,
        loaded: Option<&Loaded>,
        environment: &'a BTreeMap<String, String>,
        root: Option<&Path>,
    ) -> Self {
        let id = ProviderId::from(probe.name.as_str());
        let named = loaded.and_then(|loaded| loaded.commands.get(&id));
        let program = match named.map(PathBuf::from) {
            Some(path) if path.is_absolute() && path.is_file() => Ok(path),
            Some(path) => Err(format!("{} is not there", path.display())),
            None => find(environment, &probe.name).ok_or_else(|| "not on PATH".to_owned()),
        };
        // What a repository brings along is never started.
        let ours = |path: &PathBuf| root.is_none_or(|root| !path.starts_with(root));
        let program = match program {
            Ok(path) if !ours(&path) => Err(format!("{} lies in this repository: never started", path.display())),
            other => other,
        };
        let policy = loaded.map(|loaded| &loaded.policy);
        Self {
            probe,
            environment,
            program,
            billing: policy.and_then(|policy| policy.billing.get(&id).copied()).unwrap_or_default(),
            needed: is_needed(probe, loaded),
        }
    }

    /// The first thing that keeps it from being used.
    fn missing(&self) -> Option<String> {
        let program = match &self.program {
            Ok(program) => program,
            Err(why) => return Some(why.clone()),
        };
        match self.ask(program, &["--version".to_owned()]) {
            Some((0, _)) => {}
            Some(_) | None => return Some(format!("{} does not say its version", program.display())),
        }
        let paid = self.paid(program);
        (paid.standing == Standing::Wrong).then(|| paid.says.into_iter().next().unwrap_or_default())
    }

    fn finding(&self) -> Finding {
        let probe = self.probe;
        let details = |program: Option<&Path>, version: Option<&str>, age, unlisted: &[&str], paid: Option<&Paid>| {
            json!({
                "program": program, "version": version, "tested": probe.tested, "as_tested": age == Age::Tested,
                "needed": self.needed, "unlisted_flags": unlisted, "billing": words_of(self.billing),
                "signed_in": paid.map(|paid| paid.standing == Standing::Good),
                "method": paid.and_then(|paid| paid.method),
            })
        };
        let not_enabled = if self.needed { "" } else { "; not enabled" };
        let program = match &self.program {
            Ok(program) => program,
            Err(why) => {
                let standing = if self.needed { Standing::Wrong } else { Standing::Aside };
                return Finding::new(&probe.name, standing, format!("{why}{not_enabled}"))
                    .fix(&probe.install)
                    .details(details(None, None, Age::Unknown, &[], None));
            }
        };
        let version = self.ask(program, &["--version".to_owned()]).filter(|(code, _)| *code == 0);
        let Some((_, said)) = version else {
            let standing = if self.needed { Standing::Wrong } else { Standing::Aside };
            return Finding::new(&probe.name, standing, format!("{} does not say its version", program.display()))
                .fix(&probe.install)
                .details(details(Some(program), None, Age::Unknown, &[], None));
        };
        let (age, number) = (probe.age(&said), number(&said));
        let help = self.ask(program, &probe.help).map(|(_, said)| said).unwrap_or_default();
        let unlisted = probe.unlisted(&help);
        let paid = self.paid(program);
        let old = matches!(age, Age::TooOld | Age::Unknown) || !unlisted.is_empty();
        let standing = match (self.needed, old, paid.standing) {
            (false, _, _) => Standing::Aside,
            (true, false, Standing::Good | Standing::Aside) => Standing::Good,
            (true, _, _) => Standing::Wrong,
        };
        let tested = match age {
            Age::Tested => "as tested".to_owned(),
            Age::Newer => format!("newer than {}, which was tested", probe.tested),
            Age::Older => format!("older than {}, which was tested", probe.tested),
            Age::TooOld => format!("too old: {} was tested", probe.tested),
            Age::Unknown => format!("no version that is known: {} was tested", probe.tested),
        };
        let first = format!("{number}, {tested} ({}){not_enabled}", program.display());
        let mut finding = Finding::new(&probe.name, standing, first);
        for line in &paid.says {
            finding = finding.more(line);
        }
        finding = if unlisted.is_empty() {
            finding.more(format!("flags: all {} that are used are listed", probe.flags.len()))
        } else {
            finding.more(format!("flags: {} not listed", unlisted.join(", ")))
        };
        let fix = if old { Some(probe.install.clone()) } else { paid.fix.clone() };
        if let Some(fix) = fix.filter(|_| standing != Standing::Good) {
            finding = finding.fix(fix);
        }
        finding.details(details(Some(program), Some(&number), age, &unlisted, Some(&paid)))
    }

    fn paid(&self, program: &Path) -> Paid {
        let set = |names: &[String]| -> Vec<String> {
            let given = |name: &&String| self.environment.get(*name).is_some_and(|value| !value.is_empty());
            names.iter().filter(given).cloned().collect()
        };
        let keys = set(&self.probe.keys);
        match self.billing {
            Billing::Api if keys.is_empty() => Paid {
                standing: Standing::Wrong,
                says: vec![format!("billing: the API, and none of {} is set", self.probe.keys.join(", "))],
                fix: Some(format!(
                    "export {}=…, or `mao config set transport.{}.billing subscription`",
                    self.probe.keys.first().map_or("", String::as_str),
                    self.probe.name
                )),
                method: None,
            },
            Billing::Api => Paid {
                standing: Standing::Good,
                says: vec![format!("billing: the API, by the token, with {}", keys.join(", "))],
                fix: None,
                method: Some("api"),
            },
            Billing::Subscription => {
                let mut paid = self.signed_in(program);
                paid.says.push(format!("billing: subscription: {}", self.probe.subscription));
                if !keys.is_empty() {
                    paid.says.push(format!("{} set, and kept from it: the API is not billed", keys.join(", ")));
                }
                paid
            }
        }
    }

    fn signed_in(&self, program: &Path) -> Paid {
        let out = |says: &str| Paid {
            standing: Standing::Wrong,
            says: vec![says.to_owned()],
            fix: Some(self.probe.sign_in.clone()),
            method: None,
        };
        let Some(words) = &self.probe.login else {
            let given = |name: &str| self.environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
            let home = given(&self.probe.place).or_else(|| given("HOME"));
            let there = |file: &&String| home.as_ref().is_some_and(|home| home.join(file).is_file());
            return match self.probe.logins.iter().find(there) {
                Some(file) => Paid {
                    standing: Standing::Good,
                    says: vec![format!("signed in, as far as can be seen without a call: {file} is there")],
                    fix: None,
                    method: Some("subscription"),
                },
                None => out("not signed in: it left no login behind"),
            };
        };
        match self.ask(program, words) {
            Some((0, said)) => match self.probe.method(&said) {
                Some(method) if method.pool == "api" => Paid {
                    standing: Standing::Wrong,
                    says: vec![format!("signed in with {}, while `billing` says subscription", method.is)],
                    fix: Some(self.probe.sign_in.clone()),
                    method: Some("api"),
                },
                Some(method) => Paid {
                    standing: Standing::Good,
                    says: vec![format!("signed in: {}", method.is)],
                    fix: None,
                    method: Some("subscription"),
                },
                None => Paid { standing: Standing::Good, says: vec!["signed in".to_owned()], fix: None, method: None },
            },
            Some(_) => out("not signed in"),
            None => out("does not say whether it is signed in"),
        }
    }

    /// Exit code and everything said. The answer may hold what nobody else should see: it stays in this file.
    fn ask(&self, program: &Path, words: &[String]) -> Option<(i32, String)> {
        let args: Vec<OsString> = words.iter().map(OsString::from).collect();
        let env = allowed::allowed(self.environment, &[&self.probe.place]);
        // Not in the checkout: a tool obeys files of the directory that it stands in.
        let output = tool::run(program, &args, Path::new("/"), &env, b"", PATIENCE).ok()?;
        Some((output.code, format!("{}\n{}", String::from_utf8_lossy(&output.stdout), output.stderr)))
    }
}

fn words_of(billing: Billing) -> &'static str {
    match billing {
        Billing::Subscription => "subscription",
        Billing::Api => "api",
    }
}

/// The version in what a tool said, and nothing else of it.
fn number(said: &str) -> String {
    let part = |c: char| c.is_ascii_digit() || c == '.';
    let word = said.split(|c: char| !part(c)).find(|word| word.contains('.') && word.len() <= 40);
    word.unwrap_or("version unknown").to_owned()
}

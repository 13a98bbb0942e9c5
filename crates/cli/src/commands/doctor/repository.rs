//! The repository that one stands in: itself, its configuration and whom it is trusted by, its task file, its checks.

use super::finding::Finding;
use mao_config::locate::{PROJECT_FILE, REGISTRY_FILE, ROUTING_FILE, trust_file, user_file};
use mao_config::{Loaded, Source, mcp, trust};
use mao_core::section;
use mao_repo::{RepoError, UserRepo};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The repository itself.
pub(super) fn itself(repo: &Result<UserRepo, crate::exit::Failure>) -> Finding {
    let repo = match repo {
        Ok(repo) => repo,
        Err(wrong) => {
            let finding = Finding::aside("repository", wrong.error.to_string());
            return match &wrong.hint {
                Some(hint) => finding.fix(hint),
                None => finding,
            };
        }
    };
    let head = repo.head();
    let at = head.branch.as_deref().map_or_else(|| "a detached head".to_owned(), |branch| format!("branch {branch}"));
    let mut finding = Finding::good(
        "repository",
        format!("{}, {at}, {}", repo.root().display(), &head.commit.as_str()[..12.min(head.commit.as_str().len())]),
    );
    for remark in repo.remarks() {
        finding = finding.more(remark);
    }
    let dirty = repo.dirty().unwrap_or_default().len();
    if dirty > 0 {
        let plural = if dirty == 1 { "" } else { "s" };
        finding = finding.more(format!("{dirty} uncommitted change{plural}: a run starts from a commit"));
        finding = finding.fix("commit them, or `mao develop … --include-dirty`");
    }
    finding.details(json!({ "root": repo.root(), "commit": head.commit, "branch": head.branch, "uncommitted": dirty }))
}

/// The files of configuration: which are there, whether they can be read, whether they are trusted.
pub(super) fn configuration(
    environment: &BTreeMap<String, String>,
    root: Option<&Path>,
    loaded: &Result<Loaded, crate::exit::Failure>,
) -> Finding {
    let trusted = trust_file(environment).and_then(|list| trust::read(&list).ok()).unwrap_or_default();
    let mut lines = Vec::new();
    let mut untrusted = false;
    match user_file(environment) {
        Some(file) if file.is_file() => lines.push(format!("yours: {}", file.display())),
        Some(file) => lines.push(format!("yours: none, so the defaults hold ({})", file.display())),
        None => lines.push("yours: neither XDG_CONFIG_HOME nor HOME names a directory".to_owned()),
    }
    for name in [PROJECT_FILE, REGISTRY_FILE, ROUTING_FILE, mcp::FILE] {
        if let Some(said) = root.and_then(|root| of_repository(root, name, &trusted, &mut untrusted)) {
            lines.push(said);
        }
    }
    let details = json!({ "files": lines, "untrusted": untrusted });
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(wrong) => {
            let first = wrong.error.to_string().lines().next().unwrap_or_default().to_owned();
            let finding = Finding::wrong("configuration", first, "`mao config check` says all that is wrong");
            return lines.into_iter().fold(finding, Finding::more).details(details);
        }
    };
    let warnings = loaded.warnings.len();
    let plural = if warnings == 1 { "" } else { "s" };
    let says = format!("{} keys have a value, {warnings} warning{plural}", loaded.settings.0.len());
    let mut finding = lines.into_iter().fold(Finding::good("configuration", says), Finding::more);
    if warnings > 0 {
        finding = finding.fix(if untrusted {
            "read the file, then `mao config trust`; `mao config check` shows the warnings"
        } else {
            "`mao config check` shows the warnings"
        });
    }
    finding.details(details)
}

fn of_repository(root: &Path, name: &str, trusted: &BTreeSet<String>, untrusted: &mut bool) -> Option<String> {
    let source = match Source::read_beneath(root, name) {
        Ok(source) => source?,
        Err(_) => return Some(format!("{name}: cannot be read")),
    };
    if name == mcp::FILE {
        return Some(format!("{name}: read by the command lines themselves; workers get nothing of it"));
    }
    Some(if trusted.contains(&source.hash()) {
        format!("{name}: trusted as it is now")
    } else {
        *untrusted = true;
        format!("{name}: not trusted, so it may only narrow what you allow")
    })
}

/// The task file: whether there is one, and what is open in it.
pub(super) fn tasks(repo: &UserRepo, file: &str) -> Finding {
    let write = format!(
        "write `## Section 1: …` and `- [ ] 1.1 …` into {file}, and commit it; or name yours: `mao config set engine.sections_file FILE`"
    );
    let found = match repo.read(&repo.head().commit, file) {
        Ok(Some(bytes)) => section::parse(&String::from_utf8_lossy(&bytes)),
        Ok(None) => return Finding::wrong("task file", format!("{file} is not in the last commit"), write),
        Err(wrong) => return Finding::wrong("task file", wrong.to_string(), write),
    };
    let all = found.sections.len();
    let done = |section: &&section::Section| section.completion().status() == section::Status::Done;
    let open = all - found.sections.iter().filter(done).count();
    let details = json!({ "file": file, "sections": all, "open": open });
    if all == 0 {
        return Finding::wrong("task file", format!("{file} has no numbered section"), write).details(details);
    }
    let plural = if all == 1 { "" } else { "s" };
    Finding::good("task file", format!("{file}: {all} section{plural}, {open} open")).details(details)
}

/// The checks: configured, found, or none.
pub(super) fn checks(repo: &UserRepo, loaded: &Loaded) -> Finding {
    let shown = |commands: Vec<Vec<String>>| commands.iter().map(|argv| argv.join(" ")).collect::<Vec<_>>();
    let configured = shown(loaded.policy.checks.iter().map(|check| check.argv.clone()).collect());
    if !configured.is_empty() {
        return Finding::good("checks", format!("configured: {}", configured.join("; ")))
            .details(json!({ "configured": true, "commands": configured }));
    }
    match found(repo) {
        Ok(found) if !found.is_empty() => {
            let found = shown(found);
            Finding::good("checks", format!("found here: {}", found.join("; ")))
                .details(json!({ "configured": false, "commands": found }))
        }
        Ok(_) => Finding::wrong(
            "checks",
            "none is configured and none was found: nothing could decide whether a change is good",
            "mao config set engine.verify \"make test\", or whatever must pass here",
        ),
        Err(wrong) => Finding::wrong("checks", wrong.to_string(), "mao config set engine.verify \"make test\""),
    }
}

fn found(repo: &UserRepo) -> Result<Vec<Vec<String>>, RepoError> {
    let head = &repo.head().commit;
    let files = repo.files(head)?;
    let read = |path: &str| repo.read(head, path).ok().flatten();
    Ok(mao_repo::detect::checks(&files, read).into_iter().map(|check| check.command).collect())
}

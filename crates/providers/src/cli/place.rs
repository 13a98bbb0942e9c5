//! Where a tool runs: its environment, what it may read and write, and where it is installed. Names no vendor, asks
//! the disk only for links of the program's own path, and never lets a repository's directory onto `PATH`.

use crate::provider::{Access, Job};
use mao_process::{environment, system_reads, system_writes};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What a child gets of the job's environment: the process room's allow-list, the names in `own`, a temporary directory
/// of its own, no PATH entry inside the worktree, and no git configuration of the user's (its directory is closed, and
/// git would refuse to run).
pub(super) fn environment(job: &Job, own: &[&str]) -> BTreeMap<String, String> {
    let mut env: BTreeMap<String, String> = environment::allowed(&job.environment, own)
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    if let Some(path) = env.get_mut("PATH") {
        let kept = path.split(':').filter(|entry| !Path::new(entry).starts_with(&job.cwd)).collect::<Vec<_>>();
        *path = kept.join(":");
    }
    let scratch = job.scratch.to_string_lossy().into_owned();
    for name in ["TMPDIR", "TMP", "TEMP"] {
        env.insert(name.into(), scratch.clone());
    }
    env.insert("GIT_CONFIG_GLOBAL".into(), "/dev/null".into());
    env.insert("GIT_CONFIG_NOSYSTEM".into(), "1".into());
    env.insert("GIT_TERMINAL_PROMPT".into(), "0".into());
    env
}

/// The user's home, for logins; a job without one reads none.
pub(super) fn home(job: &Job) -> Option<PathBuf> {
    job.environment.get("HOME").map(PathBuf::from).filter(|home| home.is_absolute())
}

/// A variable of the job's environment that holds something.
pub(super) fn given<'a>(job: &'a Job, name: &str) -> Option<&'a str> {
    job.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// What a child may read: the system, its directory, its scratch, what the job names, the tool, and the toolchains.
pub(super) fn reads(job: &Job, program: &Path) -> Vec<PathBuf> {
    let mut paths = system_reads();
    paths.extend([job.cwd.clone(), job.scratch.clone()]);
    paths.extend(job.reads.iter().cloned());
    paths.extend(installed(program, given(job, "PATH").unwrap_or_default()));
    paths.extend(toolchains(job));
    paths
}

/// What a child may write: nothing of the worktree when it only reads.
pub(super) fn writes(job: &Job) -> Vec<PathBuf> {
    let mut paths = system_writes();
    paths.push(job.scratch.clone());
    match job.access {
        Access::Read => {}
        Access::Write => paths.push(job.cwd.clone()),
    }
    paths
}

/// The directories that hold a program: where its links lead, the whole `node_modules` of a packaged one (its platform
/// part lies beside it), and the interpreter such a program needs.
fn installed(program: &Path, path: &str) -> Vec<PathBuf> {
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let package = real.ancestors().filter(|up| up.file_name() == Some(OsStr::new("node_modules"))).last();
    let own = package.or_else(|| real.parent()).map(Path::to_owned);
    let node = package
        .and_then(|_| mao_process::which("node", OsStr::new(path)))
        .and_then(|node| node.canonicalize().ok())
        .and_then(|node| node.parent().map(Path::to_owned));
    // The name itself may be a link in another directory, which the system opens to follow a `#!` line.
    own.into_iter().chain(node).chain([program.to_owned()]).collect()
}

/// Where compilers and package managers live in a home directory, without the files in which they keep credentials.
fn toolchains(job: &Job) -> Vec<PathBuf> {
    let home = home(job);
    let under = |name: &str| home.as_ref().map(|home| home.join(name));
    let named = |variable: &str| given(job, variable).map(PathBuf::from);
    let mut paths: Vec<PathBuf> =
        ["JAVA_HOME", "GOPATH", "GOMODCACHE", "NVM_DIR"].iter().filter_map(|name| named(name)).collect();
    paths.extend(named("RUSTUP_HOME").or_else(|| under(".rustup")));
    if let Some(cargo) = named("CARGO_HOME").or_else(|| under(".cargo")) {
        paths.extend(["bin", "registry", "git", "config.toml", "config", "env"].iter().map(|name| cargo.join(name)));
    }
    let listed = given(job, "PATH").unwrap_or_default().split(':').map(PathBuf::from);
    paths
        .extend(listed.filter(|entry| entry.is_absolute() && entry.parent().is_some() && Some(entry) != home.as_ref()));
    paths
}

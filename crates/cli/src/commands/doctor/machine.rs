//! The machine: git, the state directory, and what its kernel gives to hold what models write. Nothing is made here.

use super::finding::{Finding, Standing};
use crate::open::{find, look, open_store, state_dir};
use mao_core::text;
use mao_process::{
    Command, Confinement, Containment, Limits, Shim, Wall, environment as allowed, start, system_reads, system_writes,
    tool,
};
use mao_repo::OLDEST_GIT;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// With less than this a run may well not come to its end, in bytes.
const LITTLE: u64 = 1024 * 1024 * 1024;

/// git: where it is, and whether it is new enough.
pub(super) fn git(environment: &BTreeMap<String, String>) -> Finding {
    let Some(program) = find(environment, "git") else {
        return Finding::wrong("git", "not on PATH", "install git: https://git-scm.com/downloads");
    };
    let env = allowed::allowed(environment, &[]);
    let said = tool::run(&program, &["--version".into()], Path::new("/"), &env, b"", PATIENCE);
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let version = said.split_whitespace().nth(2).unwrap_or_default();
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    let (major, minor) = OLDEST_GIT;
    let needs = format!("{major}.{minor} or newer is needed");
    let shown = format!("{} ({})", text::one_line(version, 40), program.display());
    let details = json!({ "program": program, "version": text::one_line(version, 40) });
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(found), Some(then)) if (found, then) >= OLDEST_GIT => Finding::good("git", shown),
        (Some(_), Some(_)) => Finding::wrong("git", format!("{shown}: {needs}"), "install a newer git"),
        _ => Finding::wrong("git", format!("{}: says no version; {needs}", program.display()), "install git again"),
    }
    .details(details)
}

/// The state directory: where, how large, whose disk, how much room.
pub(super) fn state(environment: &BTreeMap<String, String>) -> Finding {
    const ELSEWHERE: &str = "export XDG_STATE_HOME=…, a directory on a local disk that is yours alone";
    let dir = match state_dir(environment) {
        Ok(dir) => dir,
        Err(wrong) => return Finding::wrong("state", wrong.error.to_string(), ELSEWHERE),
    };
    let look = match look(&dir) {
        Ok(look) => look,
        Err(wrong) => return Finding::wrong("state", wrong.to_string(), ELSEWHERE),
    };
    let details = |size: u64| json!({ "directory": dir, "there": look.there, "bytes": size, "free_bytes": look.free });
    let room = format!("{} free on its disk", bytes(look.free));
    if !dir.join("ledger.sqlite").is_file() {
        let says = format!("{}, not made yet; {room}", dir.display());
        return little(Finding::good("state", says), look.free).details(details(0));
    }
    if let Err(wrong) = open_store(environment) {
        return Finding::wrong("state", wrong.error.to_string(), wrong.hint.unwrap_or_else(|| ELSEWHERE.to_owned()))
            .details(details(0));
    }
    let size = size(&dir);
    let finding = Finding::good("state", format!("{}, {}; {room}", dir.display(), bytes(size)));
    little(finding, look.free).details(details(size))
}

fn little(finding: Finding, free: u64) -> Finding {
    if free >= LITTLE {
        return finding;
    }
    finding.turned(Standing::Wrong).fix("mao gc, then make room")
}

/// What the kernel gives: measured with a child that does nothing, under the same wall as workers and checks.
pub(super) fn containment(environment: &BTreeMap<String, String>) -> Finding {
    const FIX: &str = "a kernel from 5.13 on with `landlock` among its security modules (`lsm=…`)";
    let held = match measure(environment) {
        Ok(held) => held,
        Err(why) => return Finding::wrong("containment", format!("cannot be measured: {why}"), FIX),
    };
    let (spaces, says) = user_namespaces();
    let details = |abi: Option<u32>| json!({ "landlock_abi": abi, "user_namespaces": spaces });
    match held.writes {
        Wall::Landlock(abi) => {
            Finding::good("containment", format!("Landlock, ABI {abi}: workers and checks are walled in"))
                .more(says)
                .details(details(Some(abi)))
        }
        Wall::Open(why) => {
            let says = format!("{says}, for the sandboxes that some command lines bring along");
            Finding::wrong("containment", format!("none: {why}; checks run what models wrote without a wall"), FIX)
                .more(says)
                .details(details(None))
        }
    }
}

fn measure(environment: &BTreeMap<String, String>) -> Result<Containment, String> {
    let program = find(environment, "true").ok_or("there is no program `true` on PATH")?;
    let shim = Shim::of_this_program().map_err(|wrong| wrong.to_string())?;
    let command = Command {
        program,
        args: Vec::new(),
        cwd: PathBuf::from("/"),
        env: Vec::new(),
        stdin: Vec::new(),
        limits: Limits { total: PATIENCE, ..Limits::default() },
        confinement: Confinement::Paths { reads: system_reads(), writes: system_writes() },
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|wrong| wrong.to_string())?;
    runtime.block_on(async {
        let child = start(&shim, command).await.map_err(|wrong| wrong.to_string())?;
        Ok(child.end().await.containment)
    })
}

/// Whether a user may make namespaces, as the kernel's settings say.
fn user_namespaces() -> (bool, &'static str) {
    let number = |file: &str| -> Option<u64> { std::fs::read_to_string(file).ok()?.trim().parse().ok() };
    let off = number("/proc/sys/user/max_user_namespaces") == Some(0)
        || number("/proc/sys/kernel/unprivileged_userns_clone") == Some(0);
    let restricted = number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == Some(1);
    match (off, restricted) {
        (true, _) => (false, "user namespaces: switched off"),
        (false, true) => (false, "user namespaces: only where AppArmor allows them"),
        (false, false) => (true, "user namespaces: available"),
    }
}

/// The bytes of all files beneath a directory; links are not followed.
pub(crate) fn size(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => size(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}

/// Bytes as people read them.
pub(crate) fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = (0..units.len()).rev().find(|unit| count >> (10 * unit) > 0).unwrap_or(0);
    let whole = count >> (10 * unit);
    if unit == 0 || whole >= 10 {
        return format!("{whole} {}", units[unit]);
    }
    let tenths = (count >> (10 * (unit - 1)) & 1023) * 10 / 1024;
    format!("{whole}.{tenths} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_read_well() {
        for (count, read) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (10_240, "10 KiB"),
            (53 << 30, "53 GiB"),
            (5 << 40, "5.0 TiB"),
        ] {
            assert_eq!(bytes(count), read);
        }
    }
}

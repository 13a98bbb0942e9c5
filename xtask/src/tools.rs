//! Spawning `cargo` and `git`: the two tools that the commands are made of. Never runs anything through a shell.

use crate::outcome::{Failure, Outcome};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace's root: this package's parent folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// `cargo` with the root as its folder; the same `cargo` that runs us, where one does.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// `git` with the root as its folder, whoever owns it: CI often checks out as somebody else.
pub(crate) fn git() -> Command {
    let mut command = Command::new("git");
    command.arg("-c").arg(format!("safe.directory={}", root().display()));
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs a command with its output on ours.
pub(crate) fn run(mut command: Command) -> Outcome {
    let status = command.status().map_err(|why| could_not(&command, &why))?;
    if status.success() { Ok(()) } else { Err(Failure::broken(format!("{} ended with {status}", shown(&command)))) }
}

/// Runs a command and returns its stdout; its stderr is shown only when it fails.
pub(crate) fn read(mut command: Command) -> Outcome<String> {
    let output = command.output().map_err(|why| could_not(&command, &why))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::broken(format!("{} ended with {}\n{said}", shown(&command), output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| Failure::broken(format!("{} said no UTF-8", shown(&command))))
}

fn could_not(command: &Command, why: &std::io::Error) -> Failure {
    Failure::broken(format!("could not start {}: {why}", shown(command)))
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program()).to_string_lossy();
    let words: Vec<_> = command.get_args().take(3).map(|word| word.to_string_lossy()).collect();
    format!("`{program} {}`", words.join(" "))
}

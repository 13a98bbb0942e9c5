//! Which addresses a command and all its descendants spoke to, as the kernel saw it: `strace` over the whole tree.

use mao_testkit::sandbox::{Ran, run};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Whether there is a `strace` that may trace here.
pub fn works() -> bool {
    let tried = Command::new("strace").args(["-f", "-qq", "-e", "trace=connect", "-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|tried| tried.status.success())
}

/// Runs a command under `strace` and returns how it ended and every `address:port` that was named to the kernel:
/// connected to, or sent to without a connection. Unix sockets are no addresses.
pub fn addresses(command: &Command, log: &Path) -> (Ran, BTreeSet<String>) {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-s", "0", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-e", "signal=none", "-o"]);
    traced.arg(log).arg("--").arg(command.get_program()).args(command.get_args()).env_clear();
    traced.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    traced.current_dir(command.get_current_dir().unwrap()).stdin(std::process::Stdio::null());
    let ran = run(&mut traced).unwrap();
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned();
    (ran, text.lines().flat_map(named).collect())
}

/// The addresses in a line of `strace`.
fn named(line: &str) -> Vec<String> {
    line.match_indices("sa_family=AF_INET").map(|(at, _)| address(&line[at..])).collect()
}

fn address(text: &str) -> String {
    let after = |open: &str, close: char| {
        text.split_once(open).and_then(|(_, rest)| rest.split_once(close)).map(|(found, _)| found)
    };
    let port = after("sin_port=htons(", ')').or_else(|| after("sin6_port=htons(", ')')).unwrap_or("?");
    let host = after("inet_addr(\"", '"').or_else(|| after("inet_pton(AF_INET6, \"", '"')).unwrap_or(text);
    format!("{host}:{port}")
}

#[test]
fn addresses_are_read_from_traces() {
    let four = r#"12 connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("10.0.0.1")}, 16) = 0"#;
    let six = r#"12 connect(3, {sa_family=AF_INET6, sin6_port=htons(53), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = -1 E"#;
    let unix = r#"12 connect(3, {sa_family=AF_UNIX, sun_path="/run/nscd"}, 110) = -1 ENOENT"#;
    let many = r#"12 sendmmsg(3, [{msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("1.1.1.1")}, msg_namelen=16"#;
    let all: Vec<String> = [four, six, unix, many].into_iter().flat_map(named).collect();
    assert_eq!(all, ["10.0.0.1:443", "::1:53", "1.1.1.1:53"]);
}

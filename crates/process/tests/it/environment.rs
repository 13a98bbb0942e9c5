//! The allow-list of names, and programs found on `PATH`.

use mao_process::{environment, which};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;

fn allowed(from: &[(&str, &str)], extra: &[&str]) -> Vec<String> {
    let from: BTreeMap<String, String> = from.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let pairs = environment::allowed(&from, extra);
    pairs.into_iter().map(|(k, v)| format!("{}={}", k.display(), v.display())).collect()
}

#[test]
fn inv_06_secrets_and_strangers_stay_out() {
    let from = [
        ("ANTHROPIC_API_KEY", "canary"),
        ("AWS_SECRET_ACCESS_KEY", "canary"),
        ("CLAUDE_CODE_OAUTH_TOKEN", "canary"),
        ("EDITOR", "vi"),
        ("GITHUB_TOKEN", "canary"),
        ("GIT_DIR", "/elsewhere"),
        ("LC_API_TOKEN", "canary"),
        ("LD_PRELOAD", "/evil.so"),
        ("NODE_OPTIONS", "--require /evil.js"),
        ("npm_config_registry", "canary"),
        ("OPENAI_BASE_URL", "http://evil"),
        ("PGPASSWORD", "canary"),
        ("RUSTC_WRAPPER", "/evil"),
        ("SSH_AUTH_SOCK", "/agent"),
    ];
    assert_eq!(allowed(&from, &[]), ["TERM=dumb"]);
    assert_eq!(allowed(&from, &["GITHUB_TOKEN"]), ["GITHUB_TOKEN=canary", "TERM=dumb"]);
}

#[test]
fn inv_06_what_programs_need_passes() {
    let from = [
        ("CARGO_HOME", "/c"),
        ("HOME", "/h"),
        ("HTTPS_PROXY", "http://p"),
        ("LC_ALL", "C.UTF-8"),
        ("NODE_EXTRA_CA_CERTS", "/ca.pem"),
        ("PATH", "/usr/bin"),
        ("XDG_CONFIG_HOME", "/x"),
        ("https_proxy", "http://p"),
    ];
    let mut expected: Vec<String> = from.iter().map(|(k, v)| format!("{k}={v}")).collect();
    expected.insert(6, "TERM=dumb".to_owned());
    assert_eq!(allowed(&from, &[]), expected);
    assert_eq!(allowed(&[("TERM", "xterm-256color")], &[]), ["TERM=dumb"]);
}

#[test]
fn inv_06_a_path_never_leads_into_the_working_directory() {
    assert_eq!(allowed(&[("PATH", ".:/usr/bin::bin:/bin:")], &[]), ["PATH=/usr/bin:/bin", "TERM=dumb"]);
}

#[test]
fn inv_06_a_planted_program_is_not_found() {
    let scratch = tempfile::tempdir().expect("scratch");
    let [early, late] = ["early", "late"].map(|name| {
        let folder = scratch.path().join(name);
        std::fs::create_dir(&folder).expect("folder");
        folder
    });
    let program = |path: &std::path::Path, mode| {
        std::fs::write(path, "#!/bin/sh\n").expect("written");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("mode");
    };
    program(&early.join("plain"), 0o644);
    program(&late.join("plain"), 0o755);
    std::fs::create_dir(early.join("folder")).expect("folder");
    let path = std::env::join_paths([&early, &late]).expect("path");
    assert_eq!(which("plain", &path), Some(late.join("plain")));
    assert_eq!(which("folder", &path), None);
    assert_eq!(which("none", &path), None);
    assert_eq!(which("../late/plain", &path), None);
    assert_eq!(which("", &path), None);

    // A relative entry that would find something, and is passed over.
    let up: std::path::PathBuf = std::env::current_dir().expect("cwd").components().skip(1).map(|_| "..").collect();
    let relative = up.join(late.strip_prefix("/").expect("absolute"));
    assert!(relative.is_relative() && relative.join("plain").is_file(), "{relative:?}");
    assert_eq!(which("plain", relative.as_os_str()), None);
    assert_eq!(which("plain", OsStr::new("")), None);
}

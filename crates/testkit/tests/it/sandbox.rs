//! The sandbox keeps the caller's environment out and makes the same commits everywhere.

use mao_testkit::sandbox::{Sandbox, run_fed};

#[test]
fn only_what_is_named_passes() {
    let mut sandbox = Sandbox::new().unwrap();
    sandbox.set("EXTRA", "1");
    let env = sandbox.run("env", &[]).unwrap().stdout;
    let names: Vec<_> = env.lines().map(|line| line.split('=').next().unwrap()).collect();
    for name in &names {
        let known = [
            "HOME",
            "TMPDIR",
            "XDG_STATE_HOME",
            "LANG",
            "GIT_CONFIG_NOSYSTEM",
            "PATH",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "EXTRA",
        ];
        assert!(known.contains(name), "{name}");
    }
    assert!(env.contains(&format!("HOME={}\n", sandbox.home().display())));
    assert_eq!(
        sandbox.run("pwd", &["-P"]).unwrap().stdout.trim_end(),
        sandbox.work().canonicalize().unwrap().to_str().unwrap()
    );
}

#[test]
fn a_repository_is_the_same_on_every_machine() {
    let commit = || Sandbox::new().unwrap().repository(&[("a.txt", "a\n"), ("src/b.rs", "b\n")]).unwrap();
    assert_eq!(commit(), commit());
    let sandbox = Sandbox::new().unwrap();
    sandbox.repository(&[("a.txt", "a\n")]).unwrap();
    assert_eq!(sandbox.git(&["log", "--format=%an %at"]).unwrap(), "Ada Example 1767323045");
    sandbox.write("c/d", "new").unwrap();
    assert_eq!(sandbox.git(&["status", "--short"]).unwrap(), "?? c/");
    assert!(sandbox.git(&["checkout", "none"]).unwrap_err().to_string().contains("git checkout none: "));
}

#[test]
fn a_program_is_fed_and_what_it_says_is_kept() {
    let sandbox = Sandbox::new().unwrap();
    let text = "x".repeat(300_000);
    let ran = run_fed(sandbox.command("sh").args(["-c", "cat; echo bad >&2; exit 3"]), &text).unwrap();
    assert_eq!((ran.code, ran.stdout == text, ran.stderr.as_str()), (Some(3), true, "bad\n"));
    let deaf = run_fed(&mut sandbox.command("true"), &text).unwrap();
    assert_eq!(deaf.code, Some(0));
}

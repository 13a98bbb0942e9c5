//! A full disk, wherever the next write goes: `mao` says what could not be written, how much is free and what to do,
//! records nothing that the disk did, and goes on to the same commits once there is space.
//!
//! The disk is a small tmpfs in a mount namespace of its own. The run is stopped at a named point, the disk is filled to
//! the last byte, and the run goes on into it. Where this machine lets nobody mount, the tests say so and pass.

use crate::evidence::{Reference, checkout, reference};
use crate::shop::{CONFIG, LATER, MAO, Shop, ran};
use mao_testkit::sandbox::Ran;
use std::sync::OnceLock;

/// One run into a full disk, and on. `DISK` is mounted where the case says, before anything of the run is there; `MORE`
/// binds what is not meant to lie on it over other directories.
const PLAY: &str = r#"
set -eu
mkdir -p "$DISK" && mount -t tmpfs -o size=24m,mode=700 tmpfs "$DISK"
for part in $MORE; do mkdir -p "$DISK/$part" "$ASIDE/$part" && mount --bind "$ASIDE/$part" "$DISK/$part"; done
MAO_TEST_STOP="$POINT" "$MAO" develop 1,2 --script "$SCRIPT" >"$OUT/first.out" 2>"$OUT/first.err" &
owner=$!
until grep -qs ') T ' /proc/$owner/stat; do
    grep -qs ') Z ' /proc/$owner/stat && { cat "$OUT/first.err" >&2; echo "it did not come to $POINT" >&2; exit 99; }
    [ -e /proc/$owner ] || exit 99
    sleep 0.02
done
head -c 64m /dev/zero >"$DISK/filler" 2>/dev/null || true
kill -CONT $owner
set +e
wait $owner; echo $? >"$OUT/first.code"
"$MAO" resume >"$OUT/still.out" 2>"$OUT/still.err"; echo $? >"$OUT/still.code"
rm "$DISK/filler"
MAO_TEST_CLOCK=$LATER "$MAO" resume >"$OUT/second.out" 2>"$OUT/second.err"; echo $? >"$OUT/second.code"
exit 0
"#;

/// Whether this machine lets us mount; said once where it does not.
fn may_mount() -> bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    *MAY.get_or_init(|| {
        let tried =
            std::process::Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
        match tried {
            Ok(tried) if tried.status.success() => true,
            Ok(tried) => {
                println!("skipped: nobody may mount here: {}", String::from_utf8_lossy(&tried.stderr).trim());
                false
            }
            Err(why) => {
                println!("skipped: no `unshare` here: {why}");
                false
            }
        }
    })
}

/// A shop that is patient with silent models: a run that is stopped hears nothing either.
fn patient() -> Shop {
    let shop = Shop::new();
    let config = CONFIG.replace("first_byte = \"500ms\"", "first_byte = \"5s\"");
    assert_ne!(config, CONFIG);
    std::fs::write(shop.sandbox.home().join(".config/mao/multi-model.toml"), config).unwrap();
    shop
}

/// What an uninterrupted run passes and leaves.
fn whole() -> &'static (Vec<String>, Reference) {
    static WHOLE: OnceLock<(Vec<String>, Reference)> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let shop = patient();
        let log = shop.sandbox.root().join("points");
        let ran = ran(shop.develop("1,2").env("MAO_TEST_POINTS", &log));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let points = std::fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect();
        (points, reference(&shop))
    })
}

/// Runs into a full disk mounted at `disk` (beneath the state directory) at the first point that begins with `point`,
/// while `aside` lies elsewhere. `full` is what must be said to be full: a part of the path.
fn full(disk: &str, aside: &str, point: &str, full: &str) {
    if !may_mount() {
        return;
    }
    let (points, reference) = whole();
    let point =
        points.iter().find(|passed| passed.starts_with(point)).unwrap_or_else(|| panic!("no {point} in {points:?}"));
    let shop = patient();
    let before = checkout(&shop);
    let root = shop.sandbox.root().to_owned();
    let play = ran(shop
        .sandbox
        .command("unshare")
        .args(["-rm", "sh", "-c", PLAY])
        .env("DISK", shop.state().join(disk))
        .env("MORE", aside)
        .env("ASIDE", root.join("aside"))
        .env("MAO", MAO)
        .env("SCRIPT", &shop.script)
        .env("POINT", point)
        .env("LATER", LATER.to_string())
        .current_dir(shop.sandbox.work())
        .env("OUT", &root));
    let told = |name: &str| told(&shop, name);
    let (first, second) = (told("first"), told("second"));
    assert_eq!(play.code, Some(0), "{}\n{}", play.stderr, first.stderr);
    assert_eq!(first.code, Some(70), "{point}, {disk}: {}", first.stderr);
    for said in
        ["error: no space left on the disk that holds ", full, " bytes free)", "hint: make room, then `mao resume`"]
    {
        assert!(first.stderr.contains(said), "{point}, {disk}: `{said}` is not in\n{}", first.stderr);
    }
    let still = told("still");
    assert!(matches!(still.code, Some(70 | 1)), "no space yet: {:?} {}", still.code, still.stderr);
    assert_eq!(second.code, Some(0), "{point}, {disk}: {}", second.stderr);
    let branch = shop.branch(&format!("mao/{}", &crate::shop::RUN[..8]));
    assert_eq!(branch.as_ref(), Some(&reference.branch), "{point}, {disk}: other commits\n{}", second.stderr);
    assert_eq!(checkout(&shop), before, "the user's checkout has changed");
}

fn told(shop: &Shop, name: &str) -> Ran {
    let read = |end: &str| {
        let file = shop.sandbox.root().join(format!("{name}.{end}"));
        std::fs::read_to_string(file).unwrap_or_default()
    };
    Ran { code: read("code").trim().parse().ok(), stdout: read("out"), stderr: read("err") }
}

#[test]
fn dev_10_a_full_disk_under_the_ledger() {
    full("", "blobs runs", "before:attempt_ended:work", "/mao (");
}

#[test]
fn dev_10_a_full_disk_under_the_ledger_before_a_decision() {
    full("", "blobs runs", "after:verified", "/mao (");
}

#[test]
fn dev_10_a_full_disk_under_the_blobs_before_a_prompt() {
    full("blobs", "", "after:step_opened:plan", "/mao/blobs");
}

#[test]
fn dev_10_a_full_disk_under_the_blobs_before_an_answer() {
    full("blobs", "", "after:attempt_started:work", "/mao/blobs");
}

#[test]
fn dev_10_a_full_disk_under_the_blobs_before_a_checks_log() {
    full("blobs", "", "before:change_judged", "/mao/blobs");
}

#[test]
fn dev_10_a_full_disk_under_the_runs_repository() {
    full("runs", "", "after:run_opened", "/mao/runs");
}

#[test]
fn dev_10_a_full_disk_under_a_worktree() {
    full("runs", "", "after:attempt_started:work", "/mao/runs");
}

#[test]
fn dev_10_a_full_disk_under_a_verification() {
    full("runs", "", "after:step_opened:check", "/mao/runs");
}

#[test]
fn dev_10_a_full_disk_under_a_merge() {
    full("runs", "", "after:step_opened:merge", "/mao/runs");
}

#[test]
fn dev_10_a_full_disk_under_the_report() {
    full("runs", "", "after:step_opened:report", "/mao/runs");
}

#[test]
fn dev_10_a_full_disk_under_the_transcripts() {
    let transcripts = format!("runs/{}/transcripts", crate::shop::RUN);
    full(&transcripts, "", "after:attempt_started:work", "/transcripts");
}

#[test]
fn dev_10_a_full_disk_under_everything() {
    full("", "", "before:head_moved", "/mao");
}

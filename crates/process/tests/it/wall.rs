//! The confinement, with the kernel as the judge. Each denial has a control: the same deed without the wall succeeds.

use crate::help::{sh, texts, whole};
use mao_process::{Confinement, Exit, Wall, system_reads, system_writes};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

struct Ground {
    _scratch: TempDir,
    inside: std::path::PathBuf,
    read: std::path::PathBuf,
    outside: std::path::PathBuf,
}

fn ground() -> Ground {
    let scratch = tempfile::tempdir().expect("scratch");
    let [inside, read, outside] = ["inside", "read", "outside"].map(|name| {
        let folder = scratch.path().join(name);
        fs::create_dir(&folder).expect("folder");
        fs::write(folder.join("file"), format!("{name} file\n")).expect("file");
        folder
    });
    std::os::unix::fs::symlink(outside.join("file"), inside.join("link")).expect("link");
    Ground { _scratch: scratch, inside, read, outside }
}

/// Exit code and lines of a script in `inside`, within or without the wall; the wall that was achieved.
async fn act(ground: &Ground, script: &str, walled: Walled) -> (Exit, Vec<String>, Wall) {
    let mut command = sh(&format!("O={}; R={}; {script}", ground.outside.display(), ground.read.display()));
    command.cwd.clone_from(&ground.inside);
    if walled == Walled::Yes {
        let reads = [system_reads(), vec![ground.read.clone(), Path::new("/nowhere/at/all").to_owned()]].concat();
        let writes = [system_writes(), vec![ground.inside.clone()]].concat();
        command.confinement = Confinement::Paths { reads, writes };
    }
    let (lines, ended) = whole(command).await;
    assert_eq!(ended.containment.reads, ended.containment.writes);
    (ended.exit, texts(&lines).into_iter().map(str::to_owned).collect(), ended.containment.writes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Walled {
    Yes,
    No,
}

/// The version of the kernel's Landlock; `None`, said aloud, where there is none.
async fn landlock(ground: &Ground) -> Option<u32> {
    match act(ground, "true", Walled::Yes).await.2 {
        Wall::Landlock(version) => Some(version),
        Wall::Open(why) => {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("skipped: {why}\n").as_bytes());
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_06_a_walled_child_works_in_its_own_ground() {
    let ground = ground();
    let script = "cat file $R/file && echo new > made && mkdir -p a/b && mv made a/b/ && rm file && echo x >/dev/null \
                  && head -c 4 /dev/urandom >/dev/null && ls / >/dev/null 2>&1; cat a/b/made; cat /proc/self/comm";
    let (exit, lines, _) = act(&ground, script, Walled::Yes).await;
    assert_eq!((exit, lines.join("|").as_str()), (Exit::Code(0), "inside file|read file|new|cat"));
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_06_the_wall_denies_what_lies_outside() {
    let ground = ground();
    let Some(version) = landlock(&ground).await else { return };
    let mut deeds = vec![
        ("read outside", "cat $O/file"),
        ("list outside", "ls $O"),
        ("write outside", "echo evil > $O/new"),
        ("append outside", "echo evil >> $O/file"),
        ("remove outside", "rm -f $O/file; ! test -e $O/file"),
        ("folder outside", "mkdir $O/folder"),
        ("read through a link", "cat link"),
        ("write through a link", "echo evil > link"),
        ("write what may only be read", "echo evil > $R/file"),
        ("move out", "cp file moved && mv moved $O/moved"),
        ("hard link in", "ln $O/file stolen && cat stolen"),
        ("execute outside", "printf '#!/bin/sh\\necho ran\\n' >$O/run && chmod +x $O/run && $O/run"),
        ("write to the system", "echo evil > /etc/mao-test-evil && rm /etc/mao-test-evil"),
    ];
    if version >= 3 {
        deeds.push(("truncate outside", "truncate -s 0 $O/file"));
    }
    for (name, script) in deeds {
        let fresh = self::ground();
        let (exit, lines, _) = act(&fresh, script, Walled::Yes).await;
        assert!(matches!(exit, Exit::Code(code) if code != 0), "{name}: {exit:?} {lines:?}");
        assert_eq!(fs::read_to_string(fresh.outside.join("file")).expect("file"), "outside file\n", "{name}");
        assert_eq!(fs::read_dir(&fresh.outside).expect("outside").count(), 1, "{name}");
        assert_eq!(fs::read_to_string(fresh.read.join("file")).expect("file"), "read file\n", "{name}");

        if name == "write to the system" && fs::metadata("/etc/passwd").is_ok() {
            // The control would write to the machine.
            continue;
        }
        let (exit, lines, _) = act(&self::ground(), script, Walled::No).await;
        assert_eq!(exit, Exit::Code(0), "control of {name}: {lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_06_a_walled_child_cannot_look_into_us() {
    let ground = ground();
    let Some(version) = landlock(&ground).await else { return };
    let own = std::process::id();
    // $PPID is the shim.
    for script in [
        format!("cat /proc/{own}/environ"),
        format!("cat /proc/{own}/maps"),
        format!("readlink /proc/{own}/fd/1"),
        format!("readlink /proc/{own}/cwd"),
        format!("ls /proc/{own}/root/"),
        "cat /proc/$PPID/environ".to_owned(),
        "readlink /proc/$PPID/fd/1".to_owned(),
    ] {
        let (exit, ..) = act(&ground, &format!("{script} >/dev/null"), Walled::Yes).await;
        assert!(matches!(exit, Exit::Code(code) if code != 0), "{script}: {exit:?}");
        let (exit, ..) = act(&ground, &format!("{script} >/dev/null"), Walled::No).await;
        assert_eq!(exit, Exit::Code(0), "control of {script}");
    }
    if version >= 6 {
        for script in [format!("kill -0 {own}"), "kill -0 $PPID".to_owned()] {
            let (exit, ..) = act(&ground, &script, Walled::Yes).await;
            assert!(matches!(exit, Exit::Code(code) if code != 0), "{script}: {exit:?}");
            assert_eq!(act(&ground, &script, Walled::No).await.0, Exit::Code(0), "control of {script}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_06_roots_powers_end_at_the_wall() {
    let ground = ground();
    let script = "grep CapEff /proc/self/status; cat $R/file";
    let (_, lines, _) = act(&ground, script, Walled::Yes).await;
    let powers = u64::from_str_radix(lines[0].trim_start_matches("CapEff:").trim(), 16).expect("a number");
    // CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, NET_BIND_SERVICE.
    assert_eq!(powers & !0x4fb, 0, "{powers:x}");
    assert_eq!(lines[1], "read file");
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_06_the_wall_holds_for_descendants_and_they_are_still_ended() {
    let ground = ground();
    let Some(_) = landlock(&ground).await else { return };
    let nonce = crate::help::nonce();
    let script = format!(
        "setsid sh -c 'trap \"\" TERM; cat $1/file || echo denied; sleep 600.{nonce}' - $O & sleep 0.3; echo end"
    );
    let (exit, lines, _) = act(&ground, &script, Walled::Yes).await;
    assert_eq!(exit, Exit::Code(0));
    assert!(lines.contains(&"denied".to_owned()) && lines.contains(&"end".to_owned()), "{lines:?}");
    assert!(crate::help::carriers(&nonce).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_06_what_was_achieved_is_said() {
    let ground = ground();
    let mut command = sh("true");
    command.confinement = Confinement::Unconfined { why: "it has its own sandbox" };
    let said = whole(command).await.1.containment.to_string();
    let open = "open (it has its own sandbox)";
    assert_eq!(said, format!("tree: supervised; writes: {open}; reads: {open}"));

    let mut command = sh("true");
    command.confinement = Confinement::Paths { reads: system_reads(), writes: vec![ground.inside.clone()] };
    let said = whole(command).await.1.containment.to_string();
    match landlock(&ground).await {
        Some(_) => assert_eq!(said, "tree: supervised; writes: landlock; reads: landlock"),
        None => assert!(said.contains("writes: open (kernel"), "{said}"),
    }
}

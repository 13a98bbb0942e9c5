//! `mao demo`: unpacks the bundled sample into a new repository and develops two of its sections with scripted models.
//!
//! It has no path of its own: what it calls is `mao develop 1,2 --script DIR`, and anyone can do the same by hand.

use super::develop;
use crate::args::{Caps, Demo, Develop};
use crate::exit::{Exit, Failure};
use crate::open::{House, environment, git};
use crate::print::Printer;
use std::path::{Path, PathBuf};

const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/demo_files.rs"));

/// Runs the command.
pub fn run(words: &Demo, printer: &Printer) -> Result<Exit, Failure> {
    let dir = place(words)?;
    let (sample, script) = (dir.join("shelf"), dir.join("script"));
    unpack("sample/", &sample)?;
    unpack("script/", &script)?;
    mao_repo::begin(&sample, &git(&environment())?, "The sample as it ships")?;
    let by_hand = format!("cd {} && mao develop 1,2 --script {}", sample.display(), script.display());
    if words.unpack {
        printer.line(&format!("unpacked; play it with: {by_hand}"));
        return Ok(Exit::Ok);
    }
    printer.note(&format!("[scripted] the sample is in {}", sample.display()));
    printer.note("[scripted] every model is scripted; engine, git, worktrees, checks and merges are real");
    let words = Develop {
        sections: vec!["1,2".to_owned()],
        dry_run: false,
        plan_only: false,
        yes: true,
        wait: false,
        sequential: false,
        profile: None,
        privacy: None,
        max_parallel: None,
        caps: Caps::default(),
        mode: None,
        base: None,
        include_dirty: false,
        script: Some(script),
        precheck: false,
        record: words.record.clone(),
    };
    let exit = develop::run_at(&House::open_at(&sample)?, &words, printer)?;
    if !printer.is_json() {
        printer.line(&format!("[scripted] look around: cd {}", sample.display()));
    }
    Ok(exit)
}

/// A new directory, or the one named, which must be empty or new.
fn place(words: &Demo) -> Result<PathBuf, Failure> {
    let cannot = |path: &Path, source| Failure::disk("cannot use", path, source);
    if let Some(into) = &words.into {
        std::fs::create_dir_all(into).map_err(|source| cannot(into, source))?;
        let into = into.canonicalize().map_err(|source| cannot(into, source))?;
        let mut entries = std::fs::read_dir(&into).map_err(|source| cannot(&into, source))?;
        if entries.next().is_some() {
            return Err(Failure::new(Exit::Usage, format!("{} is not empty", into.display()))
                .hint("name a new directory: nothing there is overwritten"));
        }
        return Ok(into);
    }
    let name = mao_engine::clock::draw_uuid().map_err(|wrong| Failure::new(Exit::Internal, wrong))?;
    let dir = std::env::temp_dir().join(format!("mao-demo-{}", &name[..8]));
    std::fs::create_dir(&dir).map_err(|source| cannot(&dir, source))?;
    Ok(dir)
}

fn unpack(beneath: &str, to: &Path) -> Result<(), Failure> {
    for (path, content) in FILES.iter().filter_map(|(path, content)| Some((path.strip_prefix(beneath)?, content))) {
        let file = to.join(path);
        let written =
            file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, content));
        written.map_err(|source| Failure::disk("cannot write", &file, source))?;
    }
    Ok(())
}

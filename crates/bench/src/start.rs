//! How long `mao` takes to start, over `true`.

use crate::done::Done;
use crate::figure::{Figure, Unit};
use crate::ground::{Ground, program, said};
use crate::sample::{Deed, in_turn, timed};
use mao_testkit::sandbox::Sandbox;
use std::path::Path;
use std::process::Stdio;

/// How often each is started.
const TIMES: usize = 200;

/// A repository's own file, so that a start reads what starts read.
const CONFIG: &str = "[engine]\nmax_parallel = 3\nverify = [\"true\"]\n";

/// Starts and waits, in a repository with a configuration.
pub fn measure(ground: &Ground) -> Done<Vec<Figure>> {
    let sandbox = Sandbox::new()?;
    sandbox.repository(&[(mao_config::locate::PROJECT_FILE, CONFIG)])?;
    let nothing = program("true")?;
    let mao = ground.mao();
    let deed = |program: &Path, words: &'static [&'static str]| -> Deed<'_> {
        let (sandbox, program) = (&sandbox, program.to_owned());
        Box::new(move || {
            let mut command = sandbox.command(&program);
            command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
            let (status, took) = timed(|| Ok(command.status()?))?;
            // Where no model can be reached, `route` says so with 1.
            if matches!(status.code(), Some(0 | 1)) { Ok(took) } else { Err(format!("{words:?}: {status}").into()) }
        })
    };
    let [bare, help, route, class] = in_turn(
        TIMES,
        [
            deed(&nothing, &[]),
            deed(mao, &["--help"]),
            deed(mao, &["route"]),
            deed(mao, &["route", "core_logic", "--explain"]),
        ],
    )?;
    let over = |what: &str, readings: &crate::sample::Readings| {
        let (ours, theirs) = (readings.median(), bare.median());
        let from = format!("medians of {}: {ours:.2} ms and {theirs:.2} ms", readings.count());
        Figure::new("start", format!("`{what}` more than `true`"), ours - theirs, Unit::Ms, from).at_most(10.0)
    };
    let size = std::fs::metadata(ground.mao())?.len() as f64 / (1024.0 * 1024.0);
    Ok(vec![
        over("mao --help", &help),
        over("mao route", &route),
        over("mao route core_logic --explain", &class),
        Figure::new("start", "the program's file", size, Unit::Mib, said("uname", ["-m".as_ref()])?),
    ])
}

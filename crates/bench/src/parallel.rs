//! Children of one second, so many at once: the process room with its shims over `xargs -P`.

use crate::done::Done;
use crate::figure::{Figure, Unit};
use crate::ground::{Ground, program};
use crate::sample::{Deed, in_turn, timed};
use mao_process::{Command, Confinement, Limits, Shim, system_reads, system_writes};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// How many at once, how often, and what is demanded.
const ROWS: [(usize, usize, Option<f64>); 4] = [(1, 3, None), (8, 3, None), (32, 7, Some(1.05)), (64, 5, None)];

/// Both ways in turn, for every count.
pub fn measure(ground: &Ground) -> Done<Vec<Figure>> {
    let (sleep, xargs) = (program("sleep")?, program("xargs")?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let shim = ground.shim();
    let mut figures = Vec::new();
    for (count, times, most) in ROWS {
        let ours: Deed<'_> =
            Box::new(|| Ok(timed(|| runtime.block_on(together(&shim, &sleep, ground.root(), count)))?.1));
        let theirs: Deed<'_> = Box::new(|| Ok(timed(|| by_xargs(&xargs, &sleep, count))?.1));
        let [ours, theirs] = in_turn(times, [ours, theirs])?;
        let from = format!("least of {times}: {:.0} ms over {:.0} ms", ours.least(), theirs.least());
        let what = format!("{count} children of 1 s at once over `xargs -P {count}`");
        let figure = Figure::new("parallel", what, ours.least() / theirs.least(), Unit::Times, from);
        figures.push(match most {
            Some(most) => figure.at_most(most),
            None => figure,
        });
    }
    Ok(figures)
}

/// All at once, confined as a worker is.
async fn together(shim: &Shim, sleep: &Path, dir: &Path, count: usize) -> Done {
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..count {
        let (shim, command) = (shim.clone(), one(sleep, dir));
        all.spawn(
            async move { Ok::<_, mao_process::StartError>(mao_process::start(&shim, command).await?.end().await) },
        );
    }
    while let Some(ended) = all.join_next().await {
        let ended = ended??;
        if ended.exit != mao_process::Exit::Code(0) {
            return Err(format!("a child ended with {:?}", ended.exit).into());
        }
    }
    Ok(())
}

fn one(sleep: &Path, dir: &Path) -> Command {
    let mut writes: Vec<PathBuf> = system_writes();
    writes.push(dir.to_owned());
    Command {
        program: sleep.to_owned(),
        args: vec!["1".into()],
        cwd: dir.to_owned(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        stdin: Vec::new(),
        limits: Limits::default(),
        confinement: Confinement::Paths { reads: system_reads(), writes },
    }
}

fn by_xargs(xargs: &Path, sleep: &Path, count: usize) -> Done {
    let mut command = std::process::Command::new(xargs);
    command.args(["-n", "1", "-P", &count.to_string()]).arg(sleep).stdin(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all("1\n".repeat(count).as_bytes())?;
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("xargs ended with {status}").into()) }
}

//! What `cargo xtask bench` runs: how long the usual things take, each as a ratio to the same thing without `mao`, both
//! measured in turn in one run. It reports no number that it did not measure, and no test waits for it.
//!
//! Read in this order: [`figure`] (what is reported), [`sample`] (how it is measured), `ground` (with what), then one
//! file per part, then [`show`].

mod done;
mod figure;
mod ground;
mod judge;
mod machine;
mod memory;
mod parallel;
mod sample;
mod show;
mod spawn;
mod start;
mod steps;
mod trees;
mod world;

use done::Done;
use figure::Figure;
use ground::Ground;
use std::path::PathBuf;
use std::process::ExitCode;

/// A part, by its name.
type Part = (&'static str, fn(&Ground) -> Done<Vec<Figure>>);

const PARTS: &[Part] = &[
    ("start", start::measure),
    ("spawn", spawn::measure),
    ("parallel", parallel::measure),
    ("steps", steps::measure),
    ("memory", memory::measure),
    ("trees", trees::measure),
];

/// The words of the command line.
#[derive(Debug, Default)]
struct Words {
    mao: PathBuf,
    json: bool,
    write: Option<PathBuf>,
    parts: Vec<String>,
    /// How often every pair is judged.
    runs: usize,
}

fn main() -> ExitCode {
    match words().and_then(|words| run(&words)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(wrong) => {
            show::line(&format!("error: {wrong}"));
            ExitCode::from(2)
        }
    }
}

/// Whether every target was met.
fn run(words: &Words) -> Done<bool> {
    if words.parts.iter().any(|part| part == judge::PART) {
        return judge::run(&words.mao, words.runs.max(1));
    }
    let ground = Ground::new(&words.mao)?;
    let before = machine::look(ground.root())?;
    let mut figures = Vec::new();
    for (name, measure) in PARTS {
        if words.parts.is_empty() || words.parts.iter().any(|part| part == name) {
            show::progress(name);
            figures.extend(measure(&ground).map_err(|wrong| format!("{name}: {wrong}"))?);
        }
    }
    let after = machine::look(ground.root())?;
    if words.json {
        show::json(&figures, &before, &after)?;
    } else {
        show::line(&show::table(&figures, &before, &after));
    }
    if let Some(file) = &words.write {
        std::fs::write(file, show::page(&figures, &before, &after))?;
    }
    Ok(figures.iter().all(Figure::holds))
}

fn words() -> Done<Words> {
    let mut words = Words::default();
    let mut given = std::env::args().skip(1);
    let value = |name: &str, given: &mut std::iter::Skip<std::env::Args>| {
        given.next().map(PathBuf::from).ok_or_else(|| format!("{name} wants a path"))
    };
    while let Some(word) = given.next() {
        match word.as_str() {
            "--json" => words.json = true,
            "--mao" => words.mao = value("--mao", &mut given)?,
            "--write" => words.write = Some(value("--write", &mut given)?),
            "--runs" => words.runs = given.next().and_then(|n| n.parse().ok()).ok_or("--runs wants a number")?,
            judge::PART => words.parts.push(word),
            part if PARTS.iter().any(|(name, _)| *name == part) => words.parts.push(word),
            other => {
                let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
                return Err(format!("there is no part `{other}`; there are {}", names.join(", ")).into());
            }
        }
    }
    Ok(words)
}

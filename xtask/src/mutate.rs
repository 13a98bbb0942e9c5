//! `cargo xtask mutate`: every committed mutation must be noticed by a test that carries its requirement.
//!
//! A mutation is a run-time switch (`mao_core::mutant::is`) behind a test-only feature, so that one build serves all.
//! Under it a test that carries the requirement's id must fail, and none outside that id and the mutation's list may:
//! a rule that breaks everything proves nothing. Never changes a source file.
//!
//! Read in this order: [`list`] (the committed list), [`binaries`] (building and running), [`judge`] (what follows).

mod binaries;
mod judge;
mod list;

use crate::house;
use crate::outcome::{Failure, Outcome};
use crate::requirements;
use binaries::{Binary, Results, Under};
use judge::Verdict;
use list::Mutant;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Runs the mutations named, or all.
pub(crate) fn run(words: &[String]) -> Outcome {
    let began = Instant::now();
    let sources = house::read_sources()?;
    let requirements = requirements::list()?;
    let mutants = list::read(&requirements, &sources)?;
    if let Some(stranger) = words.iter().find(|word| !mutants.iter().any(|mutant| mutant.name == **word)) {
        return Err(Failure::Usage(format!("there is no mutant `{stranger}` in xtask/mutants.toml")));
    }
    let (here, elsewhere): (Vec<&Mutant>, Vec<&Mutant>) = mutants
        .iter()
        .filter(|mutant| words.is_empty() || words.contains(&mutant.name))
        .partition(|mutant| mutant.elsewhere.is_none());
    for mutant in elsewhere {
        println!("{:36} not run here: {}", mutant.name, mutant.elsewhere.as_deref().unwrap_or_default());
    }
    if here.is_empty() {
        println!("mutate: 0 mutants, 0 caught");
        return Ok(());
    }
    let binaries = binaries::build(&list::rooms(&sources))?;
    let sound = binaries::run_all(&binaries, Under::Nothing)?;
    if !sound.failed.is_empty() {
        let failed = sound.failed.iter().cloned().collect::<Vec<_>>().join("\n  ");
        return Err(Failure::broken(format!("tests fail without any mutant:\n  {failed}")));
    }
    println!("built, and {} tests pass without a mutant: {:.1} s", sound.passed.len(), began.elapsed().as_secs_f64());
    let verdicts = judge_all(&here, &binaries, &sound)?;
    let caught = verdicts.iter().filter(|verdict| verdict.is_caught()).count();
    for (mutant, verdict) in here.iter().zip(&verdicts) {
        println!("{:36} {:8} {}", mutant.name, mutant.requirement, verdict.render());
    }
    if words.is_empty() {
        let carried = requirements::carried(&requirements, &sources)?;
        let bare: Vec<&str> = list::without(&mutants, carried.keys().copied()).collect();
        println!(
            "carried by a test, but without a mutant: {}",
            if bare.is_empty() { "none".into() } else { bare.join(", ") }
        );
    }
    println!("mutate: {} mutants, {caught} caught, {:.1} s", here.len(), began.elapsed().as_secs_f64());
    if caught == here.len() {
        Ok(())
    } else {
        Err(Failure::broken("mutate: some mutants were not caught as they should be"))
    }
}

/// Runs the mutants, as many at a time as there are cores; the verdicts come in the order of the mutants.
fn judge_all(mutants: &[&Mutant], binaries: &[Binary], sound: &Results) -> Outcome<Vec<Verdict>> {
    let next = AtomicUsize::new(0);
    let ends: Mutex<BTreeMap<usize, Outcome<Verdict>>> = Mutex::default();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(at) else { return };
            let verdict = verdict(mutant, binaries, sound);
            ends.lock().unwrap_or_else(PoisonError::into_inner).insert(at, verdict);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let ends = ends.into_inner().unwrap_or_else(PoisonError::into_inner);
    ends.into_values().zip(mutants).map(|(end, mutant)| alone(end?, mutant, binaries, sound)).collect()
}

fn verdict(mutant: &Mutant, binaries: &[Binary], sound: &Results) -> Outcome<Verdict> {
    let found = binaries::run_all(binaries, Under::Mutant(&mutant.name, sound))?;
    Ok(judge::judge(mutant, sound, &found))
}

/// Two mutants at a time make a slow machine slower: what spilled is tried once more with nothing beside it.
fn alone(first: Verdict, mutant: &Mutant, binaries: &[Binary], sound: &Results) -> Outcome<Verdict> {
    match first {
        Verdict::Spilled(_) => verdict(mutant, binaries, sound),
        Verdict::Caught { .. } | Verdict::Missed => Ok(first),
    }
}

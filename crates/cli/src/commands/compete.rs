//! `mao compete "task" --models a,b,c`: several models try, each apart from the others, and tests choose.

use super::begin::{Beginning, Needs};
use super::resolve::check;
use super::resume::{Asking, flag};
use crate::args::{Common, Compete};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_core::contest::{Contest, Tests};
use mao_core::ids::{ModelId, TaskClass};
use mao_core::matter::Matter;
use mao_policy::Policy;
use mao_policy::route::{Conditions, admit};
use mao_store::Blobs;

/// Runs the command.
pub fn run(common: &Common, words: &Compete, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let flags = flag("max-parallel", "engine.max_parallel", words.max_parallel.map(|n| n.to_string()));
    let mut start = Beginning::from(&house, flags.into_iter().collect(), &words.start, printer)?;
    start.ask_at_the_terminal(printer);
    let tests = if words.tests.is_empty() {
        Tests::Wanted
    } else {
        start.policy.checks = words.tests.iter().map(|command| check(command)).collect::<Result<_, Failure>>()?;
        Tests::Existing { why: "a person named the command".to_owned() }
    };
    let models = models(&start.policy, &words.models)?;
    if words.task.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "the task is empty"));
    }
    let task = Some(house.store.put(words.task.as_bytes())?);
    let matter = Matter::Contest(Box::new(Contest { task, tests, models }));
    let new = start.about(("compete", &words.task), matter)?;
    Ok(start.begin(new, Needs::Orchestrator, printer, Asking::of(printer))?.1)
}

/// Those who compete: known, admitted, and no more than may work at once.
fn models(policy: &Policy, named: &[String]) -> Result<Vec<ModelId>, Failure> {
    if named.len() < 2 {
        return Err(Failure::new(Exit::Usage, "a contest needs two who compete")
            .hint("name the same model twice to have it compete with itself: `--models a,a`"));
    }
    let most = policy.limits.max_parallel;
    if u32::try_from(named.len()).unwrap_or(u32::MAX) > most {
        return Err(Failure::new(Exit::Usage, format!("{} compete, and at most {most} may work at once", named.len()))
            .hint("raise it for this run: `--max-parallel N`"));
    }
    let class = TaskClass::from("implementation");
    let admitted = named.iter().map(|name| {
        let model = ModelId::new(name.trim());
        let found = admit(policy, &class, &model, &Conditions::default());
        found.map_err(|why| {
            Failure::new(Exit::Configuration, format!("{model} cannot compete: {why}"))
                .hint("`mao models list` shows who can")
        })?;
        Ok(model)
    });
    admitted.collect()
}

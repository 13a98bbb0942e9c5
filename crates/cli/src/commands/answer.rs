//! `mao answer`: a person's answer to what a run asks. Where nobody owns the run, it goes on here.

use super::resume::go_on;
use crate::args::{Answer, Common};
use crate::exit::{Exit, Failure};
use crate::open::House;
use crate::print::Printer;
use mao_core::ids::StepId;
use mao_core::step::Step;
use mao_store::{Inbox, Signal};

/// Runs the command.
pub fn run(common: &Common, words: &Answer, printer: &Printer) -> Result<Exit, Failure> {
    let house = House::open(common)?;
    let entry = house.run(Some(&words.run))?;
    let state = house.state(&entry.run)?;
    let open: Vec<(String, &String, &Vec<String>)> = state
        .steps
        .iter()
        .filter_map(|(id, step)| match step {
            Step::Question { text, choices, answer: None, .. } => Some((id.to_string(), text, choices)),
            Step::Question { answer: Some(_), .. }
            | Step::Ask(_)
            | Step::Verify { .. }
            | Step::Probe { .. }
            | Step::Inspect { .. }
            | Step::Compare { .. }
            | Step::Merge { .. }
            | Step::Report { .. }
            | Step::Publish { .. } => None,
        })
        .filter(|(id, _, _)| words.step.as_ref().is_none_or(|step| step == id))
        .collect();
    let (step, choices) = match &open[..] {
        [] => return Err(Failure::new(Exit::Negative, format!("run {} asks nothing", entry.run.prefix(8)))),
        [(step, _, choices)] => (step.clone(), *choices),
        many => {
            let listed: Vec<String> = many.iter().map(|(id, text, _)| format!("\n  {id}: {text}")).collect();
            return Err(Failure::new(Exit::Usage, format!("the run asks more than one thing:{}", listed.concat()))
                .hint("say which: `--step STEP`"));
        }
    };
    if !choices.contains(&words.answer) {
        return Err(Failure::new(Exit::Usage, format!("`{}` is no answer to it", words.answer))
            .hint(format!("it takes one of: {}", choices.join(", "))));
    }
    let workflow = mao_workflows::find(&state.opened.workflow);
    let because = words.because.as_deref();
    if let Some(Err(missing)) =
        workflow.map(|workflow| workflow.takes(&StepId::new(step.clone()), &words.answer, because))
    {
        return Err(Failure::new(Exit::Usage, missing).hint("say why: `--because \"…\"`"));
    }
    let now = house.clock.now();
    let (answer, by) = (words.answer.clone(), "mao answer".to_owned());
    let signal = Signal::Answer { step, answer, by, because: words.because.clone() };
    house.store.post(&entry.run, now, &signal)?;
    if entry.held_until > now {
        printer.note("the run's owner has the answer");
        return Ok(Exit::Ok);
    }
    go_on(&house, &entry.run, &state, Vec::new(), printer)
}

//! CNK-06: how the plan is asked for. One question for all sections, as long as its answer is not expected to be longer
//! than an answer may be; otherwise one part after the other, each with what was planned before it. A part that is cut is
//! asked for again in halves, down to one section; then a plan is lost, by the names of its sections.

use super::given::{self, Part, plan_step};
use crate::flow::open_once;
use crate::plan::Plan;
use crate::review::asks::each;
use mao_core::ask::{Ask, ReplyForm, Size, WhenCut};
use mao_core::effect::{Effect, Work};
use mao_core::fault::FaultKind;
use mao_core::ids::{BlobId, TaskClass};
use mao_core::request::SectionBrief;
use mao_core::run::RunState;
use mao_core::step::{AskStep, AttemptState, Standing};
use mao_core::text::one_line;
use mao_policy::{Policy, tokens};

/// Where a plan stands.
pub(super) enum Planning {
    /// It is on its way; these effects are new.
    Under(Vec<Effect>),
    /// It is there.
    Given,
    /// Nobody could give it.
    Lost(String),
}

/// What brings the `number`-th plan further. `ask` is the question for the whole of it.
pub(super) fn planning(policy: &Policy, run: &RunState, number: usize, ask: impl FnOnce() -> Option<Ask>) -> Planning {
    let Some(all) = Part::new(1, run.opened.request.sections.len()) else {
        return Planning::Lost("there is no section to plan".to_owned());
    };
    let step = plan_step(number);
    let mut open: Vec<Part> = match run.ask(&step).map(|whole| (whole, whole.standing())) {
        Some((_, Standing::Answered(..))) => return Planning::Given,
        Some((_, Standing::Idle | Standing::Running(_))) => return Planning::Under(Vec::new()),
        Some((whole, Standing::GivenUp(reason))) => match smaller(all, whole) {
            Some(halves) => halves.into(),
            None => return Planning::Lost(reason.to_owned()),
        },
        None => match &parts(policy, all)[..] {
            [] | [_] => {
                let whole = ask().map(|ask| sized(ask, all));
                return Planning::Under(
                    whole.and_then(|ask| open_once(run, step, Work::Ask(ask))).into_iter().collect(),
                );
            }
            several => several.to_vec(),
        },
    };
    // One after the other: the last of the stack is the first in the plan.
    open.reverse();
    while let Some(part) = open.pop() {
        match run.ask(&part.step(number)).map(|asked| (asked, asked.standing())) {
            Some((_, Standing::Answered(..))) => {}
            Some((_, Standing::Idle | Standing::Running(_))) => return Planning::Under(Vec::new()),
            Some((asked, Standing::GivenUp(reason))) => match smaller(part, asked) {
                Some([one, other]) => open.extend([other, one]),
                None => return Planning::Lost(format!("the plan of {}: {reason}", said(run, part))),
            },
            None => {
                let next = ask().map(|ask| of_part(run, number, ask, part));
                let effect = next.and_then(|ask| open_once(run, part.step(number), Work::Ask(ask)));
                return Planning::Under(effect.into_iter().collect());
            }
        }
    }
    Planning::Given
}

/// The parts that a plan is asked for in, from the start.
fn parts(policy: &Policy, all: Part) -> Vec<Part> {
    let ranges = tokens::expected().apart(&class(), all.len(), policy.thresholds.answer_tokens);
    ranges.into_iter().filter_map(|range| Part::new(range.start + 1, range.end)).collect()
}

/// Of what class a plan is.
fn class() -> TaskClass {
    TaskClass::from("orchestration")
}

/// The halves of what was cut, where it has any.
fn smaller(part: Part, asked: &AskStep) -> Option<[Part; 2]> {
    let last = asked.attempts.last().map(|attempt| &attempt.state);
    let cut = matches!(last, Some(AttemptState::Failed(fault, _)) if fault.kind == FaultKind::Truncated);
    part.halves().filter(|_| cut)
}

/// The question with what its answer is expected to take, and how long it may be.
fn sized(mut ask: Ask, part: Part) -> Ask {
    let expected = tokens::expected().of(&ask.task, part.len());
    let when_cut = if part.len() > 1 { WhenCut::Smaller } else { WhenCut::Again };
    ask.size = Size { expected: Some(expected), when_cut };
    // What the prompt says by itself is enough for three sections.
    if part.len() > 3 {
        ask.prompt.data.insert("room".to_owned(), thousands(tokens::bytes(u64::from(expected))));
    }
    ask
}

/// The question for one part: all sections by their titles, its own in full, and what was planned before it.
fn of_part(run: &RunState, number: usize, ask: Ask, part: Part) -> Ask {
    let request = &run.opened.request;
    let own = part.sections(request);
    let mut ask = sized(ask, part);
    ask.label = format!("{}, {}", ask.label, said(run, part));
    ask.reply = ReplyForm::Json { schema: part.form() };
    let titles = |sections: &[SectionBrief]| {
        let one = |section: &SectionBrief| format!("{} ({})", section.id, one_line(&section.title, 60));
        sections.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let data = &mut ask.prompt.data;
    data.insert("sections".to_owned(), titles(&request.sections));
    data.insert("own".to_owned(), titles(own));
    data.insert("part".to_owned(), format!("{part} of {}", request.sections.len()));
    data.insert("end".to_owned(), part.end());
    data.insert("room".to_owned(), thousands(tokens::bytes(u64::from(ask.size.expected.unwrap_or_default()))));
    let attached = &mut ask.prompt.attached;
    attached.retain(|name, _| match name.split_once('/') {
        Some(("section_text" | "context", id)) => own.iter().any(|section| section.id.as_str() == id),
        Some(_) | None => true,
    });
    let before = given::before(run, number, part.sections_before() + 1);
    let before: Vec<BlobId> = before.into_iter().map(|(_, answered)| answered.answer.text.clone()).collect();
    attached.extend(each("planned", &before));
    ask
}

/// A part as people read it.
fn said(run: &RunState, part: Part) -> String {
    match part.sections(&run.opened.request) {
        [only] => format!("section {}", only.id),
        [first, .., last] => format!("sections {} to {}", first.id, last.id),
        [] => "no section".to_owned(),
    }
}

/// A number as prompts write it: `12,000`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let from_the_end = |at: usize| digits.len() - at;
    let comma = |at: usize| at > 0 && from_the_end(at).is_multiple_of(3);
    digits.char_indices().flat_map(|(at, digit)| comma(at).then_some(',').into_iter().chain([digit])).collect()
}

/// Whether a plan of these sections of a request holds.
pub(super) fn holds(run: &RunState, plan: &Plan, sections: &[SectionBrief]) -> Result<(), String> {
    plan.check_of(sections, run.opened.request.order, &super::order::order(run).waves, &[])
}

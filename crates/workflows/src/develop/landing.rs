//! How the workstreams of a group come to be ready to land. What lands together, and in which order, is the queue's.
//!
//! A group lands only when none of its workstreams is still being worked on: what is merged with what is then a
//! function of the record, and never of who was faster.

use super::case::{Case, Proven, Subject};
use super::place::{Place, Whole, acknowledged};
use super::questions;
use super::queue;
use super::resolve;
use super::steps::work_step;
use crate::flow::open_once;
use crate::plan::{Plan, Stream};
use mao_core::ask::Ask;
use mao_core::change::{Change, Refusal};
use mao_core::effect::{Effect, Note, Work};
use mao_core::run::RunState;
use mao_core::step::Standing;
use mao_policy::Policy;

/// Where a group stands on its way.
pub(super) enum Landing {
    /// It has landed, or never will.
    Over,
    /// It is on its way; these effects are new.
    Under(Vec<Effect>),
}

/// Where a workstream stands on its way.
enum Stand<'a> {
    /// It has landed, or never will.
    Over,
    /// It is being worked on; these effects are new.
    Under(Vec<Effect>),
    /// Its change may be merged with the others.
    Ready(Case<'a>),
}

/// A workstream as what its change is for.
struct Workstream<'a> {
    policy: &'a Policy,
    run: &'a RunState,
    plan: &'a Plan,
    place: &'a Place,
}

impl Subject for Workstream<'_> {
    fn name(&self) -> String {
        self.place.name()
    }

    fn judge(&self, seen: &Change) -> Option<Ask> {
        questions::judge(self.policy, self.run, self.plan, self.place, seen)
    }

    fn again(&self) -> Option<(Ask, String)> {
        let asked = questions::work(self.policy, self.run, self.plan, self.place)?;
        Some((asked, self.place.stream.name().to_owned()))
    }
}

/// What brings a group one step further.
pub(super) fn land(policy: &Policy, run: &RunState, plan: &Plan, group: &[Place]) -> Landing {
    let whole = Whole::of(group);
    let (mut ready, mut effects) = (Vec::new(), Vec::new());
    let mut at_work = false;
    for place in group {
        match stand(policy, run, plan, place, whole) {
            Stand::Over => {}
            Stand::Ready(case) => ready.push(case),
            Stand::Under(new) => {
                at_work = true;
                effects.extend(new);
            }
        }
    }
    match group.first() {
        Some(first) if !at_work && !ready.is_empty() => {
            Landing::Under(queue::further(run, &first.name(), &ready, whole))
        }
        Some(_) if at_work => Landing::Under(effects),
        Some(_) | None => Landing::Over,
    }
}

fn stand<'a>(policy: &'a Policy, run: &'a RunState, plan: &'a Plan, place: &'a Place, whole: Whole) -> Stand<'a> {
    if run.skipped.contains_key(&place.step) || place.landed(run) {
        return Stand::Over;
    }
    let Some(ask) = run.ask(&place.step) else {
        return Stand::Under(begin(policy, run, plan, place).into_iter().collect());
    };
    let (attempt, answered) = match ask.standing() {
        Standing::GivenUp(_) => return Stand::Over,
        Standing::Idle | Standing::Running(_) => return Stand::Under(Vec::new()),
        Standing::Answered(attempt, answered) => (attempt, answered),
    };
    let tag = acknowledged(ask).to_string();
    let subject = || Box::new(Workstream { policy, run, plan, place });
    let own = Case::new(run, subject(), (&place.step, ask), (attempt, answered), tag.clone());
    let Some(own) = own else { return Stand::Under(Vec::new()) };
    let resolved = run.ask(&resolve::step(place, ask)).map(|resolving| (resolving, resolving.standing()));
    let case = match resolved {
        None => own,
        Some((_, Standing::Idle | Standing::Running(_))) => return Stand::Under(Vec::new()),
        Some((_, Standing::GivenUp(_))) => {
            let paths = resolve::conflict(run, &own.member());
            return Stand::Under(vec![own.refuse(Refusal::Conflict { paths })]);
        }
        Some((resolving, Standing::Answered(attempt, answered))) => {
            let step = resolve::step(place, ask);
            let Some((step, _)) = run.steps.get_key_value(&step) else { return Stand::Under(Vec::new()) };
            let tag = format!("{tag}r{}", acknowledged(resolving));
            match Case::new(run, subject(), (step, resolving), (attempt, answered), tag) {
                Some(case) => case,
                None => return Stand::Under(Vec::new()),
            }
        }
    };
    match whole {
        Whole::Together => Stand::Ready(case),
        Whole::Each => match case.proven() {
            Proven::Yes => Stand::Ready(case),
            Proven::Under(effects) => Stand::Under(effects),
            Proven::Refused(effect) => Stand::Under(vec![*effect]),
        },
    }
}

fn begin(policy: &Policy, run: &RunState, plan: &Plan, place: &Place) -> Option<Effect> {
    let earlier = Stream::ALL.into_iter().take_while(|stream| *stream < place.stream);
    let broken = earlier.filter(|stream| plan.workstream(&place.section, *stream).is_some()).find(|stream| {
        let step = work_step(&place.section, *stream);
        run.skipped.contains_key(&step)
            || matches!(run.ask(&step).map(|ask| ask.standing()), Some(Standing::GivenUp(_)))
    });
    match broken {
        Some(stream) => Some(Effect::Note(Note::StepSkipped {
            step: place.step.clone(),
            why: format!("{} of section {} is missing", stream.name(), place.section),
        })),
        None => {
            questions::work(policy, run, plan, place).and_then(|ask| open_once(run, place.step.clone(), Work::Ask(ask)))
        }
    }
}

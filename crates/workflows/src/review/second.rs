//! DIS-12: a change that two vendors read. After the first has read it, somebody of another vendor does, without seeing
//! what was said; what one claims and the other denies is tried by its own command; where they differ after that a person
//! says what follows.

use super::found::{Found, Reading};
use super::steps::Names;
use super::tried::tried_in;
use crate::flow::open_once;
use mao_core::ask::Ask;
use mao_core::effect::{Effect, Work};
use mao_core::ids::{CommitId, TreeId};
use mao_core::run::RunState;
use mao_core::step::{Standing, Step};
use mao_core::text;
use mao_policy::Policy;
use mao_policy::checkpoint::Channel;
use mao_policy::consensus::{Agreement, Contested};

/// How many claims are tried, the first ones.
const TRIED: usize = 8;

/// The longest command that is tried, in bytes and in words.
const LONGEST: (usize, usize) = (2_000, 64);

/// On what claims are tried.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Without the change, where its tree is known.
    pub before: Option<(CommitId, TreeId)>,
    /// With it.
    pub after: (CommitId, TreeId),
}

/// What comes next once every part was read; `None` where nothing does. `firsts` are the questions that were asked.
pub(crate) fn further(
    policy: &Policy,
    run: &RunState,
    names: &Names,
    firsts: Vec<Ask>,
    ground: &Ground,
    found: impl Fn() -> Found,
) -> Option<Vec<Effect>> {
    let mut new: Vec<Effect> = Vec::new();
    for (at, ask) in firsts.into_iter().enumerate() {
        if let Some(Standing::Answered(attempt, _)) = run.ask(&(names.first)(at)).map(|first| first.standing()) {
            let first = run.ask(&(names.first)(at)).and_then(|first| first.link_of(attempt));
            let ask = Ask {
                label: format!("Second {}", ask.label.to_lowercase()),
                apart_from: first.map(|link| link.provider.clone()).into_iter().collect(),
                ..ask
            };
            new.extend(open_once(run, (names.second)(at), Work::Ask(ask)));
        }
    }
    let (commit, tree) = ground.after.clone();
    if !run.trees.contains_key(&tree) {
        new.extend(open_once(run, "check.change", Work::Verify { commit, tree }));
    }
    if !new.is_empty() {
        return Some(new);
    }
    let found = found();
    let open = found.seconds.iter().any(|part| matches!(part.reading, Reading::Open));
    if open || !run.trees.contains_key(&ground.after.1) {
        return Some(Vec::new());
    }
    let tries = tries(run, names, ground, &found.contested);
    if !tries.is_empty() {
        return Some(tries.into_iter().flatten().collect());
    }
    match (&found.agreement, found.person) {
        (Some(Agreement::Differ(why)), None) if policy.answers != Channel::None => {
            let text = format!("{}. Does the change pass?", text::one_line(why, 400));
            let work = Work::Question { text, choices: vec!["yes".to_owned(), "no".to_owned()] };
            Some(open_once(run, names.person, work).into_iter().collect())
        }
        (Some(_) | None, _) => None,
    }
}

/// The commands that are still to be run: an effect, or none where one is on its way.
fn tries(run: &RunState, names: &Names, ground: &Ground, contested: &[Contested]) -> Vec<Option<Effect>> {
    let mut missing = Vec::new();
    for (at, claim) in contested.iter().enumerate().filter(|(at, claim)| is_tried(*at, claim)) {
        let grounds = [("before", ground.before.clone()), ("after", Some(ground.after.clone()))];
        for (when, on) in grounds {
            let (step, Some((commit, tree))) = (tried_in(names, at, when), on) else { continue };
            match run.steps.get(&step) {
                Some(Step::Probe { found: Some(_), .. }) => {}
                Some(_) => missing.push(None),
                None => {
                    let commands = vec![claim.issue.reproduction.clone()];
                    missing.push(open_once(run, step, Work::Probe { commit, tree, commands }));
                }
            }
        }
    }
    missing
}

fn is_tried(at: usize, claim: &Contested) -> bool {
    let words = &claim.issue.reproduction;
    let (bytes, most) = LONGEST;
    at < TRIED && !words.is_empty() && words.len() <= most && words.iter().map(String::len).sum::<usize>() <= bytes
}

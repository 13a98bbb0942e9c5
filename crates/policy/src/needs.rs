//! REG-05: what a piece of work needs that not everybody can do, and who is left then. Who can do what is the
//! registry's; nobody does it instead of the only one who can.

use crate::case::{Case, Creative, Trait};
use crate::known::Capability;
use crate::policy::{Lifecycle, Mode, Policy};
use mao_core::event::{Link, Route, Skipped};
use mao_core::ids::{ModelId, ProviderId};
use std::collections::BTreeSet;

/// A context of more tokens than this is a very large one.
pub const LARGE_CONTEXT: u64 = 200_000;

/// What nobody can stand in for.
#[must_use]
pub fn only(case: &Case) -> BTreeSet<Capability> {
    let web = case.is(Trait::NeedsWeb).then_some(Capability::WebSearch);
    let sandbox = case.is(Trait::NeedsSandbox).then_some(Capability::Sandbox);
    let video = (case.creative == Some(Creative::Video)).then_some(Capability::Video);
    web.into_iter().chain(sandbox).chain(video).collect()
}

/// Everything that is asked for, what only prefers somebody included: in mode `assist` a large context is a suggestion.
#[must_use]
pub fn all(policy: &Policy, case: &Case) -> BTreeSet<Capability> {
    let large = case.context_tokens > LARGE_CONTEXT && policy.mode == Mode::Diverse;
    only(case).into_iter().chain(large.then_some(Capability::LargeContext)).collect()
}

/// The active models that can do all that is asked for, in the registry's order.
pub fn able<'a>(policy: &'a Policy, needs: &'a BTreeSet<Capability>) -> impl Iterator<Item = &'a ModelId> {
    let models = policy.models.iter().filter(|(_, entry)| entry.lifecycle == Lifecycle::Active);
    let able = models.filter(|(_, entry)| needs.iter().all(|need| entry.can(*need) == Some(true)));
    able.map(|(model, _)| model).filter(|_| !needs.is_empty())
}

/// A route without those who cannot do it or whose window is too small; who surely can comes first, and of whom nobody
/// knows stays.
#[must_use]
pub fn keep(policy: &Policy, case: &Case, route: Route) -> Route {
    let (needs, wanted) = (only(case), all(policy, case));
    let (mut sure, mut rest, mut skipped) = (Vec::new(), Vec::new(), route.skipped);
    for link in route.links {
        let place = match unfit(policy, case, &needs, &link) {
            Some(why) => {
                skipped.push(Skipped { model: link.model, why });
                continue;
            }
            None if wanted.iter().all(|need| can(policy, &link, *need) == Some(true)) => &mut sure,
            None => &mut rest,
        };
        place.push(link);
    }
    sure.append(&mut rest);
    Route { links: sure, skipped, unusable: route.unusable }
}

fn can(policy: &Policy, link: &Link, need: Capability) -> Option<bool> {
    policy.models.get(&link.model)?.can(need)
}

fn unfit(policy: &Policy, case: &Case, needs: &BTreeSet<Capability>, link: &Link) -> Option<String> {
    let lacking = needs.iter().find(|need| can(policy, link, **need) == Some(false));
    if let Some(need) = lacking {
        let who: BTreeSet<&ProviderId> = able(policy, &BTreeSet::from([*need]))
            .filter_map(|model| policy.models.get(model).map(|entry| &entry.provider))
            .collect();
        let who: Vec<&str> = who.into_iter().map(ProviderId::as_str).collect();
        let who =
            if who.is_empty() { "no model of the registry".to_owned() } else { format!("only {}", who.join(", ")) };
        return Some(format!("{who} has {}", need.name()));
    }
    let window = policy.models.get(&link.model)?.context_tokens;
    (case.context_tokens > window)
        .then(|| format!("its window holds {window} tokens, the context has {}", case.context_tokens))
}

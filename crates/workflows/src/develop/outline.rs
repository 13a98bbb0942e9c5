//! The plan as data: what was decided before any workstream was asked (PLN-01, PLN-05). What people are shown is drawn
//! from this and from nothing else.
//!
//! Derived from the record: the orchestrator's reply, the policy that the run keeps, and what the world allowed when the
//! plan was asked for. So it stays what it was, whatever happens later.

use super::given::{first_asked, latest, planned};
use super::order;
use super::place::{Place, contract};
use super::questions;
use crate::plan::{Plan, Stream};
use mao_core::event::Route;
use mao_core::ids::{AccountId, BlobId, ModelId, ProviderId, SectionId, StepId, VendorId};
use mao_core::request::Approval;
use mao_core::run::RunState;
use mao_policy::complexity::Rating;
use mao_policy::diversity::{self, Diversity, Frozen};
use mao_policy::estimate::{Call, Estimate, Pace, Range, estimate};
use mao_policy::prices;
use mao_policy::route::Conditions;
use mao_policy::waves::Waves;
use mao_policy::{Policy, route};
use serde::{Deserialize, Serialize};

/// The version of this form.
const VERSION: u32 = 1;

/// A plan, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    /// The version of this form.
    pub version: u32,
    /// The run.
    pub run: String,
    /// As the person wrote it.
    pub request: String,
    /// The commit that it starts from.
    pub base: String,
    /// What the orchestrator answered, whole, by its hash.
    pub plan: BlobId,
    /// Where it answered in parts: those after the first, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub further: Vec<BlobId>,
    /// `assist` or `diverse`.
    pub mode: String,
    /// `budgeted` or `max`.
    pub profile: String,
    /// Who may see the work.
    pub privacy: String,
    /// What the run will do.
    pub summary: String,
    /// In which order the sections run, and why.
    pub order: Waves,
    /// The sections, in the order of the request.
    pub sections: Vec<Section>,
    /// One row a workstream.
    pub rows: Vec<Row>,
    /// What was not admitted to a route, and why.
    pub skipped: Vec<Left>,
    /// The commands that decide.
    pub verification: Vec<String>,
    /// The score that the plan promises.
    pub diversity: Diversity,
    /// What it will take.
    pub estimate: Estimate,
    /// Why a person's word is wanted before it is carried out; absent where none is.
    pub wants: Option<String>,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its address.
    pub section: SectionId,
    /// Its title.
    pub title: String,
    /// Its wave, from 1.
    pub wave: usize,
    /// How much there is to it.
    pub rating: Rating,
    /// The contract by which its workstreams work at once; absent where they follow each other.
    pub contract: Option<String>,
}

/// A workstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its section.
    pub section: SectionId,
    /// Which part.
    pub stream: Stream,
    /// Why there is nothing to do in it, where there is not; then nothing else is said.
    pub empty: Option<String>,
    /// What is to be done.
    pub goal: String,
    /// Why it is cut like this.
    pub rationale: Option<String>,
    /// Who is asked, in order; empty where nobody may be.
    pub chain: Vec<Link>,
    /// The model that the orchestrator proposed and what policy said, where it proposed one.
    pub proposal: Option<String>,
    /// The only paths it may write.
    pub owns: Vec<String>,
    /// What the first attempt costs at list prices, in millionths of a US dollar.
    pub micro_usd: Option<Range>,
}

/// One model of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The registry entry.
    pub model: ModelId,
    /// The vendor's own name for it: what the alias came to.
    pub endpoint: String,
    /// Whose mind it is.
    pub vendor: VendorId,
    /// What reaches it.
    pub provider: ProviderId,
    /// Over what: `cli` or `script`.
    pub transport: String,
    /// The effort that it is asked for.
    pub effort: Option<String>,
    /// Why it stands here.
    pub why: String,
}

/// What was not admitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// The parts whose route it is left out of.
    pub streams: Vec<Stream>,
    /// The registry entry.
    pub model: ModelId,
    /// Why.
    pub why: String,
}

/// The plan of a run, once there is one.
#[must_use]
pub fn outline(policy: &Policy, run: &RunState) -> Option<Outline> {
    let plan = planned(run)?;
    let mut further = latest(run)?.1;
    let reply = further.remove(0);
    let order = order::order(run);
    let routes = routes(policy, run, &plan);
    let wave = |id: &SectionId| order.waves.iter().position(|wave| wave.contains(id)).map_or(0, |at| at + 1);
    let sections = run.opened.request.sections.iter().map(|brief| Section {
        section: brief.id.clone(),
        title: brief.title.clone(),
        wave: wave(&brief.id),
        rating: order::rating(run, &brief.id),
        contract: contract(run, &plan, &brief.id).map(str::to_owned),
    });
    Some(Outline {
        version: VERSION,
        run: run.opened.run.to_string(),
        request: run.opened.request.text.clone(),
        base: run.opened.base.to_string(),
        plan: reply,
        further,
        mode: policy.mode.name().to_owned(),
        profile: policy.profile.name().to_owned(),
        privacy: policy.privacy.name().to_owned(),
        summary: plan.summary.clone(),
        sections: sections.collect(),
        rows: rows(policy, run, &plan, &routes),
        skipped: left(&routes),
        verification: policy.checks.iter().map(|check| check.argv.join(" ")).collect(),
        diversity: diversity::planned(&freeze(&routes)),
        estimate: takes(policy, run, &plan, &routes),
        wants: wanted(policy, run, &plan),
        order,
    })
}

/// What of the plan is kept, so that what happens is measured with the same rule.
#[must_use]
pub fn frozen(policy: &Policy, run: &RunState, plan: &Plan) -> Frozen {
    freeze(&routes(policy, run, plan))
}

/// Why a person's word is wanted before the plan is carried out, where it is.
pub(super) fn wanted(policy: &Policy, run: &RunState, plan: &Plan) -> Option<String> {
    match run.opened.request.approval {
        Approval::Given => None,
        Approval::Always => Some("nothing is started before you say so".to_owned()),
        Approval::WhereWanted => {
            let wanted = policy.min_diversity?;
            diversity::falls_short(&diversity::planned(&frozen(policy, run, plan)), wanted)
        }
    }
}

fn freeze(routes: &[(Place, Route)]) -> Frozen {
    let routes: Vec<(SectionId, StepId, &Route)> =
        routes.iter().map(|(place, route)| (place.section.clone(), place.step.clone(), route)).collect();
    diversity::freeze(&routes, &[])
}

/// The route of every workstream, under what the world allowed when the plan was asked for.
fn routes(policy: &Policy, run: &RunState, plan: &Plan) -> Vec<(Place, Route)> {
    let drawn = first_asked(run, 1).and_then(|ask| ask.route.as_ref());
    let unusable = drawn.map(|route| route.unusable.clone()).unwrap_or_default();
    let conditions = Conditions { now: run.opened_at, unusable, ..Conditions::default() };
    let places = Place::all(run, plan).into_iter();
    places
        .filter_map(|place| {
            let ask = questions::work(policy, run, plan, &place)?;
            let route = route(policy, &ask, &conditions);
            Some((place, route))
        })
        .collect()
}

fn rows(policy: &Policy, run: &RunState, plan: &Plan, routes: &[(Place, Route)]) -> Vec<Row> {
    let transport = if run.opened.scripted.is_some() { "script" } else { "cli" };
    let mut rows = Vec::new();
    for section in &plan.sections {
        for stream in section.listed() {
            let found = section.workstream(stream);
            let route = routes.iter().find(|(place, _)| place.section == section.section && place.stream == stream);
            let route = route.map(|(_, route)| route);
            let chain = route.into_iter().flat_map(|route| &route.links).map(|link| Link {
                model: link.model.clone(),
                endpoint: link.endpoint.clone(),
                vendor: link.vendor.clone(),
                provider: link.provider.clone(),
                transport: transport.to_owned(),
                effort: link.effort.clone(),
                why: link.why.clone(),
            });
            let (workstream, empty) = match found {
                Ok(workstream) => (Some(workstream), None),
                Err(why) => (None, Some(why)),
            };
            rows.push(Row {
                section: section.section.clone(),
                stream,
                empty,
                goal: workstream.map(|one| one.goal.clone()).unwrap_or_default(),
                rationale: workstream.and_then(|one| one.rationale.clone()),
                chain: chain.collect(),
                proposal: workstream
                    .and_then(|one| one.model.as_ref())
                    .zip(route)
                    .map(|(model, route)| said(model, route)),
                owns: workstream.into_iter().flat_map(|one| &one.owns).map(|glob| glob.0.clone()).collect(),
                micro_usd: route.and_then(|route| price(policy, run, route)),
            });
        }
    }
    rows
}

/// What policy said to a proposal: the reason of the link or of its refusal.
fn said(model: &ModelId, route: &Route) -> String {
    let admitted = route.links.iter().find(|link| link.model == *model).map(|link| link.why.clone());
    let refused = || route.skipped.iter().find(|skip| skip.model == *model).map(|skip| skip.why.clone());
    format!("{model}: {}", admitted.or_else(refused).unwrap_or_default())
}

/// What was left out, each once, with the parts that it was left out of.
fn left(routes: &[(Place, Route)]) -> Vec<Left> {
    let mut all: Vec<Left> = Vec::new();
    for (place, route) in routes {
        for skip in &route.skipped {
            let same = |left: &&mut Left| left.model == skip.model && left.why == skip.why;
            let Some(known) = all.iter_mut().find(same) else {
                all.push(Left { streams: vec![place.stream], model: skip.model.clone(), why: skip.why.clone() });
                continue;
            };
            if !known.streams.contains(&place.stream) {
                known.streams.push(place.stream);
            }
        }
    }
    all
}

fn takes(policy: &Policy, run: &RunState, plan: &Plan, routes: &[(Place, Route)]) -> Estimate {
    let call = |place: &Place| {
        let (_, route) = routes.iter().find(|(one, _)| one.step == place.step)?;
        let account: AccountId = route.links.first()?.account.clone();
        Some(Call { account, micro_usd: price(policy, run, route) })
    };
    let groups: Vec<Vec<Call>> =
        Place::groups(run, plan).iter().map(|group| group.iter().filter_map(call).collect()).collect();
    estimate(&groups, &policy.limits, Pace::default())
}

fn price(policy: &Policy, run: &RunState, route: &Route) -> Option<Range> {
    prices::of_a_workstream(policy.models.get(&route.links.first()?.model)?, run.opened_at)
}

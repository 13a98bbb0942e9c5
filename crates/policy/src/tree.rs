//! The decision tree: from a piece of work to who does it, every question with its inputs and its outcome.
//!
//! The order of the questions is the precedence of RTE-05: privacy, what never leaves, a person's request, then the
//! kinds of work. Nothing is called; a suggestion asks nobody.

use crate::case::{
    Access, Case, Checkpoint, CheckpointMode, Choice, Node, Privacy, Record, Suggestion, Trait, Tuning, Visit,
};
use crate::needs;
use crate::orchestrator;
use crate::policy::{Lifecycle, Mode, ModelEntry, ModelRole, Policy};
use crate::primary;
use crate::route::{self, Conditions};
use crate::triggers::{self, Override};
use mao_core::ask::Role;
use mao_core::event::{Route, Skipped};
use mao_core::ids::{ModelId, TaskClass, VendorId};
use mao_core::mutant;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

pub use crate::policy::LOCAL;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tree {
    nodes: Nodes,
    criteria: BTreeMap<TaskClass, ModelRole>,
    defaults: BTreeMap<TaskClass, ModelRole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nodes {
    debug: BTreeSet<TaskClass>,
    review: BTreeSet<TaskClass>,
    research: BTreeSet<TaskClass>,
    prototype: BTreeSet<TaskClass>,
}

#[expect(clippy::expect_used, reason = "the file is compiled in and a test parses it")]
static TREE: LazyLock<Tree> =
    LazyLock::new(|| toml::from_str(include_str!("../data/tree.toml")).expect("compiled-in data"));

/// Every class that the tree knows beside those with a route.
pub fn classes() -> impl Iterator<Item = &'static TaskClass> {
    let Nodes { debug, review, research, prototype } = &TREE.nodes;
    let nodes = [debug, review, research, prototype].into_iter().flatten();
    nodes.chain(TREE.criteria.keys()).chain(TREE.defaults.keys()).chain(primary::classes())
}

/// Who does this piece of work, and why.
#[must_use]
pub fn walk(policy: &Policy, tuning: &Tuning, case: &Case, conditions: &Conditions) -> Record {
    let mut walk = Walk { policy, tuning, case, conditions, visits: Vec::new(), suggestions: Vec::new() };
    let early =
        if mutant::is("prv_03_privacy_is_asked_last") { walk.request().or_else(|| walk.creative()) } else { None };
    early
        .or_else(|| walk.privacy())
        .or_else(|| walk.primary())
        .or_else(|| walk.request())
        .or_else(|| walk.creative())
        .or_else(|| walk.debug())
        .or_else(|| walk.review())
        .or_else(|| walk.research())
        .or_else(|| walk.disagreement())
        .unwrap_or_else(|| walk.everything_else())
}

struct Walk<'a> {
    policy: &'a Policy,
    tuning: &'a Tuning,
    case: &'a Case,
    conditions: &'a Conditions,
    visits: Vec<Visit>,
    suggestions: Vec<Suggestion>,
}

/// What a question looked at.
type Inputs<'a> = &'a [(&'a str, String)];

impl Walk<'_> {
    fn privacy(&mut self) -> Option<Record> {
        let inputs = [("privacy", self.case.privacy.name().to_owned())];
        match self.case.privacy {
            Privacy::Any => self.pass(Node::Privacy, &inputs, "no limit"),
            Privacy::HomeOnly => {
                self.pass(Node::Privacy, &inputs, "nobody but the orchestrator's vendor and this machine")
            }
            Privacy::LocalOnly => {
                let local: Vec<(ModelId, String)> = self
                    .models(|entry| entry.vendor.as_str() == LOCAL)
                    .map(|model| (model, "it runs on this machine".to_owned()))
                    .collect();
                let route = self.admitted(local);
                Some(self.settle(Node::Privacy, &inputs, route, "nothing may leave this machine"))
            }
        }
    }

    fn primary(&mut self) -> Option<Record> {
        let inputs = [("class", self.case.class.to_string())];
        if !primary::stays(&self.case.class) {
            return self.pass(Node::Primary, &inputs, "may leave");
        }
        let named = self.case.explicit.clone().map(|model| (model, "asked for by name".to_owned()));
        if let Some(refused) = named.clone().and_then(|one| self.admitted(vec![one]).skipped.into_iter().next()) {
            let why = format!("{}: {}", refused.model, refused.why);
            let choice = Choice::Refused { why: why.clone() };
            let route = Route { skipped: vec![refused], ..Route::default() };
            return Some(self.end(Node::Primary, &inputs, choice, route, &why));
        }
        let route = self.admitted(named.into_iter().chain(self.chain()).collect());
        Some(self.settle(Node::Primary, &inputs, route, "work of this kind never leaves the orchestrator's vendor"))
    }

    fn request(&mut self) -> Option<Record> {
        let Some(model) = self.case.explicit.clone() else {
            return self.pass(Node::Request, &[("model", "none".into())], "nobody was asked for by name");
        };
        let inputs = [("model", model.to_string())];
        let asked = vec![(model.clone(), "asked for by name".to_owned())];
        let route = self.admitted(asked.iter().cloned().chain(self.chain()).collect());
        let Some(refused) = route.skipped.iter().find(|skip| skip.model == model).cloned() else {
            return Some(self.settle(Node::Request, &inputs, route, "a person asked for it; checkpoints are skipped"));
        };
        // A word for one call opens a provider that is not enabled. It never opens privacy, nor a model that is gone.
        let mut opened = self.policy.clone();
        opened.enabled.extend(self.policy.models.get(&model).map(|entry| entry.provider.clone()));
        let once = self.limited(route::admitted(&opened, &self.case.class, asked, self.conditions));
        let (choice, why) = match once.skipped.into_iter().next() {
            None => (Choice::Consent { model, why: refused.why.clone() }, refused.why.clone()),
            Some(gone) => (Choice::Refused { why: format!("{model}: {}", gone.why) }, gone.why),
        };
        let route = Route { skipped: vec![refused], ..Route::default() };
        Some(self.end(Node::Request, &inputs, choice, route, &why))
    }

    fn creative(&mut self) -> Option<Record> {
        let Some(kind) = self.case.creative else {
            return self.pass(Node::Creative, &[("creative", "none".into())], "it is code");
        };
        let configured = self.tuning.defaults.get(kind.key()).cloned();
        let shown = configured.as_ref().map_or("unset", ModelId::as_str).to_owned();
        let inputs = [("creative", kind.key().to_owned()), ("configured", shown)];
        let Some(model) = configured else {
            let question = format!("which model for {}? models.defaults.{} is not set", kind.key(), kind.key());
            let choice = Choice::AskPerson { question: question.clone() };
            return Some(self.end(Node::Creative, &inputs, choice, Route::default(), &question));
        };
        let route = self.admitted(vec![(model.clone(), format!("configured for {}", kind.key()))]);
        if let Some(link) = route.links.first() {
            let role = self.policy.models.get(&link.model).map_or(ModelRole::Drafter, |entry| entry.role);
            self.suggest(role, Some(model), "configured for this".into(), Some(Checkpoint::CreativeModelSelection));
        }
        Some(self.settle(Node::Creative, &inputs, route, "the configured model; no other kind of thing instead"))
    }

    fn debug(&mut self) -> Option<Record> {
        let elsewhere = self.case.is(Trait::EnvironmentSpecific);
        let cycles = self.case.failed_cycles;
        let inputs =
            [("failed_cycles", cycles.to_string()), ("environment_specific", elsewhere.to_string()), self.class()];
        if !TREE.nodes.debug.contains(&self.case.class) && cycles == 0 && !elsewhere {
            return self.pass(Node::Debug, &inputs, "no fault is looked for");
        }
        if triggers::escalation(cycles, &self.tuning.thresholds) || elsewhere {
            let why =
                if elsewhere { "it fails in one environment only".into() } else { format!("{cycles} cycles failed") };
            for (role, how) in [
                (ModelRole::Coder, "a second look at the code"),
                (ModelRole::Analyzer, "architecture and dependencies, reading only"),
                (ModelRole::Orchestrator, "more effort at home"),
            ] {
                let model = self.holder(role);
                self.suggest(role, model, format!("{why}: {how}"), Some(Checkpoint::DebugEscalation));
            }
        }
        let route = self.at_home(self.admitted(self.chain()), "others look for faults only where it is offered");
        Some(self.settle(Node::Debug, &inputs, route, "faults are looked for at home first"))
    }

    fn review(&mut self) -> Option<Record> {
        let (files, hits) = (self.case.files, &self.case.hits);
        let redesign = self.case.is(Trait::ArchitectureChange);
        let inputs = [
            self.class(),
            ("files", files.to_string()),
            ("security_hits", hits.len().to_string()),
            ("architecture_change", redesign.to_string()),
        ];
        if !TREE.nodes.review.contains(&self.case.class) {
            return self.pass(Node::Review, &inputs, "nothing is reviewed");
        }
        let reasons = triggers::review(files, hits, &self.tuning.thresholds);
        if !reasons.is_empty() {
            let (role, checkpoint) = match self.case.class.as_str() {
                "plan_review" => (ModelRole::Coder, Checkpoint::PlanReview),
                "pr_review" => {
                    let one = triggers::reviewer(files, hits, Override::None, &self.tuning.thresholds);
                    (one.role, Checkpoint::PrCrossReview)
                }
                _ => (ModelRole::Coder, Checkpoint::PrCrossReview),
            };
            self.suggest(role, self.holder(role), reasons.join("; "), Some(checkpoint));
        }
        if redesign {
            let why = "the architecture changes: an analysis of the whole".to_owned();
            self.suggest(ModelRole::Analyzer, self.holder(ModelRole::Analyzer), why, Some(Checkpoint::PrCrossReview));
        }
        let route = self.admitted(self.chain());
        Some(self.settle(Node::Review, &inputs, route, "the reviewer of its class"))
    }

    fn research(&mut self) -> Option<Record> {
        let web = self.case.is(Trait::NeedsWeb);
        let tokens = self.case.context_tokens;
        let inputs = [self.class(), ("needs_web", web.to_string()), ("context_tokens", tokens.to_string())];
        let large = triggers::context(tokens, &self.tuning.thresholds);
        if let Some(why) = &large {
            self.suggest(ModelRole::Analyzer, self.holder(ModelRole::Analyzer), why.clone(), None);
        }
        if web {
            let why = "it searches the web".to_owned();
            let configured = self.tuning.defaults.get("web_research").cloned();
            let first = configured.or_else(|| self.holder(ModelRole::Analyzer)).map(|model| (model, why));
            let route = self.admitted(first.into_iter().chain(self.chain()).collect());
            return Some(self.settle(Node::Research, &inputs, route, "what is on the web today is needed"));
        }
        if !TREE.nodes.research.contains(&self.case.class) {
            let outcome = if large.is_some() { "a large window is suggested" } else { "nothing is looked up" };
            return self.pass(Node::Research, &inputs, outcome);
        }
        let route = self.admitted(self.chain());
        Some(self.settle(Node::Research, &inputs, route, "looked up in the repository"))
    }

    fn disagreement(&mut self) -> Option<Record> {
        let inputs = [("disagreement", self.case.is(Trait::Disagreement).to_string())];
        if !self.case.is(Trait::Disagreement) {
            return self.pass(Node::Disagreement, &inputs, "nobody disagrees");
        }
        let why = "the repository's checks decide between the candidates; whose they are does not count";
        Some(self.end(Node::Disagreement, &inputs, Choice::Tests, Route::default(), why))
    }

    fn everything_else(&mut self) -> Record {
        let inputs = [self.class(), ("mode", self.policy.mode.name().to_owned())];
        let route = self.admitted(self.chain());
        if TREE.nodes.prototype.contains(&self.case.class) {
            let route = self.at_home(route, "a prototype leaves home on request only");
            return self.settle(Node::Default, &inputs, route, "a prototype leaves home on request only");
        }
        self.settle(Node::Default, &inputs, route, "the route of its class")
    }

    /// RTE-05's tail: the task's route, else what the work is, else the default.
    fn chain(&self) -> Vec<(ModelId, String)> {
        let class = &self.case.class;
        let needs = needs::all(self.policy, self.case);
        let words: Vec<&str> = needs.iter().map(|need| need.name()).collect();
        let able =
            needs::able(self.policy, &needs).map(|model| (model.clone(), format!("it has {}", words.join(", "))));
        let able: Vec<(ModelId, String)> = able.collect();
        let named = self.policy.routes.get(class).is_some_and(|row| match self.policy.mode {
            Mode::Assist => !row.assist.is_empty(),
            Mode::Diverse => !row.diverse.is_empty(),
        });
        let rest = route::chain(self.policy, class, Role::Worker);
        if named {
            return able.into_iter().chain(rest).collect();
        }
        let criterion = TREE.criteria.get(class).filter(|_| self.policy.mode == Mode::Diverse);
        let (role, why) = match (criterion, TREE.defaults.get(class)) {
            (Some(role), _) => (*role, format!("{class} is work for the {}", role.name())),
            (None, Some(role)) => (*role, format!("the {} does {class}", role.name())),
            (None, None) => (ModelRole::Worker, format!("no route for {class}: the worker does it")),
        };
        let holders = self.holders(role).into_iter().map(|model| (model, why.clone()));
        able.into_iter().chain(holders).chain(rest).collect()
    }

    fn class(&self) -> (&'static str, String) {
        ("class", self.case.class.to_string())
    }

    fn models(&self, fits: impl Fn(&ModelEntry) -> bool) -> impl Iterator<Item = ModelId> {
        let active = |entry: &ModelEntry| entry.lifecycle == Lifecycle::Active;
        self.policy.models.iter().filter(move |(_, entry)| active(entry) && fits(entry)).map(|(model, _)| model.clone())
    }

    /// Who holds a role: whoever is named for it, else every active model of the registry that has it.
    fn holders(&self, role: ModelRole) -> Vec<ModelId> {
        match self.tuning.roles.get(&role) {
            Some(model) => vec![model.clone()],
            None => self.models(|entry| entry.role == role).collect(),
        }
    }

    fn holder(&self, role: ModelRole) -> Option<ModelId> {
        let holders = self.holders(role).into_iter().map(|model| (model, String::new())).collect();
        self.admitted(holders).links.into_iter().next().map(|link| link.model)
    }

    fn admitted(&self, chain: Vec<(ModelId, String)>) -> Route {
        self.limited(route::admitted(self.policy, &self.case.class, chain, self.conditions))
    }

    /// A route without those whom privacy keeps out, and those who cannot do what is needed.
    fn limited(&self, route: Route) -> Route {
        let home = orchestrator::home_vendor();
        let may = |vendor: &VendorId| self.case.privacy.admits(vendor, &home);
        needs::keep(self.policy, self.case, only(route, may, "privacy: it may not see this"))
    }

    fn at_home(&self, route: Route, why: &str) -> Route {
        let home = orchestrator::home_vendor();
        only(route, |vendor| *vendor == home, why)
    }

    fn suggest(&mut self, role: ModelRole, model: Option<ModelId>, why: String, checkpoint: Option<Checkpoint>) {
        let mode = checkpoint.map_or(CheckpointMode::Ask, |checkpoint| self.tuning.checkpoint(checkpoint));
        if mode != CheckpointMode::Off {
            self.suggestions.push(Suggestion { role, model, why, checkpoint, mode });
        }
    }

    fn visit(&mut self, node: Node, inputs: Inputs<'_>, outcome: &str) {
        let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.visits.push(Visit { node, inputs, outcome: outcome.to_owned() });
    }

    fn pass(&mut self, node: Node, inputs: Inputs<'_>, outcome: &str) -> Option<Record> {
        self.visit(node, inputs, outcome);
        None
    }

    /// The first link does it; without one nobody does.
    fn settle(&mut self, node: Node, inputs: Inputs<'_>, route: Route, why: &str) -> Record {
        let choice = match route.links.first() {
            Some(link) => Choice::Model { model: link.model.clone() },
            None => {
                let reasons: Vec<String> =
                    route.skipped.iter().map(|skip| format!("{}: {}", skip.model, skip.why)).collect();
                let nobody =
                    if reasons.is_empty() { "no model is configured for it".into() } else { reasons.join("; ") };
                Choice::Refused { why: format!("{why} ({nobody})") }
            }
        };
        self.end(node, inputs, choice, route, why)
    }

    fn end(&mut self, node: Node, inputs: Inputs<'_>, choice: Choice, route: Route, why: &str) -> Record {
        self.visit(node, inputs, why);
        let access = match node {
            Node::Primary | Node::Request | Node::Default if !reads(&self.case.class) => Access::WritesOwned,
            Node::Debug if !self.case.is(Trait::EnvironmentSpecific) => Access::WritesOwned,
            Node::Privacy | Node::Primary | Node::Request | Node::Creative | Node::Debug => Access::Reads,
            Node::Review | Node::Research | Node::Disagreement | Node::Default => Access::Reads,
        };
        Record {
            class: self.case.class.clone(),
            privacy: self.case.privacy,
            mode: self.policy.mode,
            node,
            choice,
            why: why.to_owned(),
            route,
            access,
            suggestions: std::mem::take(&mut self.suggestions),
            visits: std::mem::take(&mut self.visits),
        }
    }
}

/// Whether work of this class changes nothing.
fn reads(class: &TaskClass) -> bool {
    TREE.nodes.review.contains(class) || TREE.nodes.research.contains(class)
}

fn only(route: Route, may: impl Fn(&VendorId) -> bool, why: &str) -> Route {
    let (links, out): (Vec<_>, Vec<_>) = route.links.into_iter().partition(|link| may(&link.vendor));
    let out = out.into_iter().map(|link| Skipped { model: link.model, why: why.to_owned() });
    Route { links, skipped: route.skipped.into_iter().chain(out).collect(), unusable: route.unusable }
}

//! The one question that only a person answers: which way to go on, and who would look.

use super::record::command;
use mao_core::ids::{ModelId, TaskClass};
use mao_core::run::RunState;
use mao_policy::cycle::{Cycles, Way};
use mao_policy::{Policy, orchestrator};

/// The way that an answer means.
pub(super) fn way(answer: &str) -> Option<Way> {
    match answer {
        "1" => Some(Way::AtHome),
        "2" => Some(Way::Independent),
        "3" => Some(Way::Investigation),
        _ => None,
    }
}

/// ESC-01: exactly three ways, and nothing without a person's word.
pub(super) fn offered(policy: &Policy, run: &RunState, cycles: Cycles) -> (String, Vec<String>) {
    let named = |way| outsider(policy, way).map_or_else(|| "nobody enabled".to_owned(), |model| model.to_string());
    let text = format!(
        "`{}`: {} repairs failed. 1: go on at home, differently; 2: {} looks independently; 3: {} reads the code base",
        mao_core::text::one_line(&command(run), 80),
        cycles.total,
        named(Way::Independent),
        named(Way::Investigation),
    );
    (text, ["1", "2", "3"].map(str::to_owned).to_vec())
}

/// Who looks from outside: whoever codes, or whoever analyses, first where each has its best; nobody who is not enabled.
pub(super) fn outsider(policy: &Policy, way: Way) -> Option<ModelId> {
    let class = match way {
        Way::AtHome => return None,
        Way::Independent => "code_generation",
        Way::Investigation => "structural_analysis",
    };
    let row = policy.routes.get(&TaskClass::from(class))?;
    let outside = |model: &&ModelId| {
        let entry = policy.models.get(*model);
        entry.is_some_and(|entry| {
            entry.vendor != orchestrator::home_vendor() && policy.enabled.contains(&entry.provider)
        })
    };
    row.diverse.iter().find(outside).cloned()
}
